"""Conversions between dtypes. An item is one number.

A number of bfloat16 is the upper half of one of float32. To bfloat16 numbers go by way of float32, as in PyTorch and
ml_dtypes.
"""
import numpy as np

from numbacnn.kernels.channels_last import flat

from .compile import kernel
from .copies import bits

BFLOAT16 = np.dtype("bfloat16")
HALF, INFINITY, SIGN, QUIET = (np.uint32(n) for n in (0x7FFF, 0x7F800000, 0x80000000, 0x7FC00000))
PLACES, ONE = np.uint32(16), np.uint32(1)


def cast(x, y):
    """Lower to a conversion; a bool is whether the number is not zero."""
    if x.dtype == y.dtype:
        return copied(x, y)
    if x.dtype == BFLOAT16:
        return [(is_nonzero_word if y.dtype == np.bool_ else widen, [bits(x), y.flat()])]
    if y.dtype == BFLOAT16:
        return [(narrow, [x.flat(), bits(y)])]
    return [(is_nonzero if y.dtype == np.bool_ else convert, flat(x, y))]


def copied(x, y):
    """Lower to a copy, in the order in which numbers lie."""
    return [(convert, flat(x, y) if x.dtype != BFLOAT16 else [bits(x), bits(y)])]


@kernel(items=lambda y: y.size, arrange=flat)
def convert(x, y, begin, end):
    x, y = x[begin:end], y[begin:end]
    for i in range(y.size):
        y[i] = x[i]


@kernel(items=lambda y: y.size, arrange=flat)
def is_nonzero(x, y, begin, end):
    x, y = x[begin:end], y[begin:end]
    for i in range(y.size):
        y[i] = x[i] != 0


@kernel(items=lambda y: y.size)
def is_nonzero_word(x, y, begin, end):
    x, y = x[begin:end], y[begin:end]
    for i in range(y.size):
        y[i] = (x[i] & HALF) != 0


@kernel(items=lambda y: y.size)
def widen(x, y, begin, end):
    x, y = x[begin:end], y[begin:end]
    for i in range(y.size):
        y[i] = np.uint32(np.uint32(x[i]) << PLACES).view(np.float32)


@kernel(items=lambda y: y.size)
def narrow(x, y, begin, end):
    x, y = x[begin:end], y[begin:end]
    for i in range(y.size):
        word = np.float32(x[i]).view(np.uint32)
        rounded = word + HALF + ((word >> PLACES) & ONE)          # to nearest, to even where two are as near
        number = rounded if (word & ~SIGN) <= INFINITY else (word & SIGN) | QUIET
        y[i] = np.uint16(number >> PLACES)
