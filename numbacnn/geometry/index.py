"""What `x[key]` means: NumPy's rules for slices, ellipsis, new axes, and arrays of positions."""
from collections.abc import Sequence
from enum import Enum
from typing import Any, NamedTuple

from numbacnn.errors import DTypeError, ShapeError
from numbacnn.geometry.options import Shape, count
from numbacnn.options import is_integer


class Mark(Enum):
    """What stands in a key beside slices, positions and arrays."""

    NEW = "None"
    GAP = "... where it stands for no axis"




class Run(NamedTuple):
    """A slice along an axis: where it starts, how many numbers it has, how far apart."""

    start: int
    size: int
    step: int


class Layout(NamedTuple):
    """Where the axes of the result come from: what is picked takes the place of the axes `picked` of x."""

    picked: tuple[int, ...]
    order: tuple[int, ...]               # of the axes of x, so that those picked are neighbours
    merged: Shape                        # x in that order, those picked being one axis
    axis: int                            # which
    front: bool                          # whether that axis goes to the front afterwards
    shape: Shape                         # of the result


def expanded(shape: Shape, key: Sequence[Any], axes: Sequence[int]) -> list[Any]:
    """The key with as many slices as there are axes left; `axes` says of how many axes of x each part speaks."""
    used, dots = sum(axes), [i for i, part in enumerate(key) if part is Ellipsis]
    if len(dots) > 1:
        raise IndexError("index: there may be one ellipsis (...), got " + str(len(dots)))
    if used > len(shape):
        raise IndexError(f"index: x{shape} has {len(shape)} axes, got indices for {used}")
    left: list[Any] = [slice(None)] * (len(shape) - used)
    at = dots[0] if dots else len(key)
    return [*key[:at], *(left or [Mark.GAP] * len(dots)), *key[at + len(dots):]]


def run_of(part: slice, size: int) -> Run:
    """What a slice picks of an axis."""
    if not all(value is None or is_integer(value) or hasattr(value, "__index__")
               for value in (part.start, part.stop, part.step)):
        raise DTypeError(f"index: a slice is made of integers, got {part}")
    if part.step is not None and int(part.step) == 0:
        raise ShapeError(f"index: the step of a slice must not be 0, got {part}")
    start, stop, step = part.indices(size)
    return Run(start, len(range(start, stop, step)), step)


def position(value: int, shape: Shape, axis: int) -> int:
    """A position along an axis, counted from the start."""
    size = shape[axis]
    if not -size <= value < size:
        among = f"from {-size} to {size - 1}" if size else "none, the axis is empty,"
        raise IndexError(f"index: must be {among} along axis {axis} of x{shape}, got {value}")
    return value % size


def common(shapes: Sequence[Shape]) -> Shape:
    """The shape to which arrays of positions broadcast."""
    rank = max(map(len, shapes))
    columns = list(zip(*[(1,) * (rank - len(shape)) + shape for shape in shapes], strict=True))
    sizes = [{n for n in column if n != 1} or {1} for column in columns]
    if any(len(found) > 1 for found in sizes):
        raise IndexError(f"index: arrays of positions must broadcast, got shapes {', '.join(map(str, shapes))}")
    return tuple([found.pop() for found in sizes])


def layout(parts: Sequence[Any], sizes: Shape, picks: Shape) -> Layout:
    """Where everything goes: parts are Runs, Marks, or else arrays that together pick `picks`; sizes are x's."""
    arrays = [i for i, part in enumerate(parts) if not isinstance(part, Run | Mark)]
    beside = arrays[-1] - arrays[0] == len(arrays) - 1
    axes = [i for i, part in enumerate(parts) if not isinstance(part, Mark)]     # the part for each axis of x
    picked = tuple([axes.index(i) for i in arrays])
    rest = [a for a in range(len(sizes)) if a not in picked]
    joined = picked[-1] - picked[0] == len(picked) - 1
    axis = picked[0] if joined else 0
    order = (*rest[:axis], *picked, *rest[axis:])
    left, right = ([sizes[a] for a in some] for some in (rest[:axis], rest[axis:]))
    merged = (*left, count(tuple([sizes[a] for a in picked])), *right)
    before = arrays[0] if beside else 0
    kept = [sizes_of(some) for some in (parts[:before], parts[before:])]
    return Layout(picked, order, merged, axis, not beside and axis != 0, (*kept[0], *picks, *kept[1]))


def sizes_of(parts: Sequence[Any]) -> list[int]:
    """The sizes of the axes that runs and new axes give."""
    return [part.size if isinstance(part, Run) else 1 for part in parts if isinstance(part, Run) or part is Mark.NEW]
