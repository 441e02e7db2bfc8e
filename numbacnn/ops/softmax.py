"""Softmax along an axis, its logarithm, and its mirror image."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.graph import Array, record
from numbacnn.ops.check import any_tensor, floating
from numbacnn.ops.elementwise import negative
from numbacnn.ops.shape import cast


def softmax(x: Tensor, dim: int = -1, dtype: Any = None) -> Tensor:
    """Turn numbers into probabilities along an axis: exp(x) / sum of exp(x), without overflow. Keeps its output.

    Parameters
    ----------
    x : Tensor
        Any shape.
    dim : int
        The axis.
    dtype : dtype, optional
        What x becomes first.
    """
    return _along("softmax", x, dim, dtype)


def log_softmax(x: Tensor, dim: int = -1, dtype: Any = None) -> Tensor:
    """Return log(softmax(x)), which is exact where probabilities are tiny, too. Keeps its output.

    Parameters are those of `softmax`.
    """
    return _along("log_softmax", x, dim, dtype)


def softmin(x: Tensor, dim: int = -1, dtype: Any = None) -> Tensor:
    """Return softmax(-x), whose smallest numbers become the most probable ones. Keeps its output.

    Parameters are those of `softmax`.
    """
    floating("softmin", x=_in("softmin", x, dtype))
    geometry.reduce("softmin", x.shape, dim)
    return softmax(negative(_in("softmin", x, dtype)), dim)


def _along(op: str, x: Tensor, dim: int, dtype: Any) -> Tensor:
    x = _in(op, x, dtype)
    floating(op, x=x)
    geometry.reduce(op, x.shape, dim)
    numbers, spec = (geometry.axis(op, x.ndim, dim),), ((x.array.shape, x.array.dtype),)
    y, = record(op, (x.array,), spec, numbers)

    def backward(dy: Array) -> Gradients:
        return record(f"{op}_backward", (dy, y), spec, numbers)

    return differentiable(y, (x,), backward)


def _in(op: str, x: Tensor, dtype: Any) -> Tensor:
    """The tensor in a dtype, if one is wanted."""
    any_tensor(op, "x", x)
    return x if dtype is None else cast(x, dtype)
