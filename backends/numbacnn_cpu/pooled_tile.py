"""Tiles of convolutions that are pooled: the largest of each window's rows, and the way of a gradient back to them.

Compiled and not, as in tile.py. The rows of a tile are the places of some windows, window after window.
"""
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import lower_builtin

from .emit import INT32, first_lanes, multiply_add, pointer_to, read, splat, write, write_part
from .entry import WORD
from .simd import one_dtype
from .tile import TileType, add_outer, along, constant, define, fence, joined, numbers, parts, spread

BYTE = ir.IntType(8)


def pick_windows(table, first, last, windows, places, size):
    """Return positions of all places, `size`, of some windows: those of the windows are in a table, as for `pick`."""
    return tuple([int(table[min(first + i, last)] + places[place]) for i in range(windows) for place in range(size)])


def store_largest(y, which, starts, tile, columns):
    """Write the largest number of each window, or 0, to the positions `starts` of y; and which of its rows it is.

    The first of equal numbers counts, and NaN more than any number: the last one, as in pooling.
    """
    for start, rows in zip(starts, tile.reshape(len(starts), -1, tile.shape[1])[:, :, :columns], strict=True):
        best, place = rows[0], np.zeros(rows.shape[1], which.dtype)
        for number, row in enumerate(rows):
            wins = (row > best) | (row != row)
            best, place = np.where(wins, row, best), np.where(wins, which.dtype.type(number), place)
        y[start:start + best.size] = np.where(best <= 0, y.dtype.type(0), best)
        which[start:start + best.size] = np.where(best <= 0, which.dtype.type(0), place)


def passed(dy, y, i, vectors):
    """Return a row of the numbers of dy from position i, and zeros where those of y are not positive."""
    gradient, value = (spread(array, i, 1, vectors) for array in (dy, y))
    return np.where(value <= 0, dy.dtype.type(0), gradient)


def chosen(row, which, i, place):
    """Return a row with zeros in place of numbers whose place, from position i of `which`, is another."""
    found = np.full(row.shape[1], -1)
    part = which[i:i + found.size]
    found[:part.size] = part
    return np.where(found == place, row, row.dtype.type(0))


def add_outer_product(tile, a, starts, k, row):
    """Return a tile with numbers of a times a row added.

    The tile has as many rows as numbers: from each of the positions starts + k so many that lie side by side.
    """
    run = len(tile) // len(starts)
    return tile + np.concatenate([a[start + k:start + k + run] for start in starts])[:, None] * row


def add_winners(tile, a, k, runs, gradient, i, which, j, places, first):
    """Return a tile with what each row's winner saw added to the row, times its gradient.

    Of row r it is the number at i + r of `gradient`, and the winner is the place of which number j + r of `which`
    tells, and from `first` on `places` how much further than k it begins. It saw the runs of numbers of a, begun there.
    """
    run, result = tile.shape[1] // len(runs), []
    for number, row in enumerate(tile):
        start = k + int(places[first + int(which[j + number])])
        result.append(row + gradient[i + number] * np.concatenate([numbers(a, start + at, run) for at in runs]))
    return np.stack(result)


# --- compiled ----------------------------------------------------------------------------------------------------

define(pick_windows, lambda table, first, last, windows, places, size: constant(windows) and types.UniTuple(
    types.intp, constant(windows) * constant(size)))
define(store_largest, lambda y, which, starts, tile, columns: (
    types.none if one_dtype(y, tile) and which.dtype == types.uint8 else None))
define(passed, lambda dy, y, i, vectors: (
    TileType(dy.dtype, 1, constant(vectors)) if constant(vectors) and one_dtype(dy, y) else None))
define(chosen, lambda row, which, i, place: row if which.dtype == types.uint8 else None)
define(add_outer_product, lambda tile, a, starts, k, row: tile if one_dtype(a, tile, row) else None)
define(add_winners, lambda tile, a, k, runs, gradient, i, which, j, places, first: (
    tile if one_dtype(a, gradient, tile) and which.dtype == types.uint8 and places.dtype == types.intp else None))


