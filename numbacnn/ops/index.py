"""`x[key]` and `x[key] = value`, as in NumPy: slices, positions, None, ..., arrays of positions, masks."""
from collections.abc import Iterator
from typing import Any, NamedTuple
from weakref import ref

import numpy as np

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.dtypes import FLOATING
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.geometry import count
from numbacnn.geometry.index import Layout, Mark, Run
from numbacnn.graph import Array
from numbacnn.ops.arrange import clone
from numbacnn.ops.check import kind
from numbacnn.ops.elementwise import add, in_place, multiply
from numbacnn.ops.operands import tensor_like
from numbacnn.ops.shape import cast, expand, permute, reshape
from numbacnn.ops.slice import SLICED, replaced, sliced
from numbacnn.ops.split import unbind
from numbacnn.ops.take import assigned, checked_array, known_index, taken
from numbacnn.ops.view import RESHAPED
from numbacnn.options import is_integer
from numbacnn.part import check_leaf, part_of, unchanged


class Selection(NamedTuple):
    """What a key picks: runs along all axes first; then positions of some, as one index of these together."""

    starts: list[int]
    sizes: list[int]
    steps: list[int]
    places: Array | None
    layout: Layout | None
    shape: tuple[int, ...]               # of the result

    def cuts(self, shape: tuple[int, ...]) -> bool:
        """Whether the runs leave anything out, or turn it round."""
        return tuple(self.sizes) != shape or any(step < 0 for step in self.steps)


def getitem(x: Tensor, key: Any) -> Tensor:
    """Return x[key]; several arrays of positions broadcast, and go where NumPy has them. See `Tensor`.

    It holds a copy. Without arrays of positions and masks it is a part: what is written to it is written to x, too.
    """
    chosen = _selection(x, key)
    if chosen.layout is None:
        if not chosen.cuts(x.shape):
            return part_of(x, clone(x) if chosen.shape == x.shape else reshape(x, chosen.shape), RESHAPED)
        y = sliced(x, chosen.starts, chosen.sizes, chosen.steps)
        return part_of(x, y if y.shape == chosen.shape else reshape(y, chosen.shape), SLICED, chosen[:3])
    if chosen.cuts(x.shape):
        x = sliced(x, chosen.starts, chosen.sizes, chosen.steps)
    if chosen.places is not None:
        x = taken(_joined(x, chosen.layout), chosen.places, chosen.layout.axis)
        if chosen.layout.front:
            x = permute(x, _to_front(x.ndim, chosen.layout.axis))
    return x if x.shape == chosen.shape else reshape(x, chosen.shape)


def setitem(x: Tensor, key: Any, value: Any) -> None:
    """Give x the value it has but for x[key], which is `value`: other tensors of the same values do not change.

    The value is broadcast, and takes the dtype of x.
    """
    def index(x: Tensor, value: Any) -> Tensor:
        return _with_part(x, _selection(x, key), _value(x, value))

    if not _there(x, key, value):
        in_place(index)(x, value)


def _there(x: Tensor, key: Any, value: Any) -> bool:
    """Whether x[key] is the value already: `x[0] += 1` wrote to the part that it took, and assigns that part now."""
    if not isinstance(value, Tensor) or value.owner is None or value.owner[2] is not SLICED:
        return False
    check_leaf("index", x)
    base, _, _, where = value.owner
    return (base is x or (type(base) is ref and base() is x)) and unchanged(value, x) and (
        value.node is not None or not value.requires_grad) and _selection(x, key)[:3] == where


def iterate(x: Tensor) -> Iterator[Tensor]:
    """Iterate over the first axis."""
    if not x.ndim:
        raise DTypeError("iter: a tensor without axes has nothing to iterate over; use item()")
    return iter(unbind(x))


def contains(x: Tensor, value: Any) -> bool:
    """Return whether any number of x equals the value, which is computed now."""
    if not isinstance(value, Tensor | int | float | np.number | np.bool_):
        raise DTypeError(f"in: a tensor holds numbers, got {kind(value)}")
    return bool((x.numpy() == (value.numpy() if isinstance(value, Tensor) else value)).any())


def as_position(x: Tensor) -> int:
    """Return the only number of a tensor of whole numbers: what `range`, slices and lists ask for."""
    if x.array.dtype not in ("int64", "int32", "uint8") or x.numel() != 1:
        raise DTypeError(f"index: only a tensor of one whole number is a position, got {x.array.dtype}{x.shape}")
    return int(x.item())


# --- reading a key -----------------------------------------------------------------------------------------------

