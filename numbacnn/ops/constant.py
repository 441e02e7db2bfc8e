"""Arrays that never change: made once, found again by a loop that needs them again."""
from math import copysign
from typing import Any

import numpy as np

from numbacnn.backend import Device
from numbacnn.graph import Array, record
from numbacnn.known import remembered


def constant(value: Any, dtype: str, device: Device) -> Array:
    """A number as an array."""
    return _constant(value, copysign(1, value), dtype, device)     # 0.0 and -0.0 are equal, and not the same


@remembered
def _constant(value: Any, sign: float, dtype: str, device: Device) -> Array:
    return Array.of(np.asarray(value, dtype), device)


def no_gradient(dy: Array) -> list[Array]:
    """The gradient of the only input of what does not depend on it: 0 everywhere."""
    return record("expand", (constant(0.0, dy.dtype, dy.device),), ((dy.shape, dy.dtype),))


@remembered
def no_bias(channels: int | tuple[int, ...], dtype: str, device: Device) -> Array:
    """The bias of a layer that has none: zeros."""
    return Array.of(np.zeros(channels, dtype), device)
