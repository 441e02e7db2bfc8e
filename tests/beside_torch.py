"""Functions beside PyTorch's: what both give, and their gradients. Files that import this are skipped without it."""
from typing import NamedTuple

import numpy as np
import pytest

import numbacnn as nb

torch = pytest.importorskip("torch", reason="needs the extra `oracle`")


class Found(NamedTuple):
    """What a function gave, as arrays: its results, gradients of inputs, and all inputs afterwards."""

    values: list
    gradients: list
    inputs: list


def ours(x, wanted=True):
    return nb.tensor(x, requires_grad=wanted)


def theirs(x, wanted=True):
    return torch.tensor(x, requires_grad=wanted)


def differentiated(function, make, arrays, constants=()):
    """Call a function on what `make` makes of arrays, and differentiate its first result.

    Arrays of floating point want a gradient, but for those at the positions `constants`. What is no array is handed on.
    """
    given = [make(x, x.dtype.kind == "f" and n not in constants) if isinstance(x, np.ndarray | np.generic) else x
             for n, x in enumerate(arrays)]
    y = function(*given)
    results = y if isinstance(y, tuple | list) else [y]
    if results[0].requires_grad:
        dy = np.random.default_rng(1).standard_normal(tuple(results[0].shape))
        results[0].backward(make(dy.astype(results[0].detach().numpy().dtype), False))
    tensors = [x for x in given if hasattr(x, "detach")]
    return Found([each.detach().numpy() for each in results],
                 [None if x.grad is None else x.grad.numpy() for x in tensors if x.requires_grad],
                 [x.detach().numpy() for x in tensors])


def compare(mine, yours, *arrays, constants=(), tolerance=1e-10):
    """Compare a function of ours with PyTorch's: shapes, dtypes and numbers of all that is found."""
    assert_same(differentiated(mine, ours, arrays, constants), differentiated(yours, theirs, arrays, constants),
                tolerance)


def assert_same(got, right, tolerance=1e-10):
    """Compare two `Found`; where a whole number became a float32, its rounding is allowed."""
    for what, have, want in zip(Found._fields, got, right, strict=True):
        assert len(have) == len(want), what
        for one, other in zip(have, want, strict=True):
            if other is None and one is None:
                continue
            if other is None:                            # PyTorch's none is as good as zero
                other = np.zeros_like(one)
            allowed = max(tolerance, 1e-6) if other.dtype == np.float32 else tolerance
            np.testing.assert_allclose(one, other, rtol=allowed, atol=allowed, err_msg=what, strict=True)
