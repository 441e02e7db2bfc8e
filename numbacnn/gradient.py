"""Gradients as results."""
from typing import Any

import numpy as np

from numbacnn import autograd
from numbacnn.autograd import Tensor, differentiated, root, sequence
from numbacnn.engine import derivative_options, propagate, sum_of
from numbacnn.errors import GradientError, ShapeError
from numbacnn.graph import Array
from numbacnn.options import flag
from numbacnn.part import assign


def grad(outputs: Any, inputs: Any, grad_outputs: Any = None, retain_graph: bool | None = None,
         create_graph: bool = False, *, allow_unused: bool | None = None, materialize_grads: bool = False
         ) -> tuple[Tensor | None, ...]:
    """Compute the gradient of outputs with respect to inputs; nothing is added to any `grad`.

    Parameters
    ----------
    outputs : Tensor or sequence of Tensor
        What is differentiated: the sum of all.
    inputs : Tensor or sequence of Tensor
        With respect to what; tensors that were computed are allowed.
    grad_outputs : Tensor or sequence of (Tensor or None), optional
        Gradient of what is differentiated with respect to each output; one, for an output that holds one number.
    retain_graph : bool, optional
        Keep what is needed to differentiate again; else it is freed.
    create_graph : bool
        Must be False: gradients are numbers without a history.
    allow_unused : bool, optional
        Return None for inputs that outputs do not depend on, in place of an error.
    materialize_grads : bool
        Return zeros for such inputs.

    Returns
    -------
    tuple of (Tensor or None)
        One gradient for each input, in its shape.

    Raises
    ------
    GradientError
        If an output or input has no gradient, an output does not depend on it, or the graph was freed.

    Examples
    --------
    >>> import numbacnn
    >>> x = numbacnn.tensor([1.0, 2.0], requires_grad=True)
    >>> numbacnn.grad((x * x).sum(), x)
    (tensor([2., 4.]),)
    """
    retain = derivative_options("grad", retain_graph, create_graph)
    allow_unused = allow_unused is not None and flag("grad", "allow_unused", allow_unused)
    materialize_grads = flag("grad", "materialize_grads", materialize_grads)
    wanted = differentiated("grad", inputs)
    start = [root("grad", y, dy) for y, dy in _pairs(outputs, grad_outputs)]
    found: dict[Any, Array] = {}

    def deliver(x: Any, dx: Array) -> None:
        found[x] = sum_of(found[x], dx) if x in found else dx

    places = [x.node or x for x in wanted]
    propagate(start, retain, deliver, set(places))
    if materialize_grads:
        for x, place in zip(wanted, places, strict=True):
            if place not in found:
                found[place] = Array.of(np.zeros(x.shape, x.dtype), x.device)
    elif not allow_unused and not all(place in found for place in places):
        missing = [i for i, place in enumerate(places) if place not in found]
        raise GradientError(f"grad: outputs must depend on all inputs, but do not on inputs[{missing[0]}]; "
                            "allow_unused=True returns None for it")
    return tuple([Tensor(found[place]) if place in found else None for place in places])


autograd.grad = grad                                     # type: ignore[attr-defined]  # as in PyTorch


def _pairs(outputs: Any, grad_outputs: Any) -> list[tuple[Any, Any]]:
    """Each output with its gradient."""
    ys = sequence("grad", "outputs", outputs)
    if grad_outputs is None:
        return [(y, None) for y in ys]
    dys = sequence("grad", "grad_outputs", grad_outputs)
    if len(ys) != len(dys):
        raise ShapeError(f"grad: grad_outputs must be one for each output, got {len(dys)} for {len(ys)}")
    return list(zip(ys, dys, strict=True))


def forget(x: Tensor, set_to_none: bool = True) -> None:
    """Take the gradient from a tensor, or (False) make zeros of the one that is there."""
    if set_to_none:
        x._grad = None
    elif x.grad is not None:
        assign(x.grad, Array.of(np.zeros(x.shape, x.array.dtype), x.device))
