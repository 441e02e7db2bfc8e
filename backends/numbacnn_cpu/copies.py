"""Runs of numbers copied as they are. They are copied as bits: one specialisation serves all dtypes of a size."""
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import lower_builtin, type_callable

from .compile import compiled
from .emit import place, pointer_to

BITS = {1: np.dtype(np.uint8), 2: np.dtype(np.uint16), 4: np.dtype(np.int32), 8: np.dtype(np.int64)}


def bits(x):
    """Return the numbers of an array as they lie, as whole numbers of their size."""
    return x.flat()._replace(dtype=BITS[x.dtype.itemsize])


def copy_numbers(x, i, y, at, count):
    """Copy to y, from position `at`, so many numbers of x from position i, which lie elsewhere."""
    y[at:at + count] = x[i:i + count]


@type_callable(copy_numbers)
def type_copy_numbers(context):
    return lambda x, i, y, at, count: types.none if x.dtype == y.dtype else None


@lower_builtin(copy_numbers, types.Array, types.Integer, types.Array, types.Integer, types.Integer)
def lower_copy_numbers(context, build, sig, arguments):
    at, count = (context.cast(build, arguments[n], sig.args[n], types.intp) for n in (3, 4))
    itemsize = context.get_abi_sizeof(context.get_data_type(sig.args[0].dtype))
    cgutils.raw_memcpy(build, pointer_to(context, build, sig.args[2], arguments[2], at),
                       place(context, build, sig, arguments), build.mul(count, ir.Constant(count.type, itemsize)), 1)
    return context.get_dummy_value()


@compiled
def copy_run(x, i, step, y, at, count):
    """Copy to y, from position `at`, numbers of x from position i, `step` apart."""
    if step == 1:
        copy_numbers(x, i, y, at, count)
    elif step == -1:                                # said as a constant, so that the loop is vectorised
        first, there = np.uintp(i), np.uintp(at)    # unsigned: slab.py says why
        for k in range(np.uintp(count)):
            y[there + k] = x[first - k]
    else:
        for k in range(count):
            y[at + k] = x[i + k * step]


@compiled
def fill_run(y, at, count, value):
    """Write a number to so many positions of y."""
    there = np.uintp(at)
    for k in range(np.uintp(max(count, 0))):
        y[there + k] = value
