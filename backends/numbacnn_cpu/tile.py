"""Tiles: as many sums as registers can hold, rows x vectors, to which products are added one outer product at a time.

The inner loop of every product of matrices, and so of convolution. Uncompiled, a tile is a NumPy array (rows, columns),
its columns being the numbers of its vectors. Sizes of tiles are constants of the kernel; positions are as in simd.py.
"""
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, models, register_model

from .emit import VectorType, first_lanes, multiply_add, pointer_to, read, splat, write, write_part
from .entry import WORD
from .simd import lanes, one_dtype


class TileType(types.Type):
    """Sums in registers."""

    def __init__(self, dtype, rows, vectors):
        self.dtype, self.rows, self.vectors, self.vector = dtype, rows, vectors, VectorType(dtype)
        self.llvm = ir.ArrayType(self.vector.llvm, rows * vectors)
        super().__init__(name=f"tile({dtype}, {rows}, {vectors})")


@register_model(TileType)
class InRegisters(models.PrimitiveModel):
    """An array of vectors, which LLVM takes apart."""

    def __init__(self, manager, kind):
        super().__init__(manager, kind, kind.llvm)


# --- in Python ---------------------------------------------------------------------------------------------------

def pick(table, first, last, rows):
    """Return `rows` numbers of a table from position `first`, those after position `last` being that one again."""
    return tuple([int(table[min(first + i, last)]) for i in range(rows)])


def in_steps(first, step, last, rows):
    """Return `rows` positions: first, first + step and so on, those past `last` being that one again."""
    return tuple([min(first + i * step, last) for i in range(rows)])


def blank(array, rows, vectors):
    """Return a tile of zeros, of the dtype of an array."""
    return np.zeros((rows, vectors * lanes(array)), array.dtype)


def spread(array, i, rows, vectors):
    """Return a tile whose rows are all the numbers from position i."""
    return np.tile(numbers(array, i, vectors * lanes(array)), (rows, 1))


def numbers(array, i, count):
    """Return so many numbers from position i, zeros behind the end of the array: vectors may reach further."""
    found = np.zeros(count, array.dtype)
    part = array[i:i + count]
    found[:part.size] = part
    return found


def load_tile(array, starts, rows, vectors):
    """Return a tile whose rows are the numbers from the positions `starts`."""
    return np.concatenate([spread(array, start, 1, vectors) for start in starts])


def add_products(tile, a, starts, k, b, i, count):
    """Return tile + a (rows, count) times b (count, columns).

    Row r of a begins at position starts[r] + k; b lies at position i, row by row.
    """
    left, right = np.array(starts) + k, numbers(b, i, count * tile.shape[1]).reshape(count, -1)
    for step in range(count):                            # one after the other, as in registers: the same sums anywhere
        tile = tile + np.outer(a[left + step], right[step])
    return tile


def add_turned_products(tile, a, i, b, j, count):
    """Return tile + the transpose of a (count, rows) times b (count, columns).

    a lies at position i, b at position j, both in rows as wide as a tile of b: of a only the first columns count.
    """
    rows, columns = tile.shape
    left = a[i:i + (count - 1) * columns + rows]
    left = np.lib.stride_tricks.as_strided(left, (count, rows), (columns * left.itemsize, left.itemsize))
    return tile + left.T @ b[j:j + count * columns].reshape(count, columns)


def add_outers(tile, a, i, down, b, j, across, count):
    """Return tile + the outer products of `count` columns of a and rows of b.

    Column n of a, of as many numbers as the tile has rows, begins at position i + n * down; row n of b, of as many as
    the tile has columns, at j + n * across.
    """
    for _ in range(count):
        tile = tile + np.outer(numbers(a, i, tile.shape[0]), numbers(b, j, tile.shape[1]))
        i, j = i + down, j + across
    return tile


def steps(first, step, count, rows):
    """Return `rows` positions: first, first + step, ..., those after the first `count` being that one again."""
    return tuple([first + min(i, count - 1) * step for i in range(rows)])


