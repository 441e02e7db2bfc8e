"""Tiles of dot products: sums over numbers that lie side by side in both factors, so that neither is packed.

Vector j of row i of the tile is added up to number j of row i of the product. Compiled and not, as in tile.py.
"""
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import lower_builtin

from .emit import INT32, MaskType, first_lanes, indices, intrinsic, multiply_add, pointer_to, read, suffix
from .isa import REGISTER
from .simd import lanes, one_dtype
from .tile import TileType, define, fence, joined, parts


def add_dots(tile, a, rows, b, columns, k):
    """Return a tile with the products of a vector of each row of a and one of each row of b added.

    Rows of a begin at positions `rows`, rows of b at `columns`; the vectors begin k further on.
    """
    return add_last_dots(tile, a, rows, b, columns, k, lanes(a))


def add_last_dots(tile, a, rows, b, columns, k, count):
    """Return the same, but only the first `count` numbers of the vectors are multiplied."""
    left, right = (np.zeros((len(starts), lanes(a)), a.dtype) for starts in (rows, columns))
    for factor, array, starts in ((left, a, rows), (right, b, columns)):
        for row, start in zip(factor, starts, strict=True):
            row[:count] = array[start + k:start + k + min(count, lanes(a))]
    return tile + (left[:, None] * right).reshape(tile.shape)


def totals(tile):
    """Return a tile whose rows are the sums of the vectors of each row, side by side, and zeros."""
    size = REGISTER // tile.itemsize
    sums = tile.reshape(len(tile), -1, size).sum(axis=2, dtype=tile.dtype)
    return np.pad(sums, ((0, 0), (0, -sums.shape[1] % size)))


# --- compiled ----------------------------------------------------------------------------------------------------

define(add_dots, lambda tile, a, rows, b, columns, k: tile if one_dtype(a, b, tile) else None)
define(add_last_dots, lambda tile, a, rows, b, columns, k, count: tile if one_dtype(a, b, tile) else None)
define(totals, lambda tile: TileType(tile.dtype, tile.rows, -(-tile.vectors // tile.vector.lanes)))


@lower_builtin(add_dots, TileType, types.Array, types.UniTuple, types.Array, types.UniTuple, types.Integer)
def lower_add_dots(context, build, sig, arguments):
    kind = sig.args[0]
    return add_pairs(context, build, sig, arguments, lambda pointer: read(build, pointer, kind.vector.llvm))


@lower_builtin(add_last_dots, TileType, types.Array, types.UniTuple, types.Array, types.UniTuple, types.Integer,
               types.Integer)
def lower_add_last_dots(context, build, sig, arguments):
    kind = sig.args[0].vector
    mask = first_lanes(build, kind, context.cast(build, arguments[6], sig.args[6], types.intp))
    return add_pairs(context, build, sig, arguments, lambda pointer: read_part(build, pointer, kind, mask))


def read_part(build, pointer, kind, mask):
    """Emit the load of those numbers of a vector that a mask picks, and zeros."""
    pointer = build.bitcast(pointer, kind.llvm.as_pointer())
    call = intrinsic(build, f"llvm.masked.load.{suffix(kind.llvm)}.p0", kind.llvm, pointer.type, INT32,
                     MaskType(kind.lanes).llvm, kind.llvm)
    return build.call(call, [pointer, INT32(kind.dtype.bitwidth // 8), mask, ir.Constant(kind.llvm, None)])


def add_pairs(context, build, sig, arguments, load):
    """Emit the sums, given how a vector is loaded."""
    kind, sums = sig.args[0], parts(build, arguments[0])
    k = context.cast(build, arguments[5], sig.args[5], types.intp)
    rows, columns = ([build.gep(pointer_to(context, build, sig.args[n], arguments[n], k), [start])
                      for start in parts(build, arguments[n + 1])] for n in (1, 3))
    left = [load(row) for row in rows]
    for j, column in enumerate(columns):
        right = load(column)
        for i, factor in enumerate(left):
            sums[i * kind.vectors + j] = multiply_add(build, factor, right, sums[i * kind.vectors + j])
    fence(build)
    return joined(build, kind, sums)


@lower_builtin(totals, TileType)
def lower_totals(context, build, sig, arguments):
    kind, result, values = sig.args[0], [], parts(build, arguments[0])
    lanes_, zero = kind.vector.lanes, ir.Constant(kind.vector.llvm, None)
    for row in range(kind.rows):
        vectors = values[row * kind.vectors:(row + 1) * kind.vectors]
        vectors += [zero] * (-len(vectors) % lanes_)
        result += [total_of_each(build, vectors[first:first + lanes_]) for first in range(0, len(vectors), lanes_)]
    return joined(build, sig.return_type, result)


def total_of_each(build, vectors):
    """Emit the vector of the sums of as many vectors as each has numbers: pairs of vectors become one, and so on."""
    count = vectors[0].type.count
    even, odd = (indices(range(first, 2 * count, 2)) for first in (0, 1))
    while len(vectors) > 1:
        vectors = [build.fadd(build.shuffle_vector(a, b, even), build.shuffle_vector(a, b, odd))
                   for a, b in zip(vectors[::2], vectors[1::2], strict=True)]
    return vectors[0]