@lower_builtin(pick_windows, types.Array, types.Integer, types.Integer, types.Integer, types.Array, types.Integer)
def lower_pick_windows(context, build, sig, arguments):
    first, last = (context.cast(build, arguments[n], sig.args[n], types.intp) for n in (1, 2))
    size = constant(sig.args[5])
    steps = [build.load(pointer_to(context, build, sig.args[4], arguments[4], first.type(n))) for n in range(size)]
    found = []
    for i in range(constant(sig.args[3])):
        position = build.add(first, first.type(i))
        position = build.select(build.icmp_signed("<", position, last), position, last)
        start = build.load(pointer_to(context, build, sig.args[0], arguments[0], position))
        found += [build.add(start, step) for step in steps]
    return context.make_tuple(build, sig.return_type, found)


@lower_builtin(store_largest, types.Array, types.Array, types.UniTuple, TileType, types.Integer)
def lower_store_largest(context, build, sig, arguments):
    kind = sig.args[3]
    starts, values = parts(build, arguments[2]), parts(build, arguments[3])
    length, lanes = len(values) // len(starts), kind.vector.lanes
    windows = [values[first + v:first + length:kind.vectors] for first in range(0, len(values), length)
               for v in range(kind.vectors)]
    pointers = [[along(build, pointer_to(context, build, sig.args[n], arguments[n], start), v, kind) for n in (0, 1)]
                for start in starts for v in range(kind.vectors)]
    found = either(build, has_nan(build, values), lambda: largest_of_all(build, windows, True),
                   lambda: largest_of_all(build, windows, False))
    columns = context.cast(build, arguments[4], sig.args[4], types.intp)
    with build.if_else(build.icmp_signed(">=", columns, WORD(kind.vectors * lanes))) as (full, partial):
        with full:
            for n, value in enumerate(found):
                write(build, pointers[n // 2][n % 2], value)
        with partial:
            masks = [first_lanes(build, kind.vector, build.sub(columns, WORD(v * lanes))) for v in range(kind.vectors)]
            for n, value in enumerate(found):
                write_part(build, pointers[n // 2][n % 2], value, masks[n // 2 % kind.vectors])
    return context.get_dummy_value()


def has_nan(build, vectors):
    """Emit whether there may be NaN among vectors: their sum says, which costs less than to ask each."""
    while len(vectors) > 1:
        vectors = [build.fadd(*pair) if len(pair) == 2 else pair[0]
                   for pair in (vectors[n:n + 2] for n in range(0, len(vectors), 2))]
    mask = build.fcmp_unordered("uno", *vectors * 2)
    word = ir.IntType(mask.type.count)
    return build.icmp_unsigned("!=", build.bitcast(mask, word), word(0))


def either(build, condition, rare, usual):
    """Emit what one of two functions emits; return what they return, lists of values."""
    found, blocks = [], []
    with build.if_else(condition, likely=False) as branches:
        for branch, emit in zip(branches, (rare, usual), strict=True):
            with branch:
                found.append(emit())
                blocks.append(build.block)
    result = [build.phi(value.type) for value in found[0]]
    for values, block in zip(found, blocks, strict=True):
        for phi, value in zip(result, values, strict=True):
            phi.add_incoming(value, block)
    return result


def largest_of_all(build, windows, with_nan):
    """Emit for each window, a list of vectors, the largest, rectified, and which of them it is: bytes."""
    result = []
    for rows in windows:
        best, zero = rows[0], ir.Constant(rows[0].type, None)
        numbers = ir.VectorType(BYTE, best.type.count)
        place = ir.Constant(numbers, None)
        for number, row in enumerate(rows[1:], 1):
            wins = build.fcmp_ordered(">", row, best)
            if with_nan:
                wins = build.or_(wins, build.fcmp_unordered("uno", row, row))
            best = build.select(wins, row, best)
            place = build.select(wins, ir.Constant(numbers, [number] * numbers.count), place)
        gone = build.fcmp_ordered("<=", best, zero)
        result += [build.select(gone, zero, best), build.select(gone, ir.Constant(numbers, None), place)]
    return result


@lower_builtin(passed, types.Array, types.Array, types.Integer, types.Integer)
def lower_passed(context, build, sig, arguments):
    kind = sig.return_type
    position = context.cast(build, arguments[2], sig.args[2], types.intp)
    zero, found = ir.Constant(kind.vector.llvm, None), []
    pointers = [pointer_to(context, build, sig.args[n], arguments[n], position) for n in (0, 1)]
    for v in range(kind.vectors):
        gradient, value = (read(build, along(build, pointer, v, kind), kind.vector.llvm) for pointer in pointers)
        found.append(build.select(build.fcmp_ordered("<=", value, zero), zero, gradient))
    return joined(build, kind, found)


@lower_builtin(chosen, TileType, types.Array, types.Integer, types.Integer)
def lower_chosen(context, build, sig, arguments):
    kind = sig.args[0]
    i, place = (context.cast(build, arguments[n], sig.args[n], types.intp) for n in (2, 3))
    numbers, zero = ir.VectorType(BYTE, kind.vector.lanes), ir.Constant(kind.vector.llvm, None)
    place = build.insert_element(ir.Constant(numbers, ir.Undefined), build.trunc(place, BYTE), INT32(0))
    place = build.shuffle_vector(place, place, ir.Constant(ir.VectorType(INT32, numbers.count), None))
    pointer, found = pointer_to(context, build, sig.args[1], arguments[1], i), []
    for v, value in enumerate(parts(build, arguments[0])):
        where = build.load(build.bitcast(along(build, pointer, v, kind), numbers.as_pointer()))
        where.align = 1
        found.append(build.select(build.icmp_unsigned("==", where, place), value, zero))
    return joined(build, kind, found)


@lower_builtin(add_outer_product, TileType, types.Array, types.UniTuple, types.Integer, TileType)
def lower_add_outer_product(context, build, sig, arguments):
    kind = sig.args[0]
    k = context.cast(build, arguments[3], sig.args[3], types.intp)
    a, starts = pointer_to(context, build, sig.args[1], arguments[1], k), parts(build, arguments[2])
    pointers = [build.gep(build.gep(a, [start]), [k.type(n)])
                for start in starts for n in range(kind.rows // len(starts))]
    return joined(build, kind, add_outer(build, kind, parts(build, arguments[0]), pointers,
                                         parts(build, arguments[4])))


@lower_builtin(add_winners, TileType, types.Array, types.Integer, types.UniTuple, types.Array, types.Integer,
               types.Array, types.Integer, types.Array, types.Integer)
def lower_add_winners(context, build, sig, arguments):
    kind, runs = sig.args[0], parts(build, arguments[3])
    a, gradient, which, places = (
        pointer_to(context, build, sig.args[n], arguments[n],
                   context.cast(build, arguments[n + 1], sig.args[n + 1], types.intp))
        for n in (1, 4, 6, 8))
    sums, result, vectors = parts(build, arguments[0]), [], kind.vectors // len(runs)
    for row in range(kind.rows):
        place = build.zext(build.load(build.gep(which, [WORD(row)])), WORD)
        start = build.gep(a, [build.load(build.gep(places, [place]))])
        number = splat(build, build.load(build.gep(gradient, [WORD(row)])), kind.vector)
        pointers = [along(build, build.gep(start, [run]), v, kind) for run in runs for v in range(vectors)]
        result += [multiply_add(build, number, read(build, pointer, kind.vector.llvm), sums[row * kind.vectors + n])
                   for n, pointer in enumerate(pointers)]
        fence(build)
    return joined(build, kind, result)
