"""Functions of mathematics, and the derivatives of those that are primitives."""
import math

from numbacnn.kernels.functions.primitives import Values, cos, exp, floor, like, log, power, sin, sqrt, where

ERF_SLOPE = 2 / math.sqrt(math.pi)                       # of erf at 0
TINY, TIMES, ROOT = 2.0**-60, 2.0**100, 2.0**50
LOG_2, LOG_10 = math.log(2.0), math.log(10.0)
PER_LOG_2, PER_LOG_10 = 1 / LOG_2, 1 / LOG_10


def exp_backward(dy: Values, y: Values, /) -> Values:
    """dy * y."""
    return dy * y


def expm1_backward(dy: Values, y: Values, /) -> Values:
    """dy * (y + 1)."""
    return dy * (y + 1.0)


def log_backward(dy: Values, x: Values, /) -> Values:
    """dy / x."""
    return dy / x


def log1p_backward(dy: Values, x: Values, /) -> Values:
    """dy / (x + 1)."""
    return dy / (x + 1.0)


def log2(x: Values, /) -> Values:
    """log(x) / log(2)."""
    return log(x) * PER_LOG_2


def log2_backward(dy: Values, x: Values, /) -> Values:
    """dy / (x * log(2))."""
    return dy / (x * LOG_2)


def log10(x: Values, /) -> Values:
    """log(x) / log(10)."""
    return log(x) * PER_LOG_10


def log10_backward(dy: Values, x: Values, /) -> Values:
    """dy / (x * log(10))."""
    return dy / (x * LOG_10)


def erf_backward(dy: Values, x: Values, /) -> Values:
    """dy * 2 / sqrt(pi) * exp(-x^2)."""
    return dy * (ERF_SLOPE * exp(-x * x))


def sin_backward(dy: Values, x: Values, /) -> Values:
    """dy * cos(x)."""
    return dy * cos(x)


def cos_backward(dy: Values, x: Values, /) -> Values:
    """-dy * sin(x)."""
    return -dy * sin(x)


def sqrt_backward(dy: Values, y: Values, /) -> Values:
    """dy / (2 * y)."""
    return dy / (2.0 * y)


def rsqrt(x: Values, /) -> Values:
    """1 / sqrt(x), written so that no processor's estimate of it, which has no infinity, takes its place."""
    tiny = x < TINY                                      # the reciprocal of x itself may be infinite
    z = where(tiny, x * TIMES, x)
    y = where(z == 0.0, 1.0 / x, where(z == math.inf, 0.0, sqrt(z) / z))
    return where(tiny, y * ROOT, y)


def rsqrt_backward(dy: Values, y: Values, /) -> Values:
    """-dy / 2 * y^3."""
    return -0.5 * dy * y * y * y


def square(x: Values, /) -> Values:
    """x * x."""
    return x * x


def square_backward(dy: Values, x: Values, /) -> Values:
    """2 * dy * x."""
    return 2.0 * dy * x


def reciprocal(x: Values, /) -> Values:
    """1 / x."""
    return 1.0 / x


def reciprocal_backward(dy: Values, y: Values, /) -> Values:
    """-dy * y^2."""
    return -dy * y * y


def absolute(x: Values, /) -> Values:
    """The number without its sign."""
    return abs(x)


def absolute_backward(dy: Values, x: Values, /) -> Values:
    """dy * sign(x)."""
    return where(x > 0.0, dy, where(x < 0.0, -dy, 0.0))


def sign(x: Values, /) -> Values:
    """1, -1, or 0, also where x is NaN."""
    return where(x > 0.0, 1.0, where(x < 0.0, -1.0, like(x, 0.0)))


def one(x: Values, /) -> Values:
    """1, whatever x is: x to the power of 0."""
    return like(x, 1.0)


def ceil(x: Values, /) -> Values:
    """The smallest whole number that is not less."""
    return -floor(-x)


def clamp(x: Values, /, least: float, most: float) -> Values:
    """x, but at least `least`, and at most `most`, which wins."""
    raised = where(x < least, least, x)
    return where(raised > most, most, raised)


def clamp_backward(dy: Values, x: Values, /, least: float, most: float) -> Values:
    """dy where x lies between the two, or is one of them."""
    return where((x >= least) & (x <= most), dy, 0.0)


def cube(x: Values, /) -> Values:
    """x * x * x."""
    return x * x * x


def cube_backward(dy: Values, x: Values, /) -> Values:
    """3 * dy * x^2."""
    return 3.0 * dy * x * x


def powered(x: Values, /, exponent: float) -> Values:
    """x to the power of a number."""
    return power(x, exponent)


def powered_backward(dy: Values, x: Values, /, exponent: float) -> Values:
    """dy * exponent * x^(exponent - 1)."""
    return dy * (exponent * power(x, exponent - 1.0))
