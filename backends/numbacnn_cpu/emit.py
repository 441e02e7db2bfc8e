"""What vectors are to Numba and LLVM: their types, and the instructions that functions on them emit."""
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import models, register_model

from .isa import FUSES, REGISTER

INT32 = ir.IntType(32)
REAL = {types.float32: ir.FloatType(), types.float64: ir.DoubleType()}


class VectorType(types.Type):
    """Numbers in a register."""

    def __init__(self, dtype):
        self.dtype, self.lanes = dtype, REGISTER * 8 // dtype.bitwidth
        self.llvm = ir.VectorType(REAL[dtype], self.lanes)
        super().__init__(name=f"vector({dtype}, {self.lanes})")


class MaskType(types.Type):
    """Truth values, one for each number of a vector."""

    def __init__(self, lanes):
        self.lanes, self.llvm = lanes, ir.VectorType(ir.IntType(1), lanes)
        super().__init__(name=f"mask({lanes})")


@register_model(VectorType)
@register_model(MaskType)
class InRegister(models.PrimitiveModel):
    """Both are values of LLVM's."""

    def __init__(self, manager, kind):
        super().__init__(manager, kind, kind.llvm)


def is_vector(kind):
    """Whether a Numba type is a vector's."""
    return isinstance(kind, VectorType)


def bits(vector):
    """Return the bits of each number of a vector of LLVM's."""
    if isinstance(vector.element, ir.IntType):
        return vector.element.width
    return 32 if isinstance(vector.element, ir.FloatType) else 64


def suffix(vector):
    """Return how LLVM calls a vector in the name of a function."""
    return f"v{vector.count}{'i' if isinstance(vector.element, ir.IntType) else 'f'}{bits(vector)}"


def intrinsic(build, name, result, *arguments):
    """Return a function of LLVM's."""
    return cgutils.get_or_insert_function(build.module, ir.FunctionType(result, arguments), name)


def indices(numbers):
    """Return constants that say which lanes to take."""
    numbers = list(numbers)
    return ir.Constant(ir.VectorType(INT32, len(numbers)), numbers)


def pointer_to(context, build, kind, array, position=None):
    """Return the address of a number of an array: a value of Numba's, and one of LLVM's."""
    data = context.make_array(kind)(context, build, array).data
    return data if position is None else build.gep(data, [position])


def place(context, build, sig, arguments):
    """Return the address that the first two arguments of a call mean: an array, and a position."""
    position = context.cast(build, arguments[1], sig.args[1], types.intp)
    return pointer_to(context, build, sig.args[0], arguments[0], position)


def read(build, pointer, vector):
    """Emit the load of a vector."""
    found = build.load(build.bitcast(pointer, vector.as_pointer()))
    found.align = bits(vector) // 8
    return found


def read_part(build, pointer, kind, count):
    """Emit the load of the first so many numbers of a vector, and zeros."""
    pointer = build.bitcast(pointer, kind.llvm.as_pointer())
    call = intrinsic(build, f"llvm.masked.load.{suffix(kind.llvm)}.p0", kind.llvm, pointer.type, INT32,
                     MaskType(kind.lanes).llvm, kind.llvm)
    return build.call(call, [pointer, INT32(kind.dtype.bitwidth // 8), first_lanes(build, kind, count),
                             ir.Constant(kind.llvm, None)])


def write(build, pointer, value):
    """Emit the store of a vector."""
    build.store(value, build.bitcast(pointer, value.type.as_pointer())).align = bits(value.type) // 8


def write_part(build, pointer, value, mask):
    """Emit the store of those numbers of a vector that a mask picks."""
    vector = value.type
    pointer = build.bitcast(pointer, vector.as_pointer())
    call = intrinsic(build, f"llvm.masked.store.{suffix(vector)}.p0", ir.VoidType(), vector, pointer.type, INT32,
                     mask.type)
    build.call(call, [value, pointer, INT32(bits(vector) // 8), mask])


def first_lanes(build, kind, count):
    """Emit the mask of the first so many lanes."""
    index = ir.VectorType(ir.IntType(64), kind.lanes)
    one = build.insert_element(ir.Constant(index, ir.Undefined), count, INT32(0))
    every = build.shuffle_vector(one, one, indices([0] * kind.lanes))
    return build.icmp_signed("<", ir.Constant(index, list(range(kind.lanes))), every)


def splat(build, value, kind):
    """Emit a vector of equal numbers."""
    one = build.insert_element(ir.Constant(kind.llvm, ir.Undefined), value, INT32(0))
    return build.shuffle_vector(one, one, indices([0] * kind.lanes))


def multiply_add(build, a, b, c):
    """Emit a * b + c of vectors: rounded once where that is an instruction, else always twice.

    Without that instruction LLVM's `fma` calls a function for each number; its `fmuladd` may round differently from one
    place to the next.
    """
    if not FUSES:
        return build.fadd(build.fmul(a, b), c)
    kind = a.type
    return build.call(intrinsic(build, f"llvm.fma.{suffix(kind)}", kind, kind, kind, kind), [a, b, c])
