"""Diagonals."""
from functools import lru_cache

import numpy as np

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.backend import Device
from numbacnn.errors import ShapeError
from numbacnn.graph import Array
from numbacnn.ops.check import any_tensor
from numbacnn.ops.shape import permute, reshape
from numbacnn.ops.take import taken


def diagonal(x: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """Return a diagonal of two axes, as the last axis of the result.

    Parameters
    ----------
    x : Tensor
        Two axes at least.
    offset : int
        How far to the right of the main diagonal; negative: below it.
    dim1, dim2 : int
        The axes: rows and columns.
    """
    any_tensor("diagonal", "x", x)
    geometry.whole("diagonal", offset=offset)
    rows, columns = (geometry.axis("diagonal", x.ndim, dim) for dim in (dim1, dim2))
    if x.ndim < 2 or rows == columns:
        raise ShapeError(f"diagonal: dim1 and dim2 must be two axes of x, got x{x.shape}, {dim1} and {dim2}")
    rest = [a for a in range(x.ndim) if a not in (rows, columns)]
    h, w = x.shape[rows], x.shape[columns]
    flat = reshape(permute(x, (*rest, rows, columns)), (*[x.shape[a] for a in rest], h * w))
    return taken(flat, _places(h, w, max(-h, min(int(offset), w)), x.device), len(rest))


@lru_cache(maxsize=64)
def _places(rows: int, columns: int, offset: int, device: Device) -> Array:
    first = max(0, -offset) * columns + max(0, offset)
    length = max(0, min(rows - max(0, -offset), columns - max(0, offset)))
    return Array.of(first + np.arange(length, dtype=np.int64) * (columns + 1), device)
