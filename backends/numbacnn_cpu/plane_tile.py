"""Tiles of pooled convolutions of few outputs: a row is an output, a vector some windows, seen at one of their places.

Compiled and not, as in tile.py.
"""
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import lower_builtin

from .emit import VectorType, first_lanes, indices, place, pointer_to, read, read_part, splat, write, write_part
from .entry import WORD
from .pooled_tile import either, has_nan, largest_of_all, store_largest
from .simd import lanes, one_dtype
from .tile import TileType, add_outer, along, constant, define, joined, numbers, parts


def spread_down(array, i, rows, vectors):
    """Return a tile of which each row is one number, the first that at position i of an array."""
    column = numbers(array, i, rows)[:, None]
    return np.repeat(column, vectors * lanes(array), 1)


def add_seen(tile, a, i, b, starts, k):
    """Return tile + the outer product of a column of a and a row of b.

    The column, as many numbers as the tile has rows, lies at position i; the row's vectors at the positions starts + k.
    """
    width = tile.shape[1] // len(starts)
    row = np.concatenate([numbers(b, start + k, width) for start in starts])
    return tile + np.outer(numbers(a, i, len(tile)), row)


def load_every(array, i, step, count):
    """Return a vector of `count` numbers from position i, `step` apart, and zeros: not more than it has room for."""
    found = np.zeros(lanes(array), array.dtype)
    part = array[i:i + (min(count, len(found)) - 1) * step + 1:step]
    found[:len(part)] = part
    return found


def store_planes(y, which, i, tile, places, count):
    """Write the largest number at the places of the first `count` windows, or 0; and which place it is.

    Each window's rows side by side, from position i on. Among equal numbers, and NaN, as in `store_largest`.
    """
    rows = len(tile)
    windows = tile.reshape(rows, places, -1).transpose(2, 0, 1)[:count]
    starts = [i + n for n in range(len(windows) * rows)]
    store_largest(y, which, starts, windows.reshape(-1, 1), 1)


# --- compiled ----------------------------------------------------------------------------------------------------

define(spread_down, lambda array, i, rows, vectors: (
    TileType(array.dtype, constant(rows), constant(vectors)) if constant(rows) and constant(vectors) else None))
define(add_seen, lambda tile, a, i, b, starts, k: tile if one_dtype(a, b, tile) else None)
define(load_every, lambda array, i, step, count: VectorType(array.dtype) if constant(step) else None)
define(store_planes, lambda y, which, i, tile, places, count: (
    types.none if one_dtype(y, tile) and which.dtype == types.uint8 and constant(places) == tile.vectors else None))


@lower_builtin(spread_down, types.Array, types.Integer, types.Integer, types.Integer)
def lower_spread_down(context, build, sig, arguments):
    kind = sig.return_type
    base = pointer_to(context, build, sig.args[0], arguments[0],
                      context.cast(build, arguments[1], sig.args[1], types.intp))
    column = [splat(build, build.load(build.gep(base, [WORD(row)])), kind.vector) for row in range(kind.rows)]
    return joined(build, kind, [value for value in column for _ in range(kind.vectors)])


@lower_builtin(add_seen, TileType, types.Array, types.Integer, types.Array, types.UniTuple, types.Integer)
def lower_add_seen(context, build, sig, arguments):
    kind = sig.args[0]
    i, k = (context.cast(build, arguments[n], sig.args[n], types.intp) for n in (2, 5))
    a, b = (pointer_to(context, build, sig.args[n], arguments[n], start) for n, start in ((1, i), (3, k)))
    factors = [read(build, build.gep(b, [start]), kind.vector.llvm) for start in parts(build, arguments[4])]
    return joined(build, kind, add_outer(build, kind, parts(build, arguments[0]),
                                         [build.gep(a, [WORD(row)]) for row in range(kind.rows)], factors))


@lower_builtin(load_every, types.Array, types.Integer, types.Integer, types.Integer)
def lower_load_every(context, build, sig, arguments):
    kind, step = sig.return_type, constant(sig.args[2])
    count = context.cast(build, arguments[3], sig.args[3], types.intp)
    base = place(context, build, sig, arguments)
    numbers, result = build.mul(count, WORD(step)), ir.Constant(kind.llvm, None)
    numbers = build.sub(numbers, WORD(step - 1))         # up to the last one that counts: memory may end behind it
    for n in range(step):
        first = n * kind.lanes
        part = read_part(build, build.gep(base, [WORD(first)]), kind, build.sub(numbers, WORD(first)))
        new = {lane: kind.lanes + lane * step - first for lane in range(kind.lanes)
               if 0 <= lane * step - first < kind.lanes}
        result = build.shuffle_vector(result, part, indices(new.get(lane, lane) for lane in range(kind.lanes)))
    return result


@lower_builtin(store_planes, types.Array, types.Array, types.Integer, TileType, types.Integer, types.Integer)
def lower_store_planes(context, build, sig, arguments):
    kind, (i, count) = sig.args[3], (context.cast(build, arguments[n], sig.args[n], types.intp) for n in (2, 5))
    values, size = parts(build, arguments[3]), kind.vector.lanes
    outputs = [values[first:first + kind.vectors] for first in range(0, len(values), kind.vectors)]
    found = either(build, has_nan(build, values), lambda: largest_of_all(build, outputs, True),
                   lambda: largest_of_all(build, outputs, False))
    left = build.mul(count, WORD(kind.rows))
    for n in 0, 1:
        pointer = pointer_to(context, build, sig.args[n], arguments[n], i)
        for number, vector in enumerate(side_by_side(build, found[n::2])):
            begin, target = number * size, along(build, pointer, number, kind)
            with build.if_else(build.icmp_signed(">=", left, WORD(begin + size))) as (whole, partial):
                with whole:
                    write(build, target, vector)
                with partial:
                    write_part(build, target, vector, first_lanes(build, kind.vector, build.sub(left, WORD(begin))))
    return context.get_dummy_value()


def side_by_side(build, planes):
    """Emit as many vectors: first the first number of each, then the second of each, and so on."""
    count, size = len(planes), planes[0].type.count
    for first in range(0, count * size, size):
        result = ir.Constant(planes[0].type, ir.Undefined)
        for plane, value in enumerate(planes):
            new = {lane * count + plane - first: size + lane for lane in range(size)}
            result = build.shuffle_vector(result, value, indices(new.get(lane, lane) for lane in range(size)))
        yield result
