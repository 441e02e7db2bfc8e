"""Parts of tensors picked by indices along an axis."""
from typing import Any

import numpy as np

from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.backend import Device
from numbacnn.graph import Array, record


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
