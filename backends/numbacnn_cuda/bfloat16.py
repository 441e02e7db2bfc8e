"""bfloat16 in memory, float32 in registers: how Numba reads and writes numbers of 16 bits.

Only frontend.py imports this. The type below is that of an array's numbers and never that of a value: what is read is a
float32, and what is written is rounded to nearest, ties to even, once.
"""
from llvmlite import ir
from numba.cuda import types
from numba.cuda.datamodel.models import PrimitiveModel
from numba.cuda.extending import lower_cast, register_model
from numba.cuda.typing import arraydecl

HALF, WORD, SINGLE = ir.IntType(16), ir.IntType(32), ir.FloatType()
CONVERTS = 800            # __CUDA_ARCH__ from which on there is an instruction that rounds


class Stored(types.Type):
    """The type of a number of 16 bits in memory."""

    def __init__(self):
        super().__init__("bfloat16")


bfloat16 = Stored()


@register_model(Stored)
class StoredModel(PrimitiveModel):
    """A float32 as a value, 16 bits as data."""

    def __init__(self, manager, kind):
        super().__init__(manager, kind, SINGLE)

    def get_data_type(self):
        """Return the type in memory."""
        return HALF

    def as_data(self, builder, value):
        """Return what is written of a number."""
        return rounded(builder, value)

    def from_data(self, builder, value):
        """Return the number that was read."""
        return builder.bitcast(builder.shl(builder.zext(value, WORD), WORD(16)), SINGLE)


def rounded(builder, value):
    """Return the upper 16 bits of a float32, rounded to nearest, ties to even: NaN stays NaN."""
    with builder.if_else(builder.icmp_signed(">=", architecture(builder), WORD(CONVERTS))) as (newer, older):
        with newer:
            line = ir.InlineAsm(ir.FunctionType(HALF, [SINGLE]), "cvt.rn.bf16.f32 $0, $1;", "=h,f")
            by_instruction, newer = builder.call(line, [value]), builder.block
        with older:
            bits = builder.bitcast(value, WORD)
            odd = builder.and_(builder.lshr(bits, WORD(16)), WORD(1))
            upper = builder.lshr(builder.add(bits, builder.add(odd, WORD(0x7FFF))), WORD(16))
            number = builder.fcmp_ordered("==", value, value)
            by_bits, older = builder.trunc(builder.select(number, upper, WORD(0x7FFF)), HALF), builder.block
    found = builder.phi(HALF)
    found.add_incoming(by_instruction, newer)
    found.add_incoming(by_bits, older)
    return found


def architecture(builder):
    """Return __CUDA_ARCH__, which is known when machine code is made: a function for several has both branches."""
    module, text = builder.module, bytearray(b"__CUDA_ARCH\0")
    name = "numbacnn.architecture"
    if name not in module.globals:
        made = ir.GlobalVariable(module, ir.ArrayType(ir.IntType(8), len(text)), name, addrspace=4)
        made.linkage, made.global_constant = "internal", True
        made.initializer = ir.Constant(made.value_type, text)
    pointer = ir.IntType(8).as_pointer()
    reflect = module.globals.get("__nvvm_reflect") or ir.Function(
        module, ir.FunctionType(WORD, [pointer]), "__nvvm_reflect")
    generic = builder.addrspacecast(module.globals[name], pointer)
    return builder.call(reflect, [generic])


@lower_cast(types.Float, Stored)
@lower_cast(types.Integer, Stored)
@lower_cast(types.Boolean, Stored)
def single(context, builder, kind, target, value):
    """Return a number as a float32; it is rounded where it is stored."""
    return value if kind == types.float32 else context.cast(builder, value, kind, types.float32)


known_index = arraydecl.get_array_index_type


def read_as_float32(array, index):
    """Return what Numba knows of array[index], a number of 16 bits being a float32: as values they are the same."""
    found = known_index(array, index)
    return found._replace(result=types.float32) if found and found.result == bfloat16 else found
