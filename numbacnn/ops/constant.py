"""Arrays that never change: made once, found again by a loop that needs them again."""
from functools import lru_cache
from math import copysign
from typing import Any

import numpy as np

from numbacnn.backend import Device
from numbacnn.graph import Array


def constant(value: Any, dtype: str, device: Device) -> Array:
    """A number as an array."""
    return _constant(value, copysign(1, value), dtype, device)     # 0.0 and -0.0 are equal, and not the same


@lru_cache(maxsize=256, typed=True)
def _constant(value: Any, sign: float, dtype: str, device: Device) -> Array:
    return Array.of(np.asarray(value, dtype), device)


@lru_cache(maxsize=256)
def no_bias(channels: int | tuple[int, ...], dtype: str, device: Device) -> Array:
    """The bias of a layer that has none: zeros."""
    return Array.of(np.zeros(channels, dtype), device)


@lru_cache(maxsize=256)
def ones(shape: tuple[int, ...], dtype: str, device: Device) -> Array:
    """The weight of a layer that has none."""
    return Array.of(np.ones(shape, dtype), device)
