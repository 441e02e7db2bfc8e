"""Arithmetic with broadcasting, expand, cast. A thread computes one number of y."""
import operator

import numpy as np

from numbacnn.kernels.channels_last import flat

from .compile import Primitive, cuda, device, kernel
from .dtypes import is_floating
from .functions import PRIMITIVES
from .strided import follow, gather, numbers_of, walks

power_of, logarithm = PRIMITIVES["power"], PRIMITIVES["log"]
whole, modulo = PRIMITIVES["floor"], Primitive("fmod", np.fmod)


def arithmetic(name, operation):
    """Return the lowering of y = operation(a, b), to a kernel for equal shapes or one that broadcasts."""
    def equal(a, b, y):
        i = cuda.grid(1)
        if i < y.size:
            y[i] = operation(a[i], b[i])

    def broadcast(a, b, y, shape, a_strides, b_strides):
        i = cuda.grid(1)
        if i < y.size:
            y[i] = operation(a[follow(shape, a_strides, i)], b[follow(shape, b_strides, i)])

    equal = kernel(items=lambda y: y.size)(renamed(equal, name))
    broadcast = kernel(items=lambda y: y.size)(renamed(broadcast, f"{name}_broadcast"))

    def lower(a, b, y):
        """Lower to one kernel."""
        if a.shape == b.shape:
            return [(equal, flat(a, b, y))]
        a, b = a.broadcast(y.shape).physical(), b.broadcast(y.shape).physical()
        return [(broadcast, [numbers_of(a), numbers_of(b), y.flat(), *walks(y.physical().shape, a, b)])]

    return renamed(lower, name)


def renamed(function, name):
    """Give a function made by a factory its name."""
    function.__name__ = function.__qualname__ = name
    return function


@device
def larger(a, b):
    """Return the larger number, NaN where one is NaN."""
    return a if a > b or a != a else b


@device
def smaller(a, b):
    """Return the smaller number, NaN where one is NaN."""
    return a if a < b or a != a else b


@device
def share(a, b):
    """Return how much of its gradient a gets, if the larger of a and b gets it: half where they are equal."""
    return 0.0 if a < b else 0.5 if a == b else 1.0


@device
def slope(a, b):
    """Return b a^(b - 1), the derivative of a^b by a: 0 where b is."""
    return b * power_of(a, b - 1.0) if b != 0 else b


@device
def growth(a, b):
    """Return b log a, the derivative of b = a^n by n: 0 where a is and n at least 0; NaN where a is negative."""
    return b * 0.0 if a == 0 and abs(b) <= 1 else b * logarithm(a)


@device
def quotient(a, b):
    """Return the largest whole number up to a / b, of whole numbers; 0 where b is."""
    return a // b if b != 0 else a * 0


@device
def rest(a, b):
    """Return what a // b leaves, of whole numbers; 0 where b is 0."""
    return a % b if b != 0 else a * 0


@device
def real_rest(a, b):
    """Return a - floor(a / b) b, exactly, with the sign of b; NaN where b is 0."""
    left = modulo(a, b)
    return left + b if left != 0 and (left < 0) != (b < 0) else left


@device
def real_quotient(a, b):
    """Return the largest whole number up to a / b; a / b where b is 0."""
    if b == 0:
        return a / b
    left = modulo(a, b)
    exact = (a - left) / b
    if left != 0 and (left < 0) != (b < 0):
        exact -= 1.0
    below = whole(exact)
    return below + 1.0 if exact - below > 0.5 else below


add = arithmetic("add", operator.add)
subtract = arithmetic("subtract", operator.sub)
multiply = arithmetic("multiply", operator.mul)
divide = arithmetic("divide", operator.truediv)
maximum = arithmetic("maximum", larger)
minimum = arithmetic("minimum", smaller)
share_above = arithmetic("share_above", share)
power = arithmetic("power", power_of)
power_slope = arithmetic("power_slope", slope)
power_growth = arithmetic("power_growth", growth)
floor_divide_whole = arithmetic("floor_divide_whole", quotient)
floor_divide_real = arithmetic("floor_divide_real", real_quotient)
remainder_whole, remainder_real = arithmetic("remainder_whole", rest), arithmetic("remainder_real", real_rest)
equal, not_equal = arithmetic("equal", operator.eq), arithmetic("not_equal", operator.ne)
less, less_equal = arithmetic("less", operator.lt), arithmetic("less_equal", operator.le)
greater, greater_equal = arithmetic("greater", operator.gt), arithmetic("greater_equal", operator.ge)
bitwise_and, bitwise_or = arithmetic("bitwise_and", operator.and_), arithmetic("bitwise_or", operator.or_)
bitwise_xor = arithmetic("bitwise_xor", operator.xor)


def floor_divide(a, b, y):
    """Lower to the division of whole or of real numbers."""
    return (floor_divide_real if is_floating(y.dtype) else floor_divide_whole)(a, b, y)


def remainder(a, b, y):
    """Lower to the remainder of whole or of real numbers."""
    return (remainder_real if is_floating(y.dtype) else remainder_whole)(a, b, y)


@kernel(items=lambda y: y.size, arrange=flat)
def where(condition, a, b, y):
    i = cuda.grid(1)
    if i < y.size:
        y[i] = a[i] if condition[i] else b[i]


def expand(x, y):
    """Lower to one copy that reads the same numbers again."""
    return [gather(x.broadcast(y.shape).physical(), y)]


def cast(x, y):
    """Lower to a copy that converts; a bool is whether the number is not zero."""
    return [gather(x.flat(), y)]
