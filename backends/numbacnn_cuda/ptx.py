"""Instructions of the GPU that Python has no words for: each is a line of PTX, and in kernels a function.

In the simulator a function of the same name takes its place (ptx_simulated.py). Addresses of shared memory are numbers
of 32 bits, those of global memory of 64. Numbers of tf32 and pairs of bf16 come as uint32.
"""
import inspect

from .frontend import SIMULATED, intrinsic, memory_of, numba_type

if SIMULATED:
    from . import ptx_simulated
else:
    from llvmlite import ir

U16, U32, S32, U64, F32 = "uint16", "uint32", "int32", "uint64", "float32"
LETTERS = {"uint16": "h", "int32": "r", "uint32": "r", "uint64": "l", "float32": "f"}    # of operands, in constraints


def op(name, line, results=(), arguments=(), tied=0, memory=True, collective=False, twins=None):
    """Return a function for kernels that is a line of PTX.

    Parameters
    ----------
    name : str
        Its name, and that of its twin in the simulator.
    line : str
        What is executed; $0, $1, ... are first the results, then the arguments. {0}, {1} ... are whole numbers, which
        the kernel must write as such, or have as constants: they are further arguments.
    results, arguments : sequence of str
        Their types. One result is a number, several are a tuple.
    tied : int
        How many of the first arguments are in the registers of the first results: the line names them once.
    memory : bool
        Whether it reads or writes memory, or waits: then it stays where it is among others that do.
    collective : bool
        Whether the threads of a warp execute it together.
    twins : module, optional
        Where its twin is, if not in ptx_simulated.py.
    """
    if SIMULATED:
        return getattr(twins or ptx_simulated, name)
    written = sum(f"{{{n}}}" in line for n in range(4))
    constraints = ",".join([*(f"={LETTERS[each]}" for each in results), *map(str, range(tied)),
                            *(LETTERS[each] for each in arguments[tied:]), *["~{memory}"] * memory])
    given = [numba_type(each) for each in arguments]

    def define(context, *types):
        constants = [getattr(each, "literal_value", None) for each in types[len(given):]]
        if None in constants:
            return None
        text = line
        for n, constant in enumerate(constants):
            text = text.replace(f"{{{n}}}", str(constant))

        def generate(context, builder, signature, values):
            found = assembled(builder, text, constraints, results, values[:len(given)], memory, collective)
            if not results:
                return context.get_dummy_value()
            if len(results) == 1:
                return found
            parts = [builder.extract_value(found, n) for n in range(len(results))]
            return context.make_tuple(builder, signature.return_type, parts)

        return result_type(results)(*given, *types[len(given):]), generate

    return named(define, name, [f"a{n}" for n in range(len(given) + written)], line)


