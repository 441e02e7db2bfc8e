"""What a warp does with many registers at once: products of fragments of matrices, and how they get to shared memory.

Registers are a local array of the thread. Only constants may tell which one is meant, or they would lie in memory: so
these functions are made of as many lines of PTX (ptx.py) as there are fragments, not of loops.
"""
from .frontend import SIMULATED, memory_of, numba_type
from .ptx import F32, U32, assembled, multiply_bf16, multiply_tf32, named

if SIMULATED:
    from . import ptx_simulated
else:
    from llvmlite import ir

MULTIPLY = {"tf32": multiply_tf32, "bf16": multiply_bf16}


def multiplication(kind, high, wide):
    """Return the function multiply(total, a, b): total += a b, for 16 high x 8 wide numbers of a warp.

    total has 4 registers for each 16 x 8, row by row; a has 4 for each 16 rows, b has 2 for each 8 columns.
    """
    pairs = [(i, j if i % 2 == 0 else wide - 1 - j) for i in range(high) for j in range(wide)]  # b is used again soon
    if SIMULATED:
        one = MULTIPLY[kind]

        def multiply(total, a, b):
            for i, j in pairs:
                at = 4 * (i * wide + j)
                total[at:at + 4] = one(*total[at:at + 4], *a[4 * i:4 * i + 4], *b[2 * j:2 * j + 2])

        return multiply
    line = MULTIPLY[kind].line

    def define(context, total, a, b):
        def generate(context, builder, signature, values):
            totals, left, right = [registers(context, builder, kind, value, count) for kind, value, count in zip(
                signature.args, values, (4 * high * wide, 4 * high, 2 * wide), strict=True)]
            left, right = [[builder.load(each) for each in found] for found in (left, right)]
            for i, j in pairs:
                at = 4 * (i * wide + j)
                given = [builder.load(each) for each in totals[at:at + 4]]
                found = assembled(builder, line, "=f,=f,=f,=f,0,1,2,3,r,r,r,r,r,r", [F32] * 4,
                                  [*given, *left[4 * i:4 * i + 4], *right[2 * j:2 * j + 2]], False, True)
                for n in range(4):
                    builder.store(builder.extract_value(found, n), totals[at + n])
            return context.get_dummy_value()

        return numba_type("void")(total, a, b), generate

    return named(define, "multiply", ["total", "a", "b"], f"{line} {high} {wide}")


def storing(layout):
    """Return the function put(total, place): write registers to shared memory.

    Parameters
    ----------
    layout : sequence of (offset, register, ...)
        Two or four registers that are written together, so many bytes after the place.
    """
    if SIMULATED:
        def put(total, place):
            for offset, *given in layout:
                ptx_simulated.store_shared(place + offset, [total[register] for register in given])

        return put
    count = 1 + max(register for _, *given in layout for register in given)

    def define(context, total, place):
        def generate(context, builder, signature, values):
            totals = registers(context, builder, signature.args[0], values[0], count)
            for offset, *given in layout:
                names = ", ".join(f"${n + 1}" for n in range(len(given)))
                line = f"st.shared.v{len(given)}.f32 [$0+{offset}], {{{names}}};"
                found = [builder.load(totals[register]) for register in given]
                assembled(builder, line, ",".join("r" + "f" * len(given)) + ",~{memory}", [], [values[1], *found], True,
                          False)
            return context.get_dummy_value()

        return numba_type("void")(total, numba_type(U32)), generate

    return named(define, "put", ["total", "place"], repr(layout))


def registers(context, builder, kind, array, count):
    """Return pointers to the first numbers of a local array."""
    begin = memory_of(context, builder, kind, array)
    return [builder.gep(begin, [ir.IntType(64)(n)]) for n in range(count)]
