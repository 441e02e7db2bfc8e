"""How options are read: one integer or several, axes, counts."""
from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from typing import Any, TypeVar

from numbacnn.errors import DTypeError, ShapeError
from numbacnn.options import is_integer

Shape = tuple[int, ...]
Pair = tuple[int, int]
Numbers = tuple[int, ...]
Geometry = tuple[Shape, Numbers]

Rule = TypeVar("Rule", bound=Callable[..., Any])

MOST = 2**31 - 1          # of an option: kernels reckon with products of two
SEVERAL = {1: "one in a tuple (length,)", 2: "a pair of integers (height, width)",
           3: "three integers (depth, height, width)"}


def cached(rule: Rule) -> Rule:
    """Remember the answers of a rule."""
    remembered = lru_cache(maxsize=4096, typed=True)(rule)

    @wraps(rule)
    def ask(*arguments: Any) -> Any:
        try:
            return remembered(*arguments)
        except TypeError:                               # a list cannot be remembered; and what is wrong raises again
            return rule(*arguments)

    return ask  # type: ignore[return-value]


def pair(op: str, name: str, value: Any, least: int = 0) -> Pair:
    """Read an option given as one integer, or as two: (height, width)."""
    first, second = several(op, name, value, 2, least)
    return first, second


def several(op: str, name: str, value: Any, axes: int, least: int = 0) -> Shape:
    """Read an option given as one integer, or as one for each axis of an image."""
    values = (value,) * axes if is_integer(value) else value
    if not (isinstance(values, Sequence) and len(values) == axes and all(is_integer(v) for v in values)):
        raise DTypeError(f"{op}: {name} must be an integer or {SEVERAL[axes]}, got {value!r}")
    if min(values) < least:
        raise ShapeError(f"{op}: {name} must be at least {least}, got {value!r}")
    if max(values) > MOST:
        raise ShapeError(f"{op}: {name} must be at most {MOST}, got {value!r}")
    return tuple([int(v) for v in values])


def axis(op: str, rank: int, dim: int) -> int:
    """The index of an axis that may be counted from the end."""
    if not is_integer(dim):
        raise DTypeError(f"{op}: dim must be an integer, got {dim!r}")
    places = max(rank, 1)                                # a single number counts as a row of one, as in PyTorch
    if not -places <= dim < places:
        raise ShapeError(f"{op}: dim must be from {-places} to {places - 1} for {rank} axes, got {dim}")
    return dim % rank if rank else 0


def count(shape: Shape) -> int:
    """How many elements an array of that shape has."""
    size = 1
    for n in shape:
        size *= n
    return size