def _selection(x: Tensor, key: Any) -> Selection:
    parts = _parts(x.shape, key)
    axis, starts, sizes, steps = 0, [], [], []
    several = any(isinstance(part, np.ndarray | Tensor) for part in parts)
    for i, part in enumerate(parts):
        if isinstance(part, Mark):
            continue
        run = Run(0, x.shape[axis], 1)
        if isinstance(part, slice):
            parts[i] = run = geometry.run_of(part, x.shape[axis])
        elif isinstance(part, int):
            place = geometry.position(part, x.shape, axis)
            parts[i] = np.array(place)                   # one of the arrays, where there are others
            run = run if several else Run(place, 1, 1)
        starts.append(run.start)
        sizes.append(run.size)
        steps.append(run.step)
        axis += 1
    if several:
        index, layout = _picked(x, parts, tuple(sizes))
        return Selection(starts, sizes, steps, index, layout, layout.shape)
    return Selection(starts, sizes, steps, None, None, tuple(geometry.sizes_of(parts)))


def _parts(shape: tuple[int, ...], key: Any) -> list[Any]:
    """The key as a list: slices, integers, arrays or tensors of whole numbers, marks; each of one axis, or none."""
    key = [_array(part) if isinstance(part, list | np.ndarray | np.generic | Tensor) else part
           for part in (key if isinstance(key, tuple) else (key,))]
    axes = [part.ndim if _is_mask(part) else 0 if part is None or part is Ellipsis else 1 for part in key]
    parts, axis = [], 0
    for part in geometry.expanded(shape, key, axes):
        if _is_mask(part):
            parts += _positions(part, shape, axis)
            axis += part.ndim
        elif part is None or isinstance(part, Mark):
            parts.append(part or Mark.NEW)
        elif isinstance(part, slice | np.ndarray | Tensor) or is_integer(part):
            parts.append(int(part) if is_integer(part) else part)
            axis += 1
        else:
            raise DTypeError(f"index: a key is made of integers, slices, None, ... and tensors, arrays or lists of "
                             f"whole numbers or bool, got {part!r}")
    return parts


def _array(part: Any) -> Any:
    """An array, list or tensor of a key, its dtype checked; masks are computed."""
    if isinstance(part, Tensor):
        if part.array.dtype in ("int64", "int32"):
            return part
        part = part.numpy() if part.array.dtype == "bool" else part
    else:
        try:
            part = np.asarray(part)
        except ValueError:
            raise DTypeError("index: a list of positions must be a regular array of whole numbers") from None
        if part.dtype.kind in "iu" or (part.size == 0 and part.dtype.kind == "f"):      # [] is float64 to NumPy
            part = part.astype(np.int64)
    if isinstance(part, np.ndarray) and part.dtype.kind in "ib":
        return int(part) if part.dtype.kind == "i" and not part.ndim else part
    dtype = part.array.dtype if isinstance(part, Tensor) else part.dtype
    raise DTypeError(f"index: arrays of positions must be int64 or int32, masks bool, got {dtype}; convert with "
                     ".to(numbacnn.int64), or compare: x != 0")


def _is_mask(part: Any) -> bool:
    return isinstance(part, np.ndarray) and part.dtype == np.bool_


def _positions(mask: np.ndarray, shape: tuple[int, ...], axis: int) -> list[Any]:
    """Where a mask is true: an array of positions for each of its axes."""
    if mask.ndim == 0:
        raise DTypeError("index: a single bool picks no axis; use a mask of the shape of x, or None")
    covered = shape[axis:axis + mask.ndim]
    if covered != mask.shape:
        raise IndexError(f"index: a mask must have the shape of the axes it covers, {covered} of x{shape}, "
                         f"got {mask.shape}")
    return list(mask.nonzero())


def _picked(x: Tensor, parts: list[Any], sizes: tuple[int, ...]) -> tuple[Array, Layout]:
    """All arrays of positions as one, flat, and where what it picks goes."""
    arrays = [part for part in parts if isinstance(part, np.ndarray | Tensor)]
    picks = geometry.common([part.shape for part in arrays])
    layout = geometry.layout(parts, sizes, picks)
    spans = [sizes[a] for a in layout.picked]
    known = [part for part in arrays if isinstance(part, np.ndarray)]
    if len(known) == len(arrays):
        checked = [_wrapped(part, span) for part, span in zip(known, spans, strict=True)]
        flat = checked[0] if len(checked) == 1 else np.ravel_multi_index(
            [np.broadcast_to(part, picks) for part in checked], spans) if count(picks) else np.zeros(0, np.int64)
        return Array.of(np.ascontiguousarray(flat, np.int64).reshape(-1), x.device), layout
    index: Tensor | None = None
    for part, span in zip(arrays, spans, strict=True):
        here = Tensor(checked_array(part.array, span, True) if isinstance(part, Tensor)
                      else known_index("index", part, span, x.device, True))
        index = here if index is None else add(multiply(index, span), here)
    assert index is not None
    if index.shape != picks:
        index = expand(index, picks)
    return (index if index.ndim == 1 else reshape(index, -1)).array, layout


