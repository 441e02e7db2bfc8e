"""Parts of numbers, for functions of vectors: the exponent and the significand, whole numbers near by, polynomials."""
import math

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import lower_builtin, type_callable

from .emit import MaskType, VectorType, intrinsic, is_vector, multiply_add, splat, suffix

DIGITS = {types.float32: 23, types.float64: 52}
ROOT_OF_HALF = {types.float32: 0x3F3504F3, types.float64: 0x3FE6A09E667F3BCD}       # its bits


def exponent(a):
    """Return k, whole, of positive normal numbers 2^k * m with m from sqrt(1/2) to sqrt(2)."""
    m, k = np.frexp(a)
    return (k - (m < a.dtype.type(math.sqrt(0.5)))).astype(a.dtype)


def significand(a):
    """Return m of positive normal numbers 2^k * m with m from sqrt(1/2) to sqrt(2)."""
    m, _ = np.frexp(a)
    return np.where(m < a.dtype.type(math.sqrt(0.5)), 2 * m, m).astype(a.dtype)


def scaled(a, k):
    """Return a * 2^k, for whole k from -2000 to 2000."""
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(a, np.nan_to_num(k).astype(int)).astype(a.dtype)


def nearest(a):
    """Return the whole number nearest to each; of two, the even one."""
    return np.rint(a)


def below(a):
    """Return the largest whole number that is not larger."""
    return np.floor(a)


def toward_zero(a):
    """Return the numbers without their digits after the point."""
    return np.trunc(a)


def where(mask, a, b):
    """Return a where the mask is true, b elsewhere; one of them may be a number."""
    dtype = a.dtype if isinstance(a, np.ndarray) else b.dtype
    return np.where(mask, a, b).astype(dtype)


def like(a, value):
    """Return a number as often as a vector has some."""
    return np.full_like(a, value)


def sine(a):
    """Return the sine, number by number."""
    return np.sin(a)


def cosine(a):
    """Return the cosine, number by number."""
    return np.cos(a)


def power(a, b):
    """Return each number to a power, number by number."""
    with np.errstate(all="ignore"):
        return np.power(a, a.dtype.type(b))


