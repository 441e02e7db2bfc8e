"""Diagonals."""

import numpy as np

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.backend import Device
from numbacnn.errors import ShapeError
from numbacnn.graph import Array
from numbacnn.known import remembered
from numbacnn.ops.check import any_tensor
from numbacnn.ops.shape import permute, reshape
from numbacnn.ops.take import assigned, taken
from numbacnn.options import whole
from numbacnn.part import Way, part_of

Where = tuple[int, int, Array]                           # rows, columns, positions in these as one axis


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
    whole("diagonal", "offset", offset)
    rows, columns = (geometry.axis("diagonal", x.ndim, dim) for dim in (dim1, dim2))
    if x.ndim < 2 or rows == columns:
        raise ShapeError(f"diagonal: dim1 and dim2 must be two axes of x, got x{x.shape}, {dim1} and {dim2}")
    h, w = x.shape[rows], x.shape[columns]
    index = _places(h, w, max(-h, min(int(offset), w)), x.device)
    where = rows, columns, index
    return part_of(x, _taken(x, (), where), _DIAGONAL, where)


def _flat(x: Tensor, rows: int, columns: int) -> Tensor:
    """x with two axes as one, the last."""
    rest = [a for a in range(x.ndim) if a not in (rows, columns)]
    return reshape(permute(x, (*rest, rows, columns)), (*[x.shape[a] for a in rest], x.shape[rows] * x.shape[columns]))


def _taken(x: Tensor, shape: tuple[int, ...], where: Where) -> Tensor:
    """The diagonal of x."""
    rows, columns, index = where
    return taken(_flat(x, rows, columns), index, x.ndim - 2)


def _put(x: Tensor, y: Tensor, where: Where) -> Tensor:
    """x with another diagonal."""
    rows, columns, index = where
    order = [*[a for a in range(x.ndim) if a not in (rows, columns)], rows, columns]
    flat = assigned(_flat(x, rows, columns), index, y, x.ndim - 2)
    return permute(reshape(flat, [x.shape[a] for a in order]), [order.index(a) for a in range(x.ndim)])


_DIAGONAL = Way(_taken, _put)


@remembered
def _places(rows: int, columns: int, offset: int, device: Device) -> Array:
    first = max(0, -offset) * columns + max(0, offset)
    length = max(0, min(rows - max(0, -offset), columns - max(0, offset)))
    return Array.of(first + np.arange(length, dtype=np.int64) * (columns + 1), device)