def store_tile(array, starts, tile, columns):
    """Write the first columns of a tile to the positions `starts`."""
    for start, row in zip(starts, tile, strict=True):
        count = min(columns, tile.shape[1])
        array[start:start + count] = row[:count]


def store_rows(array, starts, tile, columns, count):
    """Write the first rows and columns of a tile to the positions `starts`."""
    store_tile(array, starts[:count], tile[:count], columns)


def add_tiles(tile, other):
    """Return the sum of two tiles."""
    return tile + other


def rectify_tile(tile):
    """Return a tile with zeros in place of negative numbers."""
    return np.where(tile <= 0, tile.dtype.type(0), tile)


# --- compiled ----------------------------------------------------------------------------------------------------

def constant(kind):
    """Return the value of a type that stands for one number."""
    return kind.literal_value if isinstance(kind, types.IntegerLiteral) else None


def define(function, result):
    """Say of what type a function is, from the types of its arguments; numbers may be constants."""
    @infer_global(function)
    class Typing(AbstractTemplate):
        prefer_literal = True

        def generic(self, arguments, keywords):
            found = result(*arguments)
            return signature(found, *arguments) if found is not None else None


def added(tile, a, b, count):
    """Return the type of a tile to which so many products of numbers of a and of b are added."""
    return tile if constant(count) and one_dtype(a, b, tile) else None


define(pick, lambda table, first, last, rows: constant(rows) and types.UniTuple(types.intp, constant(rows)))
define(in_steps, lambda first, step, last, rows: constant(rows) and types.UniTuple(types.intp, constant(rows)))
define(blank, lambda array, rows, vectors: constant(rows) and TileType(array.dtype, constant(rows), constant(vectors)))
define(spread, lambda array, i, rows, vectors: constant(rows) and TileType(array.dtype, constant(rows),
                                                                          constant(vectors)))
define(load_tile, lambda array, starts, rows, vectors: constant(rows) and TileType(array.dtype, constant(rows),
                                                                                  constant(vectors)))
define(add_products, lambda tile, a, starts, k, b, i, count: added(tile, a, b, count))
define(add_turned_products, lambda tile, a, i, b, j, count: added(tile, a, b, count))
define(add_outers, lambda tile, a, i, down, b, j, across, count: added(tile, a, b, count))
define(steps, lambda first, step, count, rows: constant(rows) and types.UniTuple(types.intp, constant(rows)))
define(store_rows, lambda array, starts, tile, columns, count: types.none if one_dtype(array, tile) else None)
define(store_tile, lambda array, starts, tile, columns: types.none if one_dtype(array, tile) else None)
define(add_tiles, lambda tile, other: tile if tile == other else None)
define(rectify_tile, lambda tile: tile)


@lower_builtin(pick, types.Array, types.Integer, types.Integer, types.Integer)
def lower_pick(context, build, sig, arguments):
    first, last = (context.cast(build, arguments[n], sig.args[n], types.intp) for n in (1, 2))
    found = []
    for i in range(len(sig.return_type)):
        position = build.add(first, first.type(i))
        position = build.select(build.icmp_signed("<", position, last), position, last)
        found.append(build.load(pointer_to(context, build, sig.args[0], arguments[0], position)))
    return context.make_tuple(build, sig.return_type, found)


@lower_builtin(in_steps, types.Integer, types.Integer, types.Integer, types.Integer)
def lower_in_steps(context, build, sig, arguments):
    first, step, last = (context.cast(build, arguments[n], sig.args[n], types.intp) for n in range(3))
    found = []
    for i in range(len(sig.return_type)):
        position = build.add(first, build.mul(step, WORD(i)))
        found.append(build.select(build.icmp_signed("<", position, last), position, last))
    return context.make_tuple(build, sig.return_type, found)


