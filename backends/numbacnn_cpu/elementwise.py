"""Arithmetic with broadcasting, expand. An item is one number of y."""
import operator

import numpy as np

from numbacnn.kernels.channels_last import flat

from .compile import compiled, kernel
from .strided import broadcast_table, follow, gather, rows_from


def arithmetic(name, operation):
    """Return the lowering of y = operation(a, b), to a kernel for equal shapes or one that broadcasts."""
    def equal(a, b, y, begin, end):
        a, b, y = a[begin:end], b[begin:end], y[begin:end]
        for i in range(y.size):
            y[i] = operation(a[i], b[i])

    def broadcast(a, b, y, axes, begin, end):
        a_step, b_step = axes[1, 0], axes[2, 0]
        at = begin
        while at < end:
            plane, row, column, rows, length = rows_from(axes[0], at, end)
            i = column * a_step + row * axes[1, 1] + follow(axes[0, 2:], axes[1, 2:], plane)
            j = column * b_step + row * axes[2, 1] + follow(axes[0, 2:], axes[2, 2:], plane)
            for _ in range(rows):
                first, second, there = np.uintp(i), np.uintp(j), np.uintp(at)       # unsigned: slab.py says why
                if a_step == 1 and b_step == 1:     # the usual steps, as constants, so that the loops are vectorised
                    for k in range(np.uintp(length)):
                        y[there + k] = operation(a[first + k], b[second + k])
                elif a_step == 1 and b_step == 0:
                    value = b[second]
                    for k in range(np.uintp(length)):
                        y[there + k] = operation(a[first + k], value)
                elif a_step == 0 and b_step == 1:
                    value = a[first]
                    for k in range(np.uintp(length)):
                        y[there + k] = operation(value, b[second + k])
                else:
                    for k in range(length):
                        y[at + k] = operation(a[i + k * a_step], b[j + k * b_step])
                at += length
                i += axes[1, 1]
                j += axes[2, 1]

    equal = kernel(items=lambda y: y.size)(renamed(equal, name))
    broadcast = kernel(items=lambda y: y.size)(renamed(broadcast, f"{name}_broadcast"))

    def lower(a, b, y):
        if a.shape == b.shape:
            return [(equal, flat(a, b, y))]
        return [(broadcast, [a.flat(), b.flat(), y.flat(), broadcast_table(y, a, b)])]

    return renamed(lower, name)


def renamed(function, name):
    """Give a function made by a factory the name under which its compiled form is kept."""
    function.__name__ = function.__qualname__ = name
    return function


def larger(a, b):
    """Return the larger number, NaN where one is NaN."""
    return a if a > b or a != a else b


def smaller(a, b):
    """Return the smaller number, NaN where one is NaN."""
    return a if a < b or a != a else b


def share(a, b):
    """Return how much of its gradient a gets, if the larger of a and b gets it: half where they are equal."""
    return 0.0 if a < b else 0.5 if a == b else 1.0


def slope(a, b):
    """Return b a^(b - 1), the derivative of a^b by a: 0 where b is."""
    return b * a ** (b - 1) if b != 0 else b


def growth(a, b):
    """Return b log a, the derivative of b = a^n by n: 0 where a is and n at least 0; NaN where a is negative."""
    return b * 0 if a == 0 and abs(b) <= 1 else b * np.log(a)


add = arithmetic("add", operator.add)
subtract = arithmetic("subtract", operator.sub)
multiply = arithmetic("multiply", operator.mul)
divide = arithmetic("divide", operator.truediv)
maximum = arithmetic("maximum", compiled(larger))
minimum = arithmetic("minimum", compiled(smaller))
share_above = arithmetic("share_above", compiled(share))
power = arithmetic("power", operator.pow)
power_slope = arithmetic("power_slope", compiled(slope))
power_growth = arithmetic("power_growth", compiled(growth))
floor_divide = arithmetic("floor_divide", operator.floordiv)
remainder = arithmetic("remainder", operator.mod)
equal, not_equal = arithmetic("equal", operator.eq), arithmetic("not_equal", operator.ne)
less, less_equal = arithmetic("less", operator.lt), arithmetic("less_equal", operator.le)
greater, greater_equal = arithmetic("greater", operator.gt), arithmetic("greater_equal", operator.ge)
bitwise_and, bitwise_or = arithmetic("bitwise_and", operator.and_), arithmetic("bitwise_or", operator.or_)
bitwise_xor = arithmetic("bitwise_xor", operator.xor)


@kernel(items=lambda y: y.size, arrange=flat)
def where(condition, a, b, y, begin, end):
    condition, a, b, y = condition[begin:end], a[begin:end], b[begin:end], y[begin:end]
    for i in range(y.size):
        y[i] = a[i] if condition[i] else b[i]


def expand(x, y):
    """Lower to one copy that reads the same numbers again."""
    return [gather(x, x.broadcast(y.shape).physical(), y)]
