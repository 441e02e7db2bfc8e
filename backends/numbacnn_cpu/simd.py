"""Vectors: as many numbers as a register holds, a type of which kernels write plain Python.

`load`, `store` and the rest each stand for one instruction or a few. Uncompiled, a vector is a NumPy array of so many
numbers, a mask one of booleans, and every function here does with them what the compiled one does. Arrays have one
axis, in C order; positions count its numbers. A vector may be loaded past the end of an array: memory is padded
(memory.py), and what is there must not be used.
"""
import operator

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, type_callable

from .emit import (
    INT32,
    REAL,
    MaskType,
    VectorType,
    first_lanes,
    indices,
    intrinsic,
    is_vector,
    multiply_add,
    place,
    pointer_to,
    read,
    read_part,
    splat,
    suffix,
    write,
    write_part,
)
from .isa import REGISTER

# --- in memory ---------------------------------------------------------------------------------------------------

def lanes(array):
    """Return how many numbers of an array a vector holds."""
    return REGISTER // array.itemsize


def load(array, i):
    """Return the vector at position i."""
    return load_part(array, i, lanes(array))


def load_part(array, i, count):
    """Return a vector of `count` numbers from position i, and zeros; of none if there is less than one."""
    found = np.zeros(lanes(array), array.dtype)
    part = array[i:i + max(0, min(count, len(found)))]
    found[:len(part)] = part
    return found


def store(array, i, vector):
    """Write a vector to position i."""
    array[i:i + len(vector)] = vector


def store_past(array, i, vector):
    """Write a vector to position i, a multiple of its length, past the caches: it is not read soon."""
    store(array, i, vector)


def store_part(array, i, vector, count):
    """Write the first numbers of a vector to position i; none if `count` is less than one."""
    count = max(0, min(count, len(vector)))
    array[i:i + count] = vector[:count]


def transpose(array, i, step, target, j, target_step):
    """Write rows from i, i + step ... as columns, to rows from j, j + target_step ...: all as long as a vector."""
    n = lanes(array)
    block = np.stack([load(array, i + row * step) for row in range(n)])
    for column in range(n):
        store(target, j + column * target_step, block[:, column])


def prefetch(array, i):
    """Have the numbers at position i brought into the second-level cache; any position will do."""


def fill(array, value):
    """Return a vector of equal numbers, of the dtype of an array."""
    return np.full(lanes(array), value, array.dtype)


def accumulate(array, i, vector):
    """Add a vector to the numbers at position i of an array of its dtype, or of float64: sums of many parts."""
    array[i:i + len(vector)] += vector


def one_dtype(array, *others):
    """Whether vectors, tiles or arrays have the dtype of an array: all are read and written as they are."""
    return isinstance(array, types.Array) and all(getattr(other, "dtype", None) == array.dtype for other in others)


def stored_as_is(array, vector):
    """Whether a vector can be written to an array: numbers are not converted."""
    return is_vector(vector) and one_dtype(array, vector)


@type_callable(lanes)
def type_lanes(context):
    return lambda array: types.intp if isinstance(array, types.Array) else None


@lower_builtin(lanes, types.Array)
def lower_lanes(context, build, sig, arguments):
    return context.get_constant(types.intp, VectorType(sig.args[0].dtype).lanes)


@type_callable(load)
def type_load(context):
    return lambda array, i: VectorType(array.dtype)


@type_callable(load_part)
def type_load_part(context):
    return lambda array, i, count: VectorType(array.dtype)


@type_callable(store)
def type_store(context):
    return lambda array, i, vector: types.none if stored_as_is(array, vector) else None


@type_callable(store_past)
def type_store_past(context):
    return lambda array, i, vector: types.none if stored_as_is(array, vector) else None


@type_callable(store_part)
def type_store_part(context):
    return lambda array, i, vector, count: types.none if stored_as_is(array, vector) else None


@type_callable(transpose)
def type_transpose(context):
    return lambda array, i, step, target, j, target_step: types.none if one_dtype(array, target) else None


@type_callable(prefetch)
def type_prefetch(context):
    return lambda array, i: types.none


@type_callable(fill)
def type_fill(context):
    return lambda array, value: VectorType(array.dtype)


@lower_builtin(load, types.Array, types.Integer)
def lower_load(context, build, sig, arguments):
    return read(build, place(context, build, sig, arguments), sig.return_type.llvm)


@lower_builtin(load_part, types.Array, types.Integer, types.Integer)
def lower_load_part(context, build, sig, arguments):
    count = context.cast(build, arguments[2], sig.args[2], types.intp)
    return read_part(build, place(context, build, sig, arguments), sig.return_type, count)