@lower_builtin(blank, types.Array, types.Integer, types.Integer)
def lower_blank(context, build, sig, arguments):
    kind = sig.return_type
    return joined(build, kind, [ir.Constant(kind.vector.llvm, None)] * (kind.rows * kind.vectors))


@lower_builtin(spread, types.Array, types.Integer, types.Integer, types.Integer)
def lower_spread(context, build, sig, arguments):
    kind = sig.return_type
    position = context.cast(build, arguments[1], sig.args[1], types.intp)
    base = pointer_to(context, build, sig.args[0], arguments[0], position)
    row = [read(build, along(build, base, v, kind), kind.vector.llvm) for v in range(kind.vectors)]
    return joined(build, kind, row * kind.rows)


@lower_builtin(load_tile, types.Array, types.UniTuple, types.Integer, types.Integer)
def lower_load_tile(context, build, sig, arguments):
    kind = sig.return_type
    found = []
    for start in parts(build, arguments[1]):
        base = pointer_to(context, build, sig.args[0], arguments[0], start)
        found += [read(build, along(build, base, v, kind), kind.vector.llvm) for v in range(kind.vectors)]
    return joined(build, kind, found)


@lower_builtin(add_products, TileType, types.Array, types.UniTuple, types.Integer, types.Array, types.Integer,
               types.Integer)
def lower_add_products(context, build, sig, arguments):
    kind = sig.args[0]
    k, i = (context.cast(build, arguments[n], sig.args[n], types.intp) for n in (3, 5))
    a = pointer_to(context, build, sig.args[1], arguments[1], k)
    b = pointer_to(context, build, sig.args[4], arguments[4], i)
    rows = [build.gep(a, [start]) for start in parts(build, arguments[2])]
    sums = parts(build, arguments[0])
    for step in range(constant(sig.args[6])):
        factors = [read(build, along(build, b, step * kind.vectors + v, kind), kind.vector.llvm)
                   for v in range(kind.vectors)]
        sums = add_outer(build, kind, sums, [build.gep(row, [k.type(step)]) for row in rows], factors)
    return joined(build, kind, sums)


@lower_builtin(add_turned_products, TileType, types.Array, types.Integer, types.Array, types.Integer, types.Integer)
def lower_add_turned_products(context, build, sig, arguments):
    kind = sig.args[0]
    a, b = (pointer_to(context, build, sig.args[n], arguments[n],
                       context.cast(build, arguments[n + 1], sig.args[n + 1], types.intp)) for n in (1, 3))
    sums = parts(build, arguments[0])
    for step in range(constant(sig.args[5])):
        factors = [read(build, along(build, b, step * kind.vectors + v, kind), kind.vector.llvm)
                   for v in range(kind.vectors)]
        row = along(build, a, step * kind.vectors, kind)
        sums = add_outer(build, kind, sums, [build.gep(row, [WORD(r)]) for r in range(kind.rows)], factors)
    return joined(build, kind, sums)


def add_outer(build, kind, sums, pointers, factors):
    """Emit sums += numbers at the pointers times factors.

    The fence keeps LLVM from loading ahead, for which there are no registers: it would spill sums.
    """
    result = []
    for row, pointer in enumerate(pointers):
        number = splat(build, build.load(pointer), kind.vector)
        result += [multiply_add(build, number, factor, sums[row * kind.vectors + v])
                   for v, factor in enumerate(factors)]
    fence(build)
    return result


def fence(build):
    """Emit nothing, over which LLVM moves no load."""
    build.call(ir.InlineAsm(ir.FunctionType(ir.VoidType(), []), "", "~{memory}", side_effect=True), [])


@lower_builtin(add_outers, TileType, types.Array, types.Integer, types.Integer, types.Array, types.Integer,
               types.Integer, types.Integer)
