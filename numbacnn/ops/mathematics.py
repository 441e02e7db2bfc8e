"""Functions of mathematics, number by number. Whole numbers become float32 first, except where they stay whole."""
from typing import Any

from numbacnn.autograd import Tensor
from numbacnn.dtypes import FLOATING
from numbacnn.errors import DTypeError
from numbacnn.ops.check import any_tensor, kind
from numbacnn.ops.elementwise import add, apply, binary, maximum, minimum, multiply, negative
from numbacnn.ops.mapped import mapped, real, stepped
from numbacnn.ops.operands import operands
from numbacnn.options import number


def exp(x: Tensor) -> Tensor:
    """Return e to the power of x. Keeps its output."""
    return mapped("exp", real("exp", x))


def expm1(x: Tensor) -> Tensor:
    """Return exp(x) - 1, exact near 0, too. Keeps its output."""
    return mapped("expm1", real("expm1", x))


def log(x: Tensor) -> Tensor:
    """Return the natural logarithm: -inf of 0, NaN of negative numbers. Keeps x."""
    return mapped("log", real("log", x))


def log1p(x: Tensor) -> Tensor:
    """Return log(1 + x), exact near 0, too. Keeps x."""
    return mapped("log1p", real("log1p", x))


def log2(x: Tensor) -> Tensor:
    """Return the logarithm to the base 2. Keeps x."""
    return mapped("log2", real("log2", x))


def log10(x: Tensor) -> Tensor:
    """Return the logarithm to the base 10. Keeps x."""
    return mapped("log10", real("log10", x))


def sqrt(x: Tensor) -> Tensor:
    """Return the square root. Keeps its output."""
    return mapped("sqrt", real("sqrt", x))


def rsqrt(x: Tensor) -> Tensor:
    """Return 1 / sqrt(x). Keeps its output."""
    return mapped("rsqrt", real("rsqrt", x))


def square(x: Tensor) -> Tensor:
    """Return x * x. Keeps x."""
    return mapped("square", x) if _is_real(x) else multiply(x, x)


def reciprocal(x: Tensor) -> Tensor:
    """Return 1 / x. Keeps its output."""
    return mapped("reciprocal", real("reciprocal", x))


def erf(x: Tensor) -> Tensor:
    """Return the error function: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. Keeps x."""
    return mapped("erf", real("erf", x))


def sin(x: Tensor) -> Tensor:
    """Return the sine. Keeps x."""
    return mapped("sin", real("sin", x))


def cos(x: Tensor) -> Tensor:
    """Return the cosine. Keeps x."""
    return mapped("cos", real("cos", x))


def absolute(x: Tensor) -> Tensor:
    """Return the number without its sign; its gradient at 0 is 0. Keeps x."""
    any_tensor("absolute", "x", x)
    return mapped("absolute", x) if _is_real(x) else maximum(x, negative(x))


def sign(x: Tensor) -> Tensor:
    """Return 1, -1, or 0 (of NaN, too); the gradient is 0."""
    any_tensor("sign", "x", x)
    return stepped("sign", x) if _is_real(x) else minimum(maximum(x, -1), 1)


def floor(x: Tensor) -> Tensor:
    """Return the largest whole number that is not more than x; the gradient is 0."""
    return stepped("floor", x)


def ceil(x: Tensor) -> Tensor:
    """Return the smallest whole number that is not less than x; the gradient is 0."""
    return stepped("ceil", x)


def trunc(x: Tensor) -> Tensor:
    """Return x without the digits after the point; the gradient is 0."""
    return stepped("trunc", x)


def round(x: Tensor) -> Tensor:
    """Return the nearest whole number, of two the even one; the gradient is 0."""
    return stepped("rint", x)


def clamp(x: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Return x, but at least `min` and at most `max`, which wins where they cross. NaN stays.

    Parameters
    ----------
    x : Tensor
        Numbers.
    min, max : number or Tensor, optional
        The limits, one at least. Tensors broadcast.

    Returns
    -------
    Tensor
        Keeps x; the gradient is that of x where it lies between the limits or on one of them (beside a tensor's limit:
        half of it), else 0.
    """
    any_tensor("clamp", "x", x)
    if min is None and max is None:
        raise DTypeError("clamp: one of min and max must be given, got None and None")
    if not _is_real(x) or any(isinstance(limit, Tensor) for limit in (min, max)):
        raised = x if min is None else maximum(x, min)
        return raised if max is None else minimum(raised, max)
    least = -float("inf") if min is None else number("clamp", "min", min, infinite=True)
    most = float("inf") if max is None else number("clamp", "max", max, infinite=True)
    return mapped("clamp", x, least=least, most=most)


def clamp_min(x: Tensor, min: Any) -> Tensor:
    """Return x, but at least `min`. Parameters are those of `clamp`."""
    return clamp(x, min=min)


def clamp_max(x: Tensor, max: Any) -> Tensor:
    """Return x, but at most `max`. Parameters are those of `clamp`."""
    return clamp(x, max=max)


def power(a: Any, b: Any) -> Tensor:
    """Return a to the power of b.

    Parameters
    ----------
    a, b : Tensor or number
        One a tensor at least. A whole number to a negative power is refused.

    Returns
    -------
    Tensor
        Keeps a; where b is a tensor, b and the result, too.

    Notes
    -----
    Gradients: b * a^(b - 1), and a^b * log(a), which is 0 where a is and b >= 0, and NaN where a is negative.
    """
    if isinstance(a, Tensor) and not isinstance(b, Tensor) and _is_real(a):
        return _to_number(a, number("power", "b", b, infinite=True))
    if isinstance(a, Tensor) and not _is_real(a) and isinstance(b, int) and 0 <= b <= MOST:
        return _product(a, b)
    a, b = operands("power", a, b)
    if a.array.dtype not in FLOATING:
        raise DTypeError(f"power: whole numbers may be raised to a number from 0 to {MOST}, got {a.array.dtype} to the "
                         f"power of {b}; convert one with .to(numbacnn.float32)")
    return binary("power", a, b, lambda dy, a, b, y: apply("multiply", dy, apply("power_slope", a, b)),
                  lambda dy, a, b, y: apply("multiply", dy, apply("power_growth", a, y)))


SIMPLE = {2.0: square, 0.5: sqrt, -1.0: reciprocal, -0.5: rsqrt}
MOST = 64


def _product(x: Tensor, exponent: int) -> Tensor:
    """A power of whole numbers, by squares."""
    if exponent == 0:
        return add(multiply(x, 0), 1)
    half = _product(x, exponent // 2) if exponent > 1 else x
    y = multiply(half, half) if exponent > 1 else x
    return multiply(y, x) if exponent > 1 and exponent % 2 else y


def _to_number(x: Tensor, exponent: float) -> Tensor:
    if exponent in SIMPLE:
        return SIMPLE[exponent](x)
    if exponent == 0:
        return stepped("one", x)
    if exponent == 3:
        return mapped("cube", x)
    return mapped("powered", x, exponent=exponent)


def _is_real(x: Tensor) -> bool:
    if not isinstance(x, Tensor):
        raise DTypeError(f"power: operands must be tensors or numbers, got {kind(x)}")
    return x.array.dtype in FLOATING
