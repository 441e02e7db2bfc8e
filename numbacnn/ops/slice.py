"""Parts of tensors: slices with any start, length and step along each axis."""
from collections.abc import Sequence
from typing import Any

import numpy as np

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.backend import Device
from numbacnn.errors import ShapeError
from numbacnn.graph import Array, record
from numbacnn.ops.arrange import clone
from numbacnn.ops.check import any_tensor
from numbacnn.ops.constant import constant
from numbacnn.ops.shape import reshape, sizes_of, transpose
from numbacnn.options import whole
from numbacnn.part import Way, part_of

Sizes = Sequence[int]


def slice_array(x: Array, starts: Sizes, sizes: Sizes, steps: Sizes) -> Array:
    """The part of an array (one axis at least): so many numbers along each axis, from starts, by steps; all checked."""
    return record("slice", (x, _starts(starts, x.device)), ((tuple(sizes), x.dtype),), tuple(steps))[0]


def place_array(x: Array, starts: Sizes, shape: Sizes, steps: Sizes, value: float = 0) -> Array:
    """An array of that shape with x as the part that `slice_array` would cut out, and `value` elsewhere."""
    return record("place", (x, _starts(starts, x.device)), ((tuple(shape), x.dtype),), (*steps, value))[0]


def sliced(x: Tensor, starts: Sizes, sizes: Sizes, steps: Sizes | None = None) -> Tensor:
    """`slice_array` of a tensor, with its gradient. Keeps the starts."""
    steps = (1,) * len(starts) if steps is None else tuple(steps)
    shape, dtype, begin = x.array.shape, x.array.dtype, _starts(starts, x.device)
    y, = record("slice", (x.array, begin), ((tuple(sizes), dtype),), steps)

    def backward(dy: Array) -> Gradients:
        return record("place", (dy, begin), ((shape, dtype),), (*steps, 0))

    return differentiable(y, (x,), backward)


def placed(x: Tensor, starts: Sizes, shape: Sizes, steps: Sizes | None = None, value: float = 0) -> Tensor:
    """`place_array` of a tensor, with its gradient. Keeps the starts."""
    steps = (1,) * len(starts) if steps is None else tuple(steps)
    x_shape, dtype, begin = x.array.shape, x.array.dtype, _starts(starts, x.device)
    y, = record("place", (x.array, begin), ((tuple(shape), dtype),), (*steps, value))

    def backward(dy: Array) -> Gradients:
        return record("slice", (dy, begin), ((x_shape, dtype),), steps)

    return differentiable(y, (x,), backward)


def replaced(x: Tensor, starts: Sizes, part: Tensor, steps: Sizes) -> Tensor:
    """x, but `part` (of the same dtype) where `placed` would put it. Keeps the starts."""
    steps, dtype = tuple(steps), x.array.dtype
    shape, size, begin = x.array.shape, part.array.shape, _starts(starts, x.device)
    y, = record("replace", (begin, part.array, x.array), ((shape, dtype),), steps)
    needs = x.requires_grad, part.requires_grad

    def backward(dy: Array) -> Gradients:
        dx, dpart = None, None
        if needs[0]:
            dx, = record("replace", (begin, zeros(size, dtype, dy.device), dy), ((shape, dtype),), steps)
        if needs[1]:
            dpart, = record("slice", (dy, begin), ((size, dtype),), steps)
        return dx, dpart

    return differentiable(y, (x, part), backward)


def zeros(shape: Sizes, dtype: str, device: Device) -> Array:
    """Zeros, written when they are needed."""
    return record("expand", (constant(0, dtype, device),), ((tuple(shape), dtype),))[0]


def narrow(x: Tensor, dim: int, start: int, length: int) -> Tensor:
    """Return `length` numbers along an axis, from `start`, which may count from the end.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    dim : int
        The axis.
    start, length : int
        Where to begin, and how many.
    """
    any_tensor("narrow", "x", x)
    axis, begin = geometry.narrow(x.shape, dim, start, length)
    starts, sizes = [0] * x.ndim, list(x.shape)
    starts[axis], sizes[axis] = begin, length
    return part_of(x, sliced(x, starts, sizes), SLICED, (starts, sizes, (1,) * x.ndim))


def select(x: Tensor, dim: int, index: int) -> Tensor:
    """Return what is at one position of an axis, without that axis.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    dim : int
        The axis.
    index : int
        The position; it may count from the end.
    """
    any_tensor("select", "x", x)
    axis, place = geometry.select(x.shape, dim, index)
    starts, sizes = [0] * x.ndim, list(x.shape)
    starts[axis], sizes[axis] = place, 1
    y = reshape(sliced(x, starts, sizes), (*x.shape[:axis], *x.shape[axis + 1:]))
    return part_of(x, y, SLICED, (starts, sizes, (1,) * x.ndim))


Where = tuple[Sizes, Sizes, Sizes]                       # starts, sizes, steps


def _cut(x: Tensor, shape: tuple[int, ...], where: Where) -> Tensor:
    """What `sliced` takes, under a shape."""
    y = sliced(x, *where)
    return y if y.shape == shape else reshape(y, shape)


def _put(x: Tensor, y: Tensor, where: Where) -> Tensor:
    """x, but y, maybe under another shape, where `sliced` took it."""
    starts, sizes, steps = where
    return replaced(x, starts, y if y.shape == tuple(sizes) else reshape(y, sizes), steps)


def _join(where: Where, shape: tuple[int, ...], there: Where) -> Where | None:
    """A slice of a slice as one, though the first may have lost axes of size 1, or got some."""
    if 0 in there[1]:
        return None
    starts, sizes, steps = map(list, where)
    runs = [run for run, n in zip(zip(*there, strict=True), shape, strict=True) if n != 1]
    for a, (start, size, step) in zip([a for a, n in enumerate(sizes) if n != 1], runs, strict=True):
        starts[a], sizes[a], steps[a] = starts[a] + start * steps[a], size, steps[a] * step
    return starts, sizes, steps


SLICED = Way(_cut, _put, _join)


def flip(x: Tensor, *dims: Any) -> Tensor:
    """Return x with the numbers along some axes in the other order.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    *dims : int, or one tuple of int
        The axes.
    """
    any_tensor("flip", "x", x)
    axes = geometry.axes("flip", x.ndim, sizes_of("flip", dims))
    if not axes:
        return clone(x)
    starts = [x.shape[a] - 1 if a in axes else 0 for a in range(x.ndim)]
    return sliced(x, starts, x.shape, [-1 if a in axes else 1 for a in range(x.ndim)])


def rot90(x: Tensor, k: int = 1, dims: Any = (0, 1)) -> Tensor:
    """Turn a plane by quarters, from the first of two axes towards the second.

    Parameters
    ----------
    x : Tensor
        Any tensor.
    k : int
        How many quarters; below 0, the other way.
    dims : tuple of int
        The two axes.
    """
    any_tensor("rot90", "x", x)
    whole("rot90", "k", k)
    axes = geometry.axes("rot90", x.ndim, sizes_of("rot90", (dims,)))
    if len(axes) != 2:
        raise ShapeError(f"rot90: dims must be two axes, got {dims}")
    if k % 2 == 0:
        return flip(x, *axes) if k % 4 else clone(x)
    return flip(transpose(x, *axes), axes[0 if k % 4 == 1 else 1])


def _starts(starts: Sizes, device: Device) -> Array:
    """Starts as an array, a new one each time: equal ones must not be one array, or the plan would be another."""
    return Array.of(np.array(starts, np.int64), device)
