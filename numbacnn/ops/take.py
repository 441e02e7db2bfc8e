"""Parts of tensors picked by indices along an axis."""
from collections.abc import Callable
from typing import Any

import numpy as np

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.backend import Device
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.graph import MAX_ELEMENTS, Array, record, too_large
from numbacnn.ops.check import any_tensor, kind
from numbacnn.ops.shape import reshape
from numbacnn.ops.slice import zeros


def take_array(x: Array, index: Array, axis: int) -> Array:
    """x at index (M), int64 and checked, along an axis 0 ... ndim - 1."""
    shape = (*x.shape[:axis], *index.shape, *x.shape[axis + 1:])
    return record("take", (x, index), ((shape, x.dtype),), (axis,))[0]


def add_at_array(dy: Array, index: Array, size: int, axis: int) -> Array:
    """The gradient of `take_array` with respect to x, which has that size along the axis: sums of dy, in turn."""
    shape = (*dy.shape[:axis], size, *dy.shape[axis + 1:])
    return record("take_backward", (dy, index), ((shape, dy.dtype),), (axis,))[0]


def taken(x: Tensor, index: Array, axis: int) -> Tensor:
    """`take_array` of a tensor, with its gradient. Keeps the index."""
    y, size = take_array(x.array, index, axis), x.array.shape[axis]

    def backward(dy: Array) -> Gradients:
        return (add_at_array(dy, index, size, axis),)

    return differentiable(y, (x,), backward)


def index_select(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """Pick positions of an axis.

    Parameters
    ----------
    x : Tensor
        Any tensor.
    dim : int
        The axis.
    index : Tensor of int64 or int32, shape (M) or ()
        Positions, checked when they are computed.

    Returns
    -------
    Tensor
        As x, but M along the axis. Keeps the index.
    """
    any_tensor("index_select", "x", x)
    index_tensor("index_select", index)
    axis = geometry.axis("index_select", x.ndim, dim)
    if index.ndim > 1 or (not x.ndim and index.numel() != 1):
        raise ShapeError(f"index_select: index must be one row of positions, got index{index.shape} for x{x.shape}")
    chosen = checked_array(index.array, x.shape[axis] if x.ndim else 1)
    if not index.ndim:
        chosen, = record("reshape", (chosen,), (((1,), "int64"),))
    return taken(x, chosen, axis) if x.ndim else reshape(taken(reshape(x, 1), chosen, 0), ())


def add_at(dy: Tensor, index: Array, size: int, axis: int) -> Tensor:
    """`add_at_array` of a tensor, with its gradient. Keeps the index."""
    def backward(dx: Array) -> Gradients:
        return (take_array(dx, index, axis),)

    return differentiable(add_at_array(dy.array, index, size, axis), (dy,), backward)


def index_tensor(op: str, index: Any, name: str = "index") -> None:
    """Check that indices are a tensor of whole numbers."""
    if not isinstance(index, Tensor) or index.array.dtype not in ("int64", "int32"):
        got = index.array.dtype if isinstance(index, Tensor) else kind(index)
        remedy = f"convert it with {name}.to(numbacnn.int64)" if isinstance(index, Tensor) else (
            "make one with numbacnn.tensor")
        raise DTypeError(f"{op}: {name} must be a Tensor of int64 or int32, got {got}; {remedy}")


def assigned(x: Tensor, index: Array, rows: Tensor, axis: int) -> Tensor:
    """x, but rows at index (M), checked, along an axis; the last of several for one place counts. Keeps the index."""
    shape, size, dtype = x.array.shape, rows.array.shape, x.array.dtype
    y, = record("assign", (index, rows.array, x.array), ((shape, dtype),), (axis,))
    needs = x.requires_grad, rows.requires_grad

    def backward(dy: Array) -> Gradients:
        dx = None
        if needs[0]:
            dx, = record("assign", (index, zeros(size, dtype, dy.device), dy), ((shape, dtype),), (axis,))
        return dx, take_array(dy, index, axis) if needs[1] else None

    return differentiable(y, (x, rows), backward)


def places(op: str, count: int, make: Callable[[], Any], device: Device) -> Array:
    """So many indices, as `make` makes them: they follow from shapes, and need no check."""
    if count > MAX_ELEMENTS:
        raise too_large(op, "an index", (count,))
    return Array.of(np.ascontiguousarray(make(), np.int64), device)


def checked_array(index: Array, size: int, negative: bool = False) -> Array:
    """The index as int64, checked when it is computed; `negative`: indices below zero count from the end."""
    return record("wrap_index", (index,), ((index.shape, "int64"),), (size, int(negative)))[0]


def known_index(op: str, index: Any, size: int, device: Device, negative: bool = False) -> Array:
    """Indices that are known here, checked here; they end in an array all the same."""
    values = np.asarray(index).astype(np.int64)
    low = -size if negative else 0
    outside = (values < low) | (values >= size)
    if outside.any():
        raise IndexError(f"{op}: index must be from {low} to {size - 1}, got {values[outside].flat[0]}")
    return Array.of(np.where(values < 0, values + size, values), device)