def lower_add_outers(context, build, sig, arguments):
    kind = sig.args[0]
    i, down, j, across = (context.cast(build, arguments[n], sig.args[n], types.intp) for n in (2, 3, 5, 6))
    a, b = (pointer_to(context, build, sig.args[n], arguments[n], start) for n, start in ((1, i), (4, j)))
    sums = parts(build, arguments[0])
    for _ in range(constant(sig.args[7])):
        factors = [read(build, along(build, b, v, kind), kind.vector.llvm) for v in range(kind.vectors)]
        sums = add_outer(build, kind, sums, [build.gep(a, [WORD(row)]) for row in range(kind.rows)], factors)
        a, b = build.gep(a, [down]), build.gep(b, [across])
    return joined(build, kind, sums)


@lower_builtin(steps, types.Integer, types.Integer, types.Integer, types.Integer)
def lower_steps(context, build, sig, arguments):
    first, step, count = (context.cast(build, arguments[n], sig.args[n], types.intp) for n in range(3))
    last, found = build.sub(count, WORD(1)), []
    for i in range(len(sig.return_type)):
        number = build.select(build.icmp_signed("<", WORD(i), last), WORD(i), last)
        found.append(build.add(first, build.mul(number, step)))
    return context.make_tuple(build, sig.return_type, found)


@lower_builtin(store_tile, types.Array, types.UniTuple, TileType, types.Integer)
def lower_store_tile(context, build, sig, arguments):
    write_rows(context, build, sig, arguments, None)
    return context.get_dummy_value()


@lower_builtin(store_rows, types.Array, types.UniTuple, TileType, types.Integer, types.Integer)
def lower_store_rows(context, build, sig, arguments):
    write_rows(context, build, sig, arguments, context.cast(build, arguments[4], sig.args[4], types.intp))
    return context.get_dummy_value()


def write_rows(context, build, sig, arguments, count):
    """Emit the stores of a tile, of its first `count` rows if that is given."""
    kind = sig.args[2]
    columns = context.cast(build, arguments[3], sig.args[3], types.intp)
    bases = [pointer_to(context, build, sig.args[0], arguments[0], start) for start in parts(build, arguments[1])]
    values = parts(build, arguments[2])

    def write_all(write_one):
        for row, base in enumerate(bases):
            wanted = WORD(1) if count is None else build.sub(count, WORD(row))
            with build.if_then(build.icmp_signed(">", wanted, WORD(0))):
                for v in range(kind.vectors):
                    write_one(along(build, base, v, kind), values[row * kind.vectors + v], v)

    whole = build.icmp_signed(">=", columns, WORD(kind.vectors * kind.vector.lanes))
    with build.if_else(whole) as (full, partial):
        with full:
            write_all(lambda pointer, value, v: write(build, pointer, value))
        with partial:
            masks = [first_lanes(build, kind.vector, build.sub(columns, WORD(v * kind.vector.lanes)))
                     for v in range(kind.vectors)]
            write_all(lambda pointer, value, v: write_part(build, pointer, value, masks[v]))


@lower_builtin(add_tiles, TileType, TileType)
def lower_add_tiles(context, build, sig, arguments):
    pairs = zip(*(parts(build, argument) for argument in arguments), strict=True)
    return joined(build, sig.args[0], [build.fadd(*pair) for pair in pairs])


@lower_builtin(rectify_tile, TileType)
def lower_rectify_tile(context, build, sig, arguments):
    kind = sig.args[0]
    zero = ir.Constant(kind.vector.llvm, [0.0] * kind.vector.lanes)
    return joined(build, kind, [build.select(build.fcmp_ordered("<=", value, zero), zero, value)
                                for value in parts(build, arguments[0])])


def along(build, pointer, vectors, kind):
    """Return the address so many vectors after one."""
    return build.gep(pointer, [WORD(vectors * kind.vector.lanes)])


def parts(build, value):
    """Take an LLVM array apart."""
    return [build.extract_value(value, n) for n in range(value.type.count)]


def joined(build, kind, values):
    """Put an LLVM array together."""
    result = ir.Constant(kind.llvm, ir.Undefined)
    for n, value in enumerate(values):
        result = build.insert_value(result, value, n)
    return result
