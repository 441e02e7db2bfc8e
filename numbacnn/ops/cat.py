"""Tensors joined along an axis."""
from collections.abc import Sequence

from numbacnn.graph import Array, record


def cat_arrays(arrays: Sequence[Array], axis: int) -> Array:
    """Arrays of one shape but for that axis (0 ... ndim - 1), and of one dtype, one behind the other."""
    first = arrays[0]
    total = sum(array.shape[axis] for array in arrays)
    shape = (*first.shape[:axis], total, *first.shape[axis + 1:])
    return record("cat", tuple(arrays), ((shape, first.dtype),), (axis,))[0]