@lower_builtin(store, types.Array, types.Integer, VectorType)
def lower_store(context, build, sig, arguments):
    write(build, place(context, build, sig, arguments), arguments[2])
    return context.get_dummy_value()


@lower_builtin(store_past, types.Array, types.Integer, VectorType)
def lower_store_past(context, build, sig, arguments):
    vector = arguments[2]
    store = build.store(vector, build.bitcast(place(context, build, sig, arguments), vector.type.as_pointer()))
    store.align = REGISTER
    store.set_metadata("nontemporal", build.module.add_metadata([INT32(1)]))
    return context.get_dummy_value()


@lower_builtin(store_part, types.Array, types.Integer, VectorType, types.Integer)
def lower_store_part(context, build, sig, arguments):
    count = context.cast(build, arguments[3], sig.args[3], types.intp)
    write_part(build, place(context, build, sig, arguments), arguments[2], first_lanes(build, sig.args[2], count))
    return context.get_dummy_value()


@lower_builtin(transpose, types.Array, types.Integer, types.Integer, types.Array, types.Integer, types.Integer)
def lower_transpose(context, build, sig, arguments):
    kind = VectorType(sig.args[0].dtype)
    rows = [read(build, pointer, kind.llvm) for pointer in spaced(context, build, sig.args[:3], arguments[:3], kind)]
    half = kind.lanes // 2
    while half:                                                            # exchange ever smaller quarters
        here = [lane if not lane & half else kind.lanes + lane - half for lane in range(kind.lanes)]
        there = [lane + half if not lane & half else kind.lanes + lane for lane in range(kind.lanes)]
        for row in range(kind.lanes):
            if not row & half:
                pair = rows[row], rows[row + half]
                rows[row], rows[row + half] = (build.shuffle_vector(*pair, indices(each)) for each in (here, there))
        half //= 2
    for row, pointer in zip(rows, spaced(context, build, sig.args[3:], arguments[3:], kind), strict=True):
        write(build, pointer, row)
    return context.get_dummy_value()


def spaced(context, build, kinds, arguments, kind):
    """Return the addresses of as many positions as a vector has numbers, given an array, the first, and a step."""
    first, step = (context.cast(build, arguments[n], kinds[n], types.intp) for n in (1, 2))
    return [pointer_to(context, build, kinds[0], arguments[0], build.add(first, build.mul(step, step.type(n))))
            for n in range(kind.lanes)]


@lower_builtin(prefetch, types.Array, types.Integer)
def lower_prefetch(context, build, sig, arguments):
    pointer = build.bitcast(place(context, build, sig, arguments), ir.IntType(8).as_pointer())
    call = intrinsic(build, "llvm.prefetch.p0", ir.VoidType(), pointer.type, INT32, INT32, INT32)
    build.call(call, [pointer, INT32(0), INT32(2), INT32(1)])              # to read, near, data
    return context.get_dummy_value()


@lower_builtin(fill, types.Array, types.Number)
def lower_fill(context, build, sig, arguments):
    dtype = sig.return_type.dtype
    return splat(build, context.cast(build, arguments[1], sig.args[1], dtype), sig.return_type)


@type_callable(accumulate)
def type_accumulate(context):
    return lambda array, i, vector: (
        types.none if is_vector(vector) and array.dtype in (vector.dtype, types.float64) else None)


@lower_builtin(accumulate, types.Array, types.Integer, VectorType)
def lower_accumulate(context, build, sig, arguments):
    wide = ir.VectorType(REAL[sig.args[0].dtype], sig.args[2].lanes)
    pointer, added = place(context, build, sig, arguments), arguments[2]
    if added.type != wide:
        added = build.fpext(added, wide)
    write(build, pointer, build.fadd(read(build, pointer, wide), added))
    return context.get_dummy_value()


# --- arithmetic: + - * / and comparisons, and these --------------------------------------------------------------

def alike(a, value):
    """Return a vector of equal numbers, as many as in another, of its dtype."""
    return np.full_like(a, value)


def fma(a, b, c):
    """Return a * b + c, rounded once if the processor can (uncompiled: twice)."""
    return a * b + c


def larger(a, b):
    """Return a where it is not smaller than b, else b: so b where either is NaN."""
    return np.where(a >= b, a, b)


def select(mask, a, b):
    """Return a where the mask is true, b elsewhere."""
    return np.where(mask, a, b)


def root(a):
    """Return the square root."""
    return np.sqrt(a)


