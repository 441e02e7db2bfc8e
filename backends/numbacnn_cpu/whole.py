"""Whole numbers beside vectors: int32, one for each number of a vector (simd.py). They tell where a maximum was."""
import operator

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, models, register_model, type_callable

from .emit import INT32, MaskType, VectorType, first_lanes, indices, intrinsic, is_vector, place
from .simd import lanes, select


class WholeType(types.Type):
    """Whole numbers in a register."""

    def __init__(self, lanes):
        self.lanes, self.llvm = lanes, ir.VectorType(INT32, lanes)
        super().__init__(name=f"whole({lanes})")


@register_model(WholeType)
class InRegister(models.PrimitiveModel):
    """A value of LLVM's."""

    def __init__(self, manager, kind):
        super().__init__(manager, kind, kind.llvm)


# --- in Python ---------------------------------------------------------------------------------------------------

def whole(array, number):
    """Return a number as many times as a vector of an array holds."""
    return np.full(lanes(array), number, np.int32)


def load_whole(array, i, beside):
    """Return the whole numbers at position i, as many as a vector of the array `beside` holds."""
    found = np.zeros(lanes(beside), np.int32)
    part = array[i:i + len(found)]
    found[:len(part)] = part
    return found


def store_whole(array, i, numbers, count):
    """Write the first whole numbers, at most `count`, to position i."""
    count = min(count, len(numbers))
    array[i:i + count] = numbers[:count]


def add_whole(numbers, number):
    """Return whole numbers, to each of which one is added."""
    return numbers + np.int32(number)


def wins(a, b):
    """Return a mask: where a is larger than b, or NaN."""
    return (a > b) | (a != a)


# --- compiled ----------------------------------------------------------------------------------------------------

def beside(array):
    """Return the type of whole numbers that go with vectors of an array."""
    return WholeType(VectorType(array.dtype).lanes)


@type_callable(whole)
def type_whole(context):
    return lambda array, number: beside(array)


@type_callable(load_whole)
def type_load_whole(context):
    return lambda array, i, other: beside(other)


@type_callable(store_whole)
def type_store_whole(context):
    return lambda array, i, numbers, count: types.none


@type_callable(add_whole)
def type_add_whole(context):
    return lambda numbers, number: numbers


@type_callable(wins)
def type_wins(context):
    return lambda a, b: MaskType(a.lanes) if is_vector(a) and a == b else None


@type_callable(select)
def type_select(context):
    return lambda mask, a, b: a if isinstance(a, WholeType) and a == b else None


@infer_global(operator.eq)
class Equal(AbstractTemplate):
    """Whole numbers can be compared."""

    def generic(self, arguments, keywords):
        if all(isinstance(kind, WholeType) for kind in arguments):
            return signature(MaskType(arguments[0].lanes), *arguments)


@lower_builtin(whole, types.Array, types.Integer)
def lower_whole(context, build, sig, arguments):
    kind = sig.return_type
    return repeated(build, kind, context.cast(build, arguments[1], sig.args[1], types.int32))


@lower_builtin(add_whole, WholeType, types.Integer)
def lower_add_whole(context, build, sig, arguments):
    return build.add(arguments[0], repeated(build, sig.args[0], context.cast(build, arguments[1], sig.args[1],
                                                                             types.int32)))


def repeated(build, kind, number):
    """Emit whole numbers that are all the same."""
    one = build.insert_element(ir.Constant(kind.llvm, ir.Undefined), number, INT32(0))
    return build.shuffle_vector(one, one, indices([0] * kind.lanes))


@lower_builtin(load_whole, types.Array, types.Integer, types.Array)
def lower_load_whole(context, build, sig, arguments):
    pointer = place(context, build, sig, arguments)
    found = build.load(build.bitcast(pointer, sig.return_type.llvm.as_pointer()))
    found.align = 4
    return found


@lower_builtin(store_whole, types.Array, types.Integer, WholeType, types.Integer)
def lower_store_whole(context, build, sig, arguments):
    kind, numbers = sig.args[2], arguments[2]
    pointer = build.bitcast(place(context, build, sig, arguments), kind.llvm.as_pointer())
    count = context.cast(build, arguments[3], sig.args[3], types.intp)
    with build.if_else(build.icmp_signed(">=", count, count.type(kind.lanes))) as (full, partial):
        with full:
            build.store(numbers, pointer).align = 4
        with partial:
            mask = first_lanes(build, kind, count)
            call = intrinsic(build, f"llvm.masked.store.v{kind.lanes}i32.p0", ir.VoidType(), kind.llvm, pointer.type,
                             INT32, mask.type)
            build.call(call, [numbers, pointer, INT32(4), mask])
    return context.get_dummy_value()


@lower_builtin(wins, VectorType, VectorType)
def lower_wins(context, build, sig, arguments):
    a, b = arguments
    return build.or_(build.fcmp_ordered(">", a, b), build.fcmp_unordered("uno", a, a))


@lower_builtin(select, MaskType, WholeType, WholeType)
def lower_select(context, build, sig, arguments):
    return build.select(*arguments)


@lower_builtin(operator.eq, WholeType, WholeType)
def lower_equal(context, build, sig, arguments):
    return build.icmp_signed("==", *arguments)