def named(define, name, parameters, line):
    """Register a function for kernels that has these parameters."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    define.__name__ = define.__qualname__ = name
    define.__signature__ = inspect.Signature([inspect.Parameter(each, kind) for each in ("context", *parameters)])
    made = intrinsic(define)
    made.line = line
    return made


def result_type(results):
    """Return the type of what a function with such results returns."""
    if not results:
        return numba_type("void")
    return numba_type(results[0] if len(results) == 1 else f"{results[0]}x{len(results)}")


def assembled(builder, text, constraints, results, values, memory, collective):
    """Emit a line of PTX; return its result."""
    kinds = [register_type(each) for each in results]
    kind = ir.VoidType() if not kinds else kinds[0] if len(kinds) == 1 else ir.LiteralStructType(kinds)
    line = ir.InlineAsm(ir.FunctionType(kind, [each.type for each in values]), text, constraints,
                        side_effect=memory or collective)
    return builder.call(line, values, attrs=("convergent",) if collective else ())


def register_type(name):
    """Return the type of a register that holds numbers of that type."""
    return ir.FloatType() if name == F32 else ir.IntType(int(name.strip("uint")))


def address_of_array():
    """Return the function address(array, index): where a number of an array of one axis lies in global memory."""
    def define(context, array, index):
        def generate(context, builder, signature, values):
            return place_in(context, builder, signature, values)

        return numba_type(U64)(array, numba_type("int64")), generate

    return named(define, "address", ["array", "index"], "")


def address_of_shared():
    """Return the function shared_address(array): where an array in shared memory begins."""
    def define(context, array):
        def generate(context, builder, signature, values):
            begin = memory_of(context, builder, signature.args[0], values[0])
            kind = ir.PointerType(addrspace=3) if begin.type.is_opaque else ir.PointerType(begin.type.pointee, 3)
            return builder.ptrtoint(builder.addrspacecast(begin, kind), ir.IntType(32))

        return numba_type(U32)(array), generate

    return named(define, "shared_address", ["array"], "")


def eight_of_array():
    """Return the function load_8(array, index): eight numbers of an array of float32 or bfloat16, as float32."""
    def define(context, array, index):
        def generate(context, builder, signature, values):
            place = place_in(context, builder, signature, values)
            if array.dtype.name == F32:
                found = [builder.extract_value(assembled(builder, LOAD_4.format("f32", at), "=f,=f,=f,=f,l", [F32] * 4,
                                                         [place], False, False), n) for at in (0, 16) for n in range(4)]
            else:
                pairs = assembled(builder, LOAD_4.format("b32", 0), "=r,=r,=r,=r,l", [U32] * 4, [place], False, False)
                found = [builder.bitcast(bits, ir.FloatType()) for n in range(4) for bits in halves(builder, pairs, n)]
            return context.make_tuple(builder, signature.return_type, found)

        return result_type([F32] * 8)(array, numba_type("int64")), generate

    return named(define, "load_8", ["array", "index"], LOAD_4)


def halves(builder, pairs, n):
    """Return the bits of two float32 that a pair of bfloat16 holds."""
    pair = builder.extract_value(pairs, n)
    return builder.shl(pair, ir.IntType(32)(16)), builder.and_(pair, ir.IntType(32)(0xFFFF0000))


def eight_to_array():
    """Return the function store_8(array, index, ...): it writes eight numbers, rounded where they are bfloat16."""
    names = [f"a{n}" for n in range(8)]

    def define(context, array, index, *numbers):
        def generate(context, builder, signature, values):
            place, values = place_in(context, builder, signature, values), values[2:]
            if array.dtype.name == F32:
                for at in 0, 4:
                    assembled(builder, STORE_4.format("f32", 4 * at), "l,f,f,f,f,~{memory}", [],
                              [place, *values[at:at + 4]], True, False)
            else:
                pairs = [assembled(builder, "cvt.rn.bf16x2.f32 $0, $2, $1;", "=r,f,f", [U32], values[n:n + 2], False,
                                   False) for n in range(0, 8, 2)]
                assembled(builder, STORE_4.format("b32", 0), "l,r,r,r,r,~{memory}", [], [place, *pairs], True, False)
            return context.get_dummy_value()

        return numba_type("void")(array, numba_type("int64"), *[numba_type(F32)] * 8), generate

    return named(define, "store_8", ["array", "index", *names], STORE_4)


def place_in(context, builder, signature, values):
    """Return the address of a number of an array, which are the first two values."""
    begin = memory_of(context, builder, signature.args[0], values[0])
    return builder.ptrtoint(builder.gep(begin, [values[1]]), ir.IntType(64))


LOAD_4 = "ld.global.nc.v4.{} {{$0, $1, $2, $3}}, [$4+{}];"
STORE_4 = "st.global.v4.{} [$0+{}], {{$1, $2, $3, $4}};"
address = ptx_simulated.address if SIMULATED else address_of_array()
shared_address = ptx_simulated.shared_address if SIMULATED else address_of_shared()

# --- memory ---------------------------------------------------------------------------------------------------------

load_4 = op("load_4", "ld.global.nc.v4.f32 {$0, $1, $2, $3}, [$4];", [F32] * 4, [U64], memory=False)
load_4_ints = op("load_4_ints", "ld.global.nc.v4.s32 {$0, $1, $2, $3}, [$4];", [S32] * 4, [U64], memory=False)
store_4 = op("store_4", "st.global.v4.f32 [$0], {$1, $2, $3, $4};", [], [U64] + [F32] * 4)
load_2_pairs = op("load_2_pairs", "ld.global.nc.v2.b32 {$0, $1}, [$2];", [U32] * 2, [U64], memory=False)
store_2_pairs = op("store_2_pairs", "st.global.v2.b32 [$0], {$1, $2};", [], [U64, U32, U32])
load_8 = ptx_simulated.load_8 if SIMULATED else eight_of_array()
store_8 = ptx_simulated.store_8 if SIMULATED else eight_to_array()
store_host = op("store_host", "st.volatile.global.u64 [$0], $1;", [], [U64, U64])       # seen by the host at once
load_shared_4 = op("load_shared_4", "ld.shared.v4.b32 {$0, $1, $2, $3}, [$4];", [U32] * 4, [U32])

# --- copies that go on while the thread does: bytes past `count` of the 16 become 0 -----------------------------------

copy_16 = op("copy_16", "cp.async.cg.shared.global.L2::128B [$0], [$1], 16, $2;", [], [U32, U64, U32])
copies_end = op("copies_end", "cp.async.commit_group;")                  # what was begun since the last is a group
copies_wait = op("copies_wait", "cp.async.wait_group {0};")              # until all but so many groups are there

# --- tensor cores: fragments of matrices, spread over the registers of a warp -----------------------------------------

MULTIPLY = "mma.sync.aligned.{} {{$0, $1, $2, $3}}, {{$8, $9, $10, $11}}, {{$12, $13}}, {{$0, $1, $2, $3}};"
multiply_tf32 = op("multiply_tf32", MULTIPLY.format("m16n8k8.row.col.f32.tf32.tf32.f32"), [F32] * 4,
                   [F32] * 4 + [U32] * 6, tied=4, memory=False, collective=True)
multiply_bf16 = op("multiply_bf16", MULTIPLY.format("m16n8k16.row.col.f32.bf16.bf16.f32"), [F32] * 4,
                   [F32] * 4 + [U32] * 6, tied=4, memory=False, collective=True)
load_matrices = op("load_matrices", "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {$0, $1, $2, $3}, [$4];", [U32] * 4,
                   [U32], collective=True)
load_turned_matrices = op("load_turned_matrices", "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {$0, $1, $2, $3}, "
                          "[$4];", [U32] * 4, [U32], collective=True)
# Tensor cores leave the lower 13 bits out. Before, a number becomes larger by a third to two thirds of the last unit
# that stays. So errors are 1.06 times those of rounding to nearest, at most two thirds of that unit in place of half of
# it. What tf32 holds stays as it is, and so do NaN and infinities. To add half a unit takes three instructions for one.
round_tf32 = op("round_tf32", "mul.f32 $0, $1, 0f3F800AAB;", [U32], [U32], memory=False)    # 1 + 2**-10 / 3
bits_as_float = op("bits_as_float", "mov.b32 $0, $1;", [F32], [U32], memory=False)
pair_of_bf16 = op("pair_of_bf16", "cvt.rn.bf16x2.f32 $0, $2, $1;", [U32], [F32, F32], memory=False)
float_as_bits = op("float_as_bits", "mov.b32 $0, $1;", [S32], [F32], memory=False)