def _wrapped(positions: np.ndarray, size: int) -> np.ndarray:
    """Positions counted from the start."""
    outside = (positions < -size) | (positions >= size)
    if outside.any():
        raise IndexError(f"index: must be from {-size} to {size - 1}, got {positions[outside].flat[0]}")
    return np.where(positions < 0, positions + size, positions)


# --- arranging what is picked ------------------------------------------------------------------------------------

def _joined(x: Tensor, layout: Layout) -> Tensor:
    """x with the axes that are picked as one."""
    if layout.order != tuple(range(x.ndim)):
        x = permute(x, layout.order)
    return x if x.shape == layout.merged else reshape(x, layout.merged)


def _to_front(rank: int, axis: int) -> tuple[int, ...]:
    return axis, *[a for a in range(rank) if a != axis]


def _with_part(x: Tensor, chosen: Selection, value: Tensor) -> Tensor:
    """x with another value where the selection is."""
    if len(value.shape) > len(chosen.shape):             # NumPy drops axes of size 1 in front
        extra = len(value.shape) - len(chosen.shape)
        value = reshape(value, value.shape[extra:]) if count(value.shape[:extra]) == 1 else value
    try:
        value = value if value.shape == chosen.shape else _broadcast(value, chosen.shape)
    except ShapeError:
        raise ShapeError(f"index: the value must broadcast to {chosen.shape}, which the key picks of x{x.shape}, got "
                         f"{value.shape}") from None
    cuts = chosen.cuts(x.shape)
    if chosen.layout is not None and chosen.places is not None:
        part = sliced(x, chosen.starts, chosen.sizes, chosen.steps) if cuts else x
        value = _assigned(part, chosen.layout, chosen.places, value)
        if not cuts:
            return value
    value = value if value.shape == tuple(chosen.sizes) else reshape(value, tuple(chosen.sizes))
    return replaced(x, chosen.starts, value, chosen.steps)


def _broadcast(value: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The value in a shape, which may have more axes than kernels take: those of size 1 are not shown to them."""
    padded = (1,) * (len(shape) - value.ndim) + value.shape
    kept = [axis for axis, size in enumerate(shape) if not size == padded[axis] == 1]
    if len(kept) == len(shape) or len(shape) < value.ndim:
        return expand(value, shape)
    return reshape(expand(reshape(value, tuple([padded[a] for a in kept])), tuple([shape[a] for a in kept])), shape)


def _assigned(x: Tensor, layout: Layout, index: Array, value: Tensor) -> Tensor:
    """x with rows of the value where the index is: arranged as for picking, and back."""
    joined, (picks,), axis = _joined(x, layout), index.shape, layout.axis
    rows = [*joined.shape[:axis], picks, *joined.shape[axis + 1:]]
    if layout.front:
        value = reshape(value, (picks, *rows[:axis], *rows[axis + 1:]))
        value = permute(value, (*range(1, axis + 1), 0, *range(axis + 1, len(rows))))
    y = assigned(joined, index, value if list(value.shape) == rows else reshape(value, rows), axis)
    y = reshape(y, tuple([x.shape[a] for a in layout.order])) if y.ndim != x.ndim else y
    back = tuple([layout.order.index(a) for a in range(x.ndim)])
    return y if back == tuple(range(x.ndim)) else permute(y, back)


def _value(x: Tensor, value: Any) -> Tensor:
    """What is assigned, in the dtype of x."""
    if isinstance(value, list | tuple):
        value = np.asarray(value)
        value = value.astype(np.float32) if value.dtype == np.float64 else value
    if isinstance(value, np.ndarray) and value.dtype == np.float64 and x.array.dtype in ("float32", "bfloat16"):
        value = value.astype(np.float32)
    value = value if isinstance(value, Tensor) else tensor_like("index", value, x)
    if value.array.dtype in FLOATING and x.array.dtype not in FLOATING:
        raise DTypeError(f"index: a value of {value.array.dtype} does not fit a tensor of {x.array.dtype}; convert one "
                         "with .to(...)")
    return cast(value, x.array.dtype)
