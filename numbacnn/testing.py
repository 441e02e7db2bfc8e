"""Checks for people who write operations, and switches for tests."""
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from numbacnn import graph
from numbacnn.autograd import Tensor
from numbacnn.graph import thread


def check_gradients(function: Callable[..., Tensor], inputs: Sequence[Tensor], eps: float = 1e-6, rtol: float = 1e-6,
                    atol: float = 1e-8, seed: int = 0) -> None:
    """Check that the gradients of a function are the limits of its differences.

    For a random direction u of all inputs together and a random weighting v of the output, the derivative of
    <f(x + t u), v> must equal <u, gradient>: three evaluations, whatever the sizes.

    Parameters
    ----------
    function : callable
        From tensors to one tensor; it must give the same values each time.
    inputs : sequence of Tensor
        float64; those with requires_grad are checked.
    eps : float
        Step of the central difference.
    rtol, atol : float
        How far the two may differ: atol + rtol * the size of the terms that were added up.
    seed : int
        Of the random numbers.

    Raises
    ------
    AssertionError
        With both numbers, if they differ.

    References
    ----------
    The method of HIPS autograd's test_util: random projections instead of one difference per input.
    """
    rng = np.random.default_rng(seed)
    values = [x.numpy() for x in inputs]
    leaves = [Tensor(value, requires_grad=x.requires_grad) for x, value in zip(inputs, values, strict=True)]
    y = function(*leaves)
    v = rng.standard_normal(y.shape)
    y.backward(Tensor(v))
    directions = [rng.standard_normal(value.shape) if leaf.requires_grad else np.zeros(value.shape)
                  for value, leaf in zip(values, leaves, strict=True)]
    terms = [u * leaf.grad.numpy() if leaf.grad is not None else 0 * u
             for u, leaf in zip(directions, leaves, strict=True)]
    analytic = sum(float(term.sum()) for term in terms)
    sides = []
    for sign in (1, -1):
        moved = [Tensor(value + sign * eps * u if leaf.requires_grad else value)
                 for value, u, leaf in zip(values, directions, leaves, strict=True)]
        sides.append(float((function(*moved).numpy() * v).sum()))
    numeric = (sides[0] - sides[1]) / (2 * eps)
    scale = max(abs(numeric), sum(float(np.abs(term).sum()) for term in terms))
    if not abs(analytic - numeric) <= atol + rtol * scale:
        raise AssertionError(f"check_gradients: the gradient along a random direction must be {numeric:.12g} "
                             f"(central difference), got {analytic:.12g}")


@contextmanager
def settings(eager: bool | None = None, fuse: bool | None = None) -> Iterator[None]:
    """Run a block, in this thread, as NUMBACNN_EAGER and NUMBACNN_FUSE would have the whole program run.

    Parameters
    ----------
    eager : bool, optional
        Whether each operation runs directly, without a plan.
    fuse : bool, optional
        Whether plans are fused.
    """
    graph.evaluate()
    before = thread.eager, thread.fuse
    thread.eager = before[0] if eager is None else eager
    thread.fuse = before[1] if fuse is None else fuse
    try:
        yield
        graph.evaluate()
    finally:
        thread.eager, thread.fuse = before