def polynomial(a, narrow, wide):
    """Return narrow[0] + narrow[1] a + narrow[2] a^2 ... of float32 vectors, the same with `wide` of float64 ones."""
    coefficients = narrow if a.dtype == np.float32 else wide
    p = np.full_like(a, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        p = p * a + a.dtype.type(coefficient)
    return p


def by_dtype(a, narrow, wide):
    """Return `narrow` as often as a has numbers if they are float32, else `wide`."""
    return np.full_like(a, narrow if a.dtype == np.float32 else wide)


def of_vectors(count):
    """Return a typing for functions of so many vectors that return one."""
    def typing(context):
        if count == 1:
            return lambda a: a if is_vector(a) else None
        return lambda a, b: a if is_vector(a) and a == b else None
    return typing


def with_number(context):
    """Type a function of a vector and a number."""
    return lambda a, value: a if is_vector(a) and isinstance(value, types.Number) else None


def chosen(context):
    """Type a function of a vector and of what it takes for each dtype."""
    return lambda a, narrow, wide: a if is_vector(a) else None


for function in (exponent, significand, nearest, below, toward_zero, sine, cosine):
    type_callable(function)(of_vectors(1))
for function in (like, power):
    type_callable(function)(with_number)
type_callable(scaled)(of_vectors(2))
type_callable(polynomial)(chosen)
type_callable(by_dtype)(chosen)


@type_callable(where)
def type_where(context):
    def typing(mask, a, b):
        vectors = {each for each in (a, b) if is_vector(each)}
        fits = all(is_vector(each) or isinstance(each, types.Number) for each in (a, b))
        return vectors.pop() if isinstance(mask, MaskType) and fits and len(vectors) == 1 else None
    return typing


class Bits:
    """A vector's numbers as whole ones, with the instructions to compute with these."""

    def __init__(self, build, kind):
        self.build, self.kind, self.digits = build, kind, DIGITS[kind.dtype]
        self.type = ir.VectorType(ir.IntType(kind.dtype.bitwidth), kind.lanes)

    def of(self, vector):
        """Return the bits of a vector."""
        return self.build.bitcast(vector, self.type)

    def constant(self, number):
        """Return a whole number as often as a vector has numbers."""
        return ir.Constant(self.type, [number] * self.kind.lanes)

    def exponent(self, vector):
        """Return k, as whole numbers."""
        apart = self.build.sub(self.of(vector), self.constant(ROOT_OF_HALF[self.kind.dtype]))
        return self.build.ashr(apart, self.constant(self.digits))


@lower_builtin(exponent, VectorType)
def lower_exponent(context, build, sig, arguments):
    return build.sitofp(Bits(build, sig.args[0]).exponent(arguments[0]), sig.args[0].llvm)


@lower_builtin(significand, VectorType)
def lower_significand(context, build, sig, arguments):
    bits = Bits(build, sig.args[0])
    raised = build.shl(bits.exponent(arguments[0]), bits.constant(bits.digits))
    return build.bitcast(build.sub(bits.of(arguments[0]), raised), sig.args[0].llvm)


@lower_builtin(scaled, VectorType, VectorType)
def lower_scaled(context, build, sig, arguments):
    kind, bits = sig.args[0], Bits(build, sig.args[0])
    result, k = arguments[0], build.fptosi(arguments[1], bits.type)
    half = build.ashr(k, bits.constant(1))              # 2^k itself may be no number: two factors
    bias = bits.constant((1 << (kind.dtype.bitwidth - bits.digits - 2)) - 1)
    for part in half, build.sub(k, half):
        power = build.shl(build.add(part, bias), bits.constant(bits.digits))
        result = build.fmul(result, build.bitcast(power, kind.llvm))
    return result


@lower_builtin(where, MaskType, VectorType, VectorType)
@lower_builtin(where, MaskType, VectorType, types.Number)
@lower_builtin(where, MaskType, types.Number, VectorType)
def lower_where(context, build, sig, arguments):
    kind = sig.return_type
    choices = [argument if is_vector(each) else splat(build, context.cast(build, argument, each, kind.dtype), kind)
               for argument, each in zip(arguments[1:], sig.args[1:], strict=True)]
    return build.select(arguments[0], *choices)


def by_llvm(function, name):
    """Lower a function to one of LLVM's; of sine and cosine there is no vector form, it calls them for each number."""
    @lower_builtin(function, VectorType)
    def lower(context, build, sig, arguments):
        kind = sig.args[0].llvm
        return build.call(intrinsic(build, f"llvm.{name}.{suffix(kind)}", kind, kind), arguments)


for function, name in ((nearest, "nearbyint"), (below, "floor"), (toward_zero, "trunc"), (sine, "sin"),
                       (cosine, "cos")):
    by_llvm(function, name)


@lower_builtin(like, VectorType, types.Number)
def lower_like(context, build, sig, arguments):
    return splat(build, context.cast(build, arguments[1], sig.args[1], sig.args[0].dtype), sig.args[0])


@lower_builtin(power, VectorType, types.Number)
def lower_power(context, build, sig, arguments):
    kind = sig.args[0].llvm
    function = intrinsic(build, f"llvm.pow.{suffix(kind)}", kind, kind, kind)
    return build.call(function, [arguments[0], lower_like(context, build, sig, arguments)])


@lower_builtin(polynomial, VectorType, types.BaseTuple, types.BaseTuple)
def lower_polynomial(context, build, sig, arguments):
    kind, which = sig.args[0], 1 if sig.args[0].dtype == types.float32 else 2
    numbers = [build.extract_value(arguments[which], position) for position in range(sig.args[which].count)]
    *others, p = [splat(build, context.cast(build, number, types.float64, kind.dtype), kind) for number in numbers]
    for coefficient in reversed(others):
        p = multiply_add(build, p, arguments[0], coefficient)
    return p


@lower_builtin(by_dtype, VectorType, types.Number, types.Number)
def lower_by_dtype(context, build, sig, arguments):
    kind, which = sig.args[0], 1 if sig.args[0].dtype == types.float32 else 2
    return splat(build, context.cast(build, arguments[which], sig.args[which], kind.dtype), kind)
