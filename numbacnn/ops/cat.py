"""Tensors joined along an axis."""
from collections.abc import Sequence
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.graph import Array, record
from numbacnn.ops.check import any_tensor, kind
from numbacnn.ops.operands import promoted
from numbacnn.ops.shape import reshape
from numbacnn.ops.slice import slice_array


def cat_arrays(arrays: Sequence[Array], axis: int) -> Array:
    """Arrays of one shape but for that axis (0 ... ndim - 1), and of one dtype, one behind the other."""
    first = arrays[0]
    total = sum(array.shape[axis] for array in arrays)
    shape = (*first.shape[:axis], total, *first.shape[axis + 1:])
    return record("cat", tuple(arrays), ((shape, first.dtype),), (axis,))[0]


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join tensors along an axis they have: shapes are equal but for that axis.

    Parameters
    ----------
    tensors : sequence of Tensor
        One at least; they take the highest of their dtypes.
    dim : int
        The axis.
    """
    return _cat("cat", tensors_of("cat", tensors), dim)


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join tensors of one shape along a new axis. Parameters are those of `cat`."""
    given = tensors_of("stack", tensors)
    first = given[0].shape
    for i, x in enumerate(given):
        if x.shape != first:
            raise ShapeError(f"stack: shapes must be equal, got {first} and, at {i}, {x.shape}")
    a = geometry.axis("stack", len(first) + 1, dim)
    return _cat("stack", [reshape(x, (*first[:a], 1, *first[a:])) for x in given], a)


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Join tensors along their second axis, those of one axis along that. Parameters are those of `cat`."""
    given = tensors_of("hstack", tensors)
    return _cat("hstack", [reshape(x, (1,)) if x.ndim == 0 else x for x in given], 0 if given[0].ndim < 2 else 1)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Join tensors along their first axis, those of one axis as rows. Parameters are those of `cat`."""
    given = tensors_of("vstack", tensors)
    return _cat("vstack", [reshape(x, (1, -1) if x.numel() else (1, 0)) if x.ndim < 2 else x for x in given], 0)


def tensors_of(op: str, tensors: Any) -> list[Tensor]:
    """Check a list of tensors."""
    if not isinstance(tensors, list | tuple):
        raise DTypeError(f"{op}: tensors must be a list or tuple of tensors, got {kind(tensors)}")
    if not tensors:
        raise ShapeError(f"{op}: there must be one tensor at least, got none")
    for i, x in enumerate(tensors):
        any_tensor(op, f"tensors[{i}]", x)
    return list(tensors)


def _cat(op: str, tensors: list[Tensor], dim: int) -> Tensor:
    axis = geometry.cat(op, [x.shape for x in tensors], dim)
    tensors = promoted(*tensors)
    y = cat_arrays([x.array for x in tensors], axis)
    shapes, needs = [x.shape for x in tensors], [x.requires_grad for x in tensors]

    def backward(dy: Array) -> Gradients:
        dxs: list[Array | None] = []
        start, ones = 0, (1,) * len(dy.shape)
        for shape, needed in zip(shapes, needs, strict=True):
            starts = [start if a == axis else 0 for a in range(len(shape))]
            dxs.append(slice_array(dy, starts, shape, ones) if needed else None)
            start += shape[axis]
        return tuple(dxs)

    return differentiable(y, tuple(tensors), backward)
