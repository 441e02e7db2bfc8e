"""Images of another size, in floating point: each new pixel is a weighted sum of old ones, first along H, then W.

Weights are those of Pillow and, for `antialias=False`, of PyTorch: pixel i of n lies at i + 0.5 of n.
"""
import math
from functools import lru_cache

import numpy as np

from numbacnn.transforms.pillow import resize_plane

RADIUS = {"bilinear": 1.0, "bicubic": 2.0}


def resized(op: str, x: np.ndarray, size: tuple[int, int], mode: str, antialias: bool) -> np.ndarray:
    """Images (N, C, H, W) in another size, of the same dtype."""
    if x.shape[2:] == size:
        return x
    if x.dtype.kind == "f":
        wide = x.astype(np.result_type(x.dtype, np.float32))
        return resampled(wide, size, mode, antialias).astype(x.dtype, copy=False)
    if not antialias and mode != "nearest":              # Pillow cannot
        y = resampled(x.astype(np.float32), size, mode, antialias)
        return np.asarray(np.clip(np.rint(y), 0, 255)).astype(x.dtype)
    y = np.empty((*x.shape[:2], *size), x.dtype)
    for n, c in np.ndindex(*x.shape[:2]):
        y[n, c] = resize_plane(op, x[n, c], size, mode)
    return y


def resampled(x: np.ndarray, size: tuple[int, int], mode: str, antialias: bool) -> np.ndarray:
    """Arrays (..., H, W) of float32 or float64 in another size."""
    for axis, new in ((-2, size[0]), (-1, size[1])):
        old = x.shape[axis]
        if new == old:
            continue
        places, weights = taps(old, new, mode, antialias)
        y = np.zeros((*x.shape[:-2], *((new, x.shape[-1]) if axis == -2 else (x.shape[-2], new))), x.dtype)
        for place, weight in zip(places, weights, strict=True):
            weight = weight.astype(x.dtype)
            y += np.take(x, place, axis) * (weight[:, None] if axis == -2 else weight)
        x = y
    return x


@lru_cache(maxsize=64)
def taps(old: int, new: int, mode: str, antialias: bool) -> tuple[np.ndarray, np.ndarray]:
    """Which old pixels a new one reads, and with which weights: two arrays (K, new)."""
    scale = old / new
    centres = (np.arange(new) + 0.5) * scale
    if mode == "nearest":
        return np.minimum(centres.astype(np.intp), old - 1)[None], np.ones((1, new))
    stretch = max(scale, 1.0) if antialias else 1.0
    reach = RADIUS[mode] * stretch
    first = np.floor(centres - reach + 0.5)
    places = first + np.arange(math.ceil(2 * reach) + 1)[:, None]
    weights = _kernel(mode, (places + 0.5 - centres) / stretch, antialias)
    inside = (places >= 0) & (places < old)
    if antialias:                                        # what lies outside is left out; else the edge goes on
        weights = np.where(inside, weights, 0)
    return np.clip(places, 0, old - 1).astype(np.intp), weights / weights.sum(axis=0)


def _kernel(mode: str, distance: np.ndarray, antialias: bool) -> np.ndarray:
    d = np.abs(distance)
    if mode == "bilinear":
        return np.asarray(np.maximum(1 - d, 0))
    a = -0.5 if antialias else -0.75
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = (((d - 5) * d + 8) * d - 4) * a
    return np.where(d < 1, near, np.where(d < 2, far, 0))
