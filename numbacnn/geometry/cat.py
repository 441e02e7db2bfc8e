"""Shapes of what is joined."""
from collections.abc import Sequence

from numbacnn.errors import ShapeError
from numbacnn.geometry.options import Shape, axis


def cat(op: str, shapes: Sequence[Shape], dim: int) -> int:
    """The axis along which all may differ."""
    first = shapes[0]
    if not first:
        raise ShapeError(f"{op}: tensors must have axes, got a single number; use stack")
    a = axis(op, len(first), dim)
    for i, shape in enumerate(shapes):
        if len(shape) != len(first) or any(n != m for b, (n, m) in enumerate(zip(first, shape, strict=True)) if b != a):
            raise ShapeError(f"{op}: shapes must be equal but for dim {dim}, got {first} and, at {i}, {shape}")
    return a
