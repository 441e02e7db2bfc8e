"""Shapes of padding."""
from collections.abc import Sequence
from typing import Any

from numbacnn.errors import DTypeError, ShapeError
from numbacnn.geometry.options import Shape
from numbacnn.options import choice, is_integer

MODES = ("constant", "reflect", "replicate", "circular")
Border = tuple[int, int]                  # before and after


def pad(x: Shape, given: Any, mode: Any) -> tuple[Border, ...]:
    """The borders of each axis: `given` lists them in pairs, from the last axis backwards."""
    choice("pad", "mode", mode, *MODES)
    if not isinstance(given, Sequence) or isinstance(given, str) or not all(map(is_integer, given)):
        raise DTypeError(f"pad: pad must be a list of integers, two for each axis from the last backwards, got "
                         f"{given!r}")
    if len(given) % 2 or len(given) > 2 * len(x):
        raise ShapeError(f"pad: pad must hold two integers for each axis from the last backwards, at most {2 * len(x)} "
                         f"for x{x}, got {tuple(given)}")
    pairs = [(int(given[i]), int(given[i + 1])) for i in range(0, len(given), 2)]
    borders = [(0, 0)] * (len(x) - len(pairs)) + pairs[::-1]
    for a, (n, (before, after)) in enumerate(zip(x, borders, strict=True)):
        if mode != "constant":
            _edges(x, mode, a, before, after)
        if n + before + after < 0 or min(n + before, n + after) < 0:
            raise ShapeError(f"pad: there are {n} numbers along axis {a} of x{x}, too few to crop {(before, after)}")
    return tuple(borders)


def _edges(x: Shape, mode: str, a: int, before: int, after: int) -> None:
    """Check that there is enough to continue with."""
    most = {"reflect": x[a] - 1, "circular": x[a], "replicate": max(before, after) if x[a] else 0}[mode]
    if max(before, after) > max(most, 0):
        raise ShapeError(f"pad: mode {mode!r} can add at most {max(most, 0)} along axis {a} of x{x}, got "
                         f"{(before, after)}")
    if min(before, after) < 0:
        raise ShapeError(f"pad: only mode 'constant' crops, got {(before, after)} for mode {mode!r}")


def crop_and_border(x: Shape, borders: Sequence[Border]) -> tuple[Shape, Shape, Shape, Shape]:
    """Where the part of x that stays begins, its size; where it begins in the result, and the size of that."""
    starts = tuple([max(0, -before) for before, _ in borders])
    sizes = tuple([n + min(0, before) + min(0, after) for n, (before, after) in zip(x, borders, strict=True)])
    there = tuple([max(0, before) for before, _ in borders])
    shape = tuple([n + before + after for n, (before, after) in zip(x, borders, strict=True)])
    return starts, sizes, there, shape
