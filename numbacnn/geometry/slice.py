"""Parts of axes: where they begin, how long they are."""
from collections.abc import Sequence
from typing import Any

from numbacnn.errors import DTypeError, ShapeError
from numbacnn.geometry.options import Shape, axis
from numbacnn.options import is_integer, whole

MOST_PARTS = 4096


def narrow(x: Shape, dim: int, start: Any, length: Any) -> tuple[int, int]:
    """The axis, and where the part of it begins."""
    a = axis("narrow", len(x), dim)
    whole("narrow", "start", start)
    whole("narrow", "length", length)
    if not x or not -x[a] <= start <= x[a]:
        raise IndexError(f"narrow: start must be from {-x[a] if x else 0} to {x[a] if x else 0} along dim {dim} of "
                         f"x{x}, got {start}")
    begin = int(start) + (x[a] if start < 0 else 0)
    if length < 0 or begin + length > x[a]:
        raise ShapeError(f"narrow: length must be from 0 to {x[a] - begin} from start {start} along dim {dim} of x{x}, "
                         f"got {length}")
    return a, begin


def select(x: Shape, dim: int, index: Any) -> tuple[int, int]:
    """The axis, and the position."""
    a = axis("select", len(x), dim)
    whole("select", "index", index)
    if not x:
        raise ShapeError("select: x must have axes, got a single number")
    if not -x[a] <= index < x[a]:
        raise IndexError(f"select: index must be from {-x[a]} to {x[a] - 1} along dim {dim} of x{x}, got {index}")
    return a, int(index) % x[a]


def axes(op: str, rank: int, dims: Sequence[int]) -> tuple[int, ...]:
    """Several axes, each named once."""
    found = tuple([axis(op, rank, dim) for dim in dims])
    if len(set(found)) != len(found):
        raise ShapeError(f"{op}: each axis may be named once, got {tuple(dims)}")
    return found


def split(x: Shape, dim: int, sizes: Any) -> tuple[int, tuple[int, ...]]:
    """The axis, and the lengths of the parts: equal ones, the last one maybe shorter, or as listed."""
    a = axis("split", len(x), dim)
    if not x:
        raise ShapeError("split: x must have axes, got a single number")
    if is_integer(sizes):
        if sizes < 0 or (sizes == 0 and x[a]):
            raise ShapeError(f"split: the length of a part must be positive, got {sizes}")
        parts = max(1, -(-x[a] // sizes)) if sizes else 1
        return a, tuple([min(int(sizes), x[a] - i * int(sizes)) for i in range(parts)])
    if not isinstance(sizes, Sequence) or isinstance(sizes, str) or not all(map(is_integer, sizes)):
        raise DTypeError(f"split: sizes must be an integer, or a list of integers, got {sizes!r}")
    if any(n < 0 for n in sizes) or sum(sizes) != x[a]:
        raise ShapeError(f"split: sizes must be lengths that add up to {x[a]} along dim {dim} of x{x}, got "
                         f"{tuple(sizes)}")
    return a, tuple([int(n) for n in sizes])


def chunk(x: Shape, dim: int, chunks: Any) -> tuple[int, tuple[int, ...]]:
    """The same for so many parts at most, all but the last of one length."""
    a = axis("chunk", len(x), dim)
    whole("chunk", "chunks", chunks)
    if not x or chunks < 1:
        raise ShapeError(f"chunk: x must have axes, and chunks be positive, got x{x}, chunks={chunks}")
    if x[a]:
        return split(x, a, -(-x[a] // chunks))
    few_parts("chunk", chunks, 0)
    return a, (0,) * int(chunks)


def few_parts(op: str, parts: int, size: int) -> None:
    """Check that there are not many more parts than numbers: all of these are empty."""
    if parts > max(size, MOST_PARTS):
        raise ShapeError(f"{op}: there may be at most {max(size, MOST_PARTS)} parts of {size} numbers, got {parts}")


def tensor_split(x: Shape, dim: int, given: Any) -> tuple[int, tuple[int, ...]]:
    """The same for so many parts, the first of which are longer by one; or for positions where to cut."""
    op = "tensor_split"
    a = axis(op, len(x), dim)
    if not x:
        raise ShapeError(f"{op}: x must have axes, got a single number")
    if is_integer(given):
        if given < 1:
            raise ShapeError(f"{op}: there must be one part at least, got {given}")
        few_parts(op, given, x[a])
        return a, tuple([x[a] // given + (i < x[a] % given) for i in range(given)])
    if not isinstance(given, Sequence) or isinstance(given, str) or not all(map(is_integer, given)):
        raise DTypeError(f"{op}: give a number of parts, or a list of positions, got {given!r}")
    cuts = [slice(0, place).indices(x[a])[1] for place in given]
    return a, tuple([max(0, end - begin) for begin, end in zip([0, *cuts], [*cuts, x[a]], strict=True)])