def total(a):
    """Return the sum of a vector's numbers: halves are added until one number is left."""
    while len(a) > 1:
        a = a[:len(a) // 2] + a[len(a) // 2:]
    return a[0]


@type_callable(alike)
def type_alike(context):
    return lambda a, value: a if is_vector(a) else None


@type_callable(fma)
def type_fma(context):
    return lambda a, b, c: a if is_vector(a) and a == b == c else None


@type_callable(larger)
def type_larger(context):
    return lambda a, b: a if is_vector(a) and a == b else None


@type_callable(select)
def type_select(context):
    return lambda mask, a, b: a if isinstance(mask, MaskType) and is_vector(a) and a == b else None


@type_callable(root)
def type_root(context):
    return lambda a: a if is_vector(a) else None


@type_callable(total)
def type_total(context):
    return lambda a: a.dtype if is_vector(a) else None


@lower_builtin(alike, VectorType, types.Number)
def lower_alike(context, build, sig, arguments):
    return splat(build, context.cast(build, arguments[1], sig.args[1], sig.args[0].dtype), sig.args[0])


@lower_builtin(fma, VectorType, VectorType, VectorType)
def lower_fma(context, build, sig, arguments):
    return multiply_add(build, *arguments)


@lower_builtin(larger, VectorType, VectorType)
def lower_larger(context, build, sig, arguments):
    a, b = arguments
    return build.select(build.fcmp_ordered(">=", a, b), a, b)


@lower_builtin(select, MaskType, VectorType, VectorType)
def lower_select(context, build, sig, arguments):
    return build.select(*arguments)


@lower_builtin(root, VectorType)
def lower_root(context, build, sig, arguments):
    kind = sig.args[0]
    return build.call(intrinsic(build, f"llvm.sqrt.{suffix(kind.llvm)}", kind.llvm, kind.llvm), arguments)


@lower_builtin(total, VectorType)
def lower_total(context, build, sig, arguments):
    vector, count = arguments[0], sig.args[0].lanes
    while count > 1:
        count //= 2
        halves = [build.shuffle_vector(vector, vector, indices(range(first, first + count))) for first in (0, count)]
        vector = build.fadd(*halves)
    return build.extract_element(vector, INT32(0))


def define_operator(function, result, emit, kind=VectorType):
    """Give vectors, or masks, an operator of Python's; a number beside a vector is as many equal ones."""
    @infer_global(function)
    class Typing(AbstractTemplate):
        def generic(self, arguments, keywords):
            vectors = [each for each in arguments if isinstance(each, kind)]
            others = [each for each in arguments if not isinstance(each, kind)]
            numbers = kind is VectorType and all(isinstance(each, types.Number) for each in others)
            if vectors and all(each == vectors[0] for each in vectors) and (numbers or not others):
                return signature(result(vectors[0]), *arguments)

    def lower(context, build, sig, arguments):
        vector = next(each for each in sig.args if isinstance(each, kind))
        return emit(build, *[argument if isinstance(each, kind) else
                             splat(build, context.cast(build, argument, each, vector.dtype), vector)
                             for argument, each in zip(arguments, sig.args, strict=True)])

    if function in (operator.neg, operator.invert, abs):
        forms = [(kind,)]
    else:
        forms = [(kind, kind), *[(kind, types.Number), (types.Number, kind)] * (kind is VectorType)]
    for form in forms:
        lower_builtin(function, *form)(lower)


def emit_absolute(build, a):
    """Emit the absolute values of a vector."""
    return build.call(intrinsic(build, f"llvm.fabs.{suffix(a.type)}", a.type, a.type), [a])


for function, name in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul"),
                       (operator.truediv, "fdiv"), (operator.neg, "fneg")):
    define_operator(function, lambda kind: kind,
                    lambda build, *arguments, name=name: getattr(build, name)(*arguments))
define_operator(abs, lambda kind: kind, emit_absolute)
for function, sign in ((operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.ge, ">="),
                       (operator.eq, "==")):
    define_operator(function, lambda kind: MaskType(kind.lanes),
                    lambda build, a, b, sign=sign: build.fcmp_ordered(sign, a, b))
define_operator(operator.ne, lambda kind: MaskType(kind.lanes), lambda build, a, b: build.fcmp_unordered("!=", a, b))
for function, name in ((operator.and_, "and_"), (operator.or_, "or_"), (operator.invert, "not_")):
    define_operator(function, lambda kind: kind,
                    lambda build, *masks, name=name: getattr(build, name)(*masks), MaskType)
