"""Shapes of normalisation."""
from collections.abc import Sequence
from typing import Any

from numbacnn.errors import DTypeError, ShapeError
from numbacnn.geometry.options import Shape, cached, count
from numbacnn.options import is_integer, whole

Parameters = tuple[tuple[str, Shape], ...]


@cached
def batch_norm(x: Shape, parameters: Parameters, training: bool) -> int:
    """How many values each channel of x (N, C, ...) has: in training not a single one."""
    _of_channels("batch_norm", x, parameters, "(N, C) or (N, C, ...)")
    values = count((x[0], *x[2:]))
    if training and values == 1:
        raise ShapeError(f"batch_norm: training needs at least 2 values per channel, got {values} in x{x}; "
                         "call eval(), or use larger batches")
    return values


@cached
def instance_norm(x: Shape, parameters: Parameters, training: bool) -> int:
    """How many values each channel of an image has: not a single one, if they are normalised by their statistics."""
    _of_channels("instance_norm", x, parameters, "(N, C, ...)")
    values = count(x[2:])
    if training and values == 1:
        raise ShapeError(f"instance_norm: there must be at least 2 values per channel of an image, got {values} in "
                         f"x{x}")
    return values


@cached
def group_norm(x: Shape, num_groups: Any, parameters: Parameters) -> None:
    """Check that the channels of x (N, C, ...) make so many groups."""
    whole("group_norm", "num_groups", num_groups, 1)
    _of_channels("group_norm", x, parameters, "(N, C, ...)")
    if x[1] % num_groups:
        raise ShapeError(f"group_norm: num_groups={num_groups} must divide the {x[1]} channels of x{x}")
    if x[0] * x[1] // num_groups * count(x[2:]) == 1:
        raise ShapeError(f"group_norm: there must be at least 2 values in a group, got 1 in x{x} with "
                         f"num_groups={num_groups}")


def sizes(op: str, normalized_shape: Any) -> Shape:
    """Read the last axes of x that are normalised together: one size, or several."""
    found = (normalized_shape,) if is_integer(normalized_shape) else normalized_shape
    if not (isinstance(found, Sequence) and not isinstance(found, str) and all(is_integer(n) for n in found)):
        raise DTypeError(f"{op}: normalized_shape must be an integer or several, got {normalized_shape!r}")
    if not found or min(found) < 0:
        raise ShapeError(f"{op}: normalized_shape must name one size at least, none of them negative, got "
                         f"{normalized_shape!r}")
    return tuple([int(n) for n in found])


@cached
def layer_norm(op: str, x: Shape, normalized_shape: Any, parameters: Parameters) -> tuple[Shape, Shape]:
    """How the kernel sees x and its parameters: as rows (R, D) and (D), or as images and (1, C, H, W)."""
    last = sizes(op, normalized_shape)
    if x[max(len(x) - len(last), 0):] != last:
        raise ShapeError(f"{op}: x must end in normalized_shape {last}, got x{x}")
    for name, shape in parameters:
        if shape != last:
            raise ShapeError(f"{op}: {name} must be {last} as normalized_shape is, got {name}{shape}")
    if len(x) == 4 and len(last) == 3:
        return x, (1, *last)
    return (count(x[:len(x) - len(last)]), count(last)), (count(last),)


@cached
def local_response_norm(x: Shape, size: Any) -> tuple[Shape, int, int]:
    """How the kernel sees x: as images; and how far a window goes before and after a channel, inside x or near it."""
    whole("local_response_norm", "size", size, 1)
    if len(x) < 3:
        raise ShapeError(f"local_response_norm: x must be (N, C, ...) with 3 axes at least, got x{x}")
    seen = x if len(x) == 4 else (*x[:2], count(x[2:]), 1)
    return seen, min(int(size) // 2, x[1]), min((int(size) - 1) // 2, x[1])


def _of_channels(op: str, x: Shape, parameters: Parameters, letters: str) -> None:
    if len(x) < 2:
        raise ShapeError(f"{op}: x must be {letters}, got x{x}")
    for name, shape in parameters:
        if shape != x[1:2]:
            raise ShapeError(f"{op}: x has {x[1]} channels, {name} must be ({x[1]},), got {name}{shape}")
