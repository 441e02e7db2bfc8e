"""Tiles: as many sums as registers can hold, rows x vectors, to which products are added one outer product at a time.

The inner loop of every product of matrices, and so of convolution. Uncompiled, a tile is a NumPy array (rows, columns),
its columns being the numbers of its vectors. Sizes of tiles are constants of the kernel; positions are as in simd.py.
"""
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, models, register_model

from .compile import WORD
from .simd import VectorType, first_lanes, lanes, multiply_add, pointer_to, read, splat, write, write_part


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


def spread(array, i, rows, vectors):
    """Return a tile whose rows are all the numbers from position i."""
    row = np.zeros(vectors * lanes(array), array.dtype)
    part = array[i:i + row.size]
    row[:part.size] = part
    return np.tile(row, (rows, 1))


def load_tile(array, starts, rows, vectors):
    """Return a tile whose rows are the numbers from the positions `starts`."""
    return np.concatenate([spread(array, start, 1, vectors) for start in starts])


def add_products(tile, a, starts, k, b, i, count):
    """Return tile + a (rows, count) times b (count, columns).

    Row r of a begins at position starts[r] + k; b lies at position i, row by row.
    """
    columns = tile.shape[1]
    left = np.stack([a[start + k:start + k + count] for start in starts])
    return tile + left @ b[i:i + count * columns].reshape(count, columns)


def store_tile(array, starts, tile, columns):
    """Write the first columns of a tile to the positions `starts`."""
    for start, row in zip(starts, tile, strict=True):
        count = min(columns, tile.shape[1])
        array[start:start + count] = row[:count]


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


define(pick, lambda table, first, last, rows: constant(rows) and types.UniTuple(types.intp, constant(rows)))
define(spread, lambda array, i, rows, vectors: constant(rows) and TileType(array.dtype, constant(rows),
                                                                          constant(vectors)))
define(load_tile, lambda array, starts, rows, vectors: constant(rows) and TileType(array.dtype, constant(rows),
                                                                                  constant(vectors)))
define(add_products, lambda tile, a, starts, k, b, i, count: tile if constant(count) else None)
define(store_tile, lambda array, starts, tile, columns: types.none)


@lower_builtin(pick, types.Array, types.Integer, types.Integer, types.Integer)
def lower_pick(context, build, sig, arguments):
    first, last = (context.cast(build, arguments[n], sig.args[n], types.intp) for n in (1, 2))
    found = []
    for i in range(len(sig.return_type)):
        position = build.add(first, first.type(i))
        position = build.select(build.icmp_signed("<", position, last), position, last)
        found.append(build.load(pointer_to(context, build, sig.args[0], arguments[0], position)))
    return context.make_tuple(build, sig.return_type, found)


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


def add_outer(build, kind, sums, pointers, factors):
    """Emit sums += numbers at the pointers times factors.

    The empty assembly keeps LLVM from loading ahead, for which there are no registers: it would spill sums.
    """
    result = []
    for row, pointer in enumerate(pointers):
        number = splat(build, build.load(pointer), kind.vector)
        result += [multiply_add(build, number, factor, sums[row * kind.vectors + v])
                   for v, factor in enumerate(factors)]
    build.call(ir.InlineAsm(ir.FunctionType(ir.VoidType(), []), "", "~{memory}", side_effect=True), [])
    return result


@lower_builtin(store_tile, types.Array, types.UniTuple, TileType, types.Integer)
def lower_store_tile(context, build, sig, arguments):
    kind = sig.args[2]
    columns = context.cast(build, arguments[3], sig.args[3], types.intp)
    bases = [pointer_to(context, build, sig.args[0], arguments[0], start) for start in parts(build, arguments[1])]
    values = parts(build, arguments[2])
    whole = columns.type(kind.vectors * kind.vector.lanes)
    with build.if_else(build.icmp_signed(">=", columns, whole)) as (full, partial):
        with full:
            for n, value in enumerate(values):
                write(build, along(build, bases[n // kind.vectors], n % kind.vectors, kind), value)
        with partial:
            masks = [first_lanes(build, kind.vector, build.sub(columns, columns.type(v * kind.vector.lanes)))
                     for v in range(kind.vectors)]
            for n, value in enumerate(values):
                write_part(build, along(build, bases[n // kind.vectors], n % kind.vectors, kind), value,
                           masks[n % kind.vectors])
    return context.get_dummy_value()


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
