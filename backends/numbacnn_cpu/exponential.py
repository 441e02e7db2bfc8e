"""What softmax needs of vectors beyond simd.py: exp, to one unit in the last place or two, and the largest number.

exp x = 2^k exp r with a whole number k and |r| <= log(2) / 2, where exp r is close to a polynomial. Its coefficients,
from r^2 on, are those of an interpolation in Chebyshev's points.
"""
import math

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import lower_builtin, type_callable

from .emit import INT32, MaskType, VectorType, first_lanes, indices, is_vector, multiply_add
from .simd import lanes


class Constants:
    """What differs between float32 and float64."""

    def __init__(self, digits, lowest, highest, coefficients):
        self.digits, self.lowest, self.highest, self.coefficients = digits, lowest, highest, coefficients
        self.bias = (1 << (31 if digits == 23 else 63) - digits - 1) - 1
        self.rounder = 1.5 * 2.0**digits                # added to a number, it leaves the whole number nearest
        kept = digits // 2 + 1                          # digits of log 2 whose product with k is exact
        self.log2_high = math.floor(math.log(2) * 2.0**kept) / 2.0**kept
        self.log2_low = float(np.log(np.longdouble(2)) - self.log2_high)


FLOAT32 = Constants(23, -110.0, 90.0, (0.500000001353873, 0.16666666681704215, 0.04166646419740569,
                                      0.008333310844647862, 0.0013933730715792083, 0.00019891080463998843))
FLOAT64 = Constants(52, -750.0, 720.0, (0.5, 0.1666666666666667, 0.04166666666666667, 0.008333333333326084,
                                       0.0013888888888883711, 0.0001984126987500228, 2.480158732567746e-05,
                                       2.755725517000089e-06, 2.755727347871858e-07, 2.5105312729622103e-08,
                                       2.09147553258932e-09))


def exponential(a):
    """Return e to the power of each number."""
    with np.errstate(over="ignore"):
        return np.exp(a)


def first(array, count):
    """Return a mask, for vectors of an array, that is true for the first `count` numbers."""
    return np.arange(lanes(array)) < count


def highest(a):
    """Return the largest number; any of them where one is NaN."""
    while len(a) > 1:
        left, right = a[:len(a) // 2], a[len(a) // 2:]
        a = np.where(left >= right, left, right)
    return a[0]


@type_callable(exponential)
def type_exponential(context):
    return lambda a: a if is_vector(a) else None


@type_callable(first)
def type_first(context):
    return lambda array, count: MaskType(VectorType(array.dtype).lanes)


@type_callable(highest)
def type_highest(context):
    return lambda a: a.dtype if is_vector(a) else None


@lower_builtin(highest, VectorType)
def lower_highest(context, build, sig, arguments):
    vector, count = arguments[0], sig.args[0].lanes
    while count > 1:
        count //= 2
        left, right = (build.shuffle_vector(vector, vector, indices(range(at, at + count))) for at in (0, count))
        vector = build.select(build.fcmp_ordered(">=", left, right), left, right)
    return build.extract_element(vector, INT32(0))


@lower_builtin(first, types.Array, types.Integer)
def lower_first(context, build, sig, arguments):
    return first_lanes(build, VectorType(sig.args[0].dtype), context.cast(build, arguments[1], sig.args[1], types.intp))


@lower_builtin(exponential, VectorType)
def lower_exponential(context, build, sig, arguments):
    kind = sig.args[0]
    constants = FLOAT32 if kind.dtype == types.float32 else FLOAT64
    whole = ir.VectorType(ir.IntType(kind.dtype.bitwidth), kind.lanes)

    def equal(value):
        return ir.Constant(kind.llvm, [value] * kind.lanes)

    def shifted(number, by):
        return getattr(build, by)(number, ir.Constant(whole, [1 if by == "ashr" else constants.digits] * kind.lanes))

    x = arguments[0]                                    # NaN stays, for comparisons with it are false
    x = build.select(build.fcmp_ordered("<", x, equal(constants.lowest)), equal(constants.lowest), x)
    x = build.select(build.fcmp_ordered(">", x, equal(constants.highest)), equal(constants.highest), x)
    rounded = multiply_add(build, x, equal(math.log2(math.e)), equal(constants.rounder))
    k = build.fsub(rounded, equal(constants.rounder))
    r = multiply_add(build, k, equal(-constants.log2_high), x)
    r = multiply_add(build, k, equal(-constants.log2_low), r)
    p = equal(constants.coefficients[-1])
    for coefficient in reversed(constants.coefficients[:-1]):
        p = multiply_add(build, p, r, equal(coefficient))
    p = multiply_add(build, build.fmul(r, r), p, r)
    result = build.fadd(p, equal(1.0))
    exponent = build.sub(build.bitcast(rounded, whole), build.bitcast(equal(constants.rounder), whole))
    half = shifted(exponent, "ashr")                    # 2^k itself may be no number: two factors
    for part in half, build.sub(exponent, half):
        power = shifted(build.add(part, ir.Constant(whole, [constants.bias] * kind.lanes)), "shl")
        result = build.fmul(result, build.bitcast(power, kind.llvm))
    return result
