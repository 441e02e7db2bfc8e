"""Parts of tensors: slices with any start, length and step along each axis."""
from collections.abc import Sequence

import numpy as np

from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.backend import Device
from numbacnn.graph import Array, record

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


def _starts(starts: Sizes, device: Device) -> Array:
    """Starts as an array, a new one each time: equal ones must not be one array, or the plan would be another."""
    return Array.of(np.array(starts, np.int64), device)
