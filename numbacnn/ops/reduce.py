"""Reductions over axes."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.graph import Array, record
from numbacnn.ops.check import FLOATING, any_tensor, floating
from numbacnn.ops.constant import constant


def sum(x: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Add up over axes.

    Parameters
    ----------
    x : Tensor
        Numbers. Integers are added as int64.
    dim : int or tuple of int, optional
        The axes; by default all.
    keepdim : bool
        Whether to keep the reduced axes, with size 1.
    """
    any_tensor("sum", "x", x)
    if x.array.dtype not in FLOATING:
        x = x.to("int64")
    return _sum("sum", x, dim, keepdim, mean=False)


def mean(x: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Take the mean over axes. Parameters are those of `sum`; floating point only."""
    floating("mean", x=x)
    return _sum("mean", x, dim, keepdim, mean=True)


def argmax(x: Tensor, dim: int | None = None) -> Tensor:
    """Return the index of the first maximum along an axis, or in all, as int64; NaN counts as the largest."""
    any_tensor("argmax", "x", x)
    if x.array.dtype == "bool":
        raise DTypeError("argmax: x must be numbers, got bool")
    if dim is None:
        return argmax(x.reshape(-1), 0)
    if x.ndim == 0:
        raise ShapeError("argmax: x must have axes, got a single number")
    _, shape, terms = geometry.reduce("argmax", x.shape, dim)
    if terms == 0:
        raise ShapeError(f"argmax: the axis must not be empty, got x{x.shape}, dim={dim}")
    y, = record("argmax", (x.array,), ((shape, "int64"),), (geometry.axis("argmax", x.ndim, dim),))
    return Tensor(y)


def _sum(op: str, x: Tensor, dim: Any, keepdim: bool, mean: bool) -> Tensor:
    kept, dropped, terms = geometry.reduce(op, x.shape, tuple(dim) if isinstance(dim, list) else dim)
    x_data = x.array
    x_shape, dtype, divisor = x_data.shape, x_data.dtype, float(terms if mean else 1)
    y, = record("sum", (x_data,), ((kept, dtype),), (divisor,))
    if not keepdim and dropped != kept:
        y, = record("reshape", (y,), ((dropped, dtype),))

    def backward(dy: Array) -> Gradients:
        if dy.shape != kept:
            dy, = record("reshape", (dy,), ((kept, dtype),))
        if divisor != 1:
            dy, = record("divide", (dy, constant(divisor, dtype, dy.device)), ((kept, dtype),))
        return record("expand", (dy,), ((x_shape, dtype),))

    return differentiable(y, (x,), backward)
