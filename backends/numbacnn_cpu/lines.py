"""Reductions of lines: rows of numbers that lie side by side, each of which becomes one number, without tables.

The largest and the smallest number are found among whole ones, keys, which are ordered as the numbers are, but for NaN,
which comes first: a loop over them is vectorised, and a processor has an instruction for the larger of two. The key of
a floating-point number is its bits; of a negative one, all bits but the sign are turned around.
"""
import numpy as np

from .compile import compiled, kernel
from .copies import BITS
from .elementwise import renamed


def order_of(dtype, sign):
    """Return what `key` is told: all bits but the sign, infinity, what is turned around, the key of NaN.

    With sign 1, NaN is larger than all other numbers, else it is smaller.
    """
    limits = np.iinfo(BITS[dtype.itemsize])
    if dtype.kind != "f":
        return np.array([limits.max, limits.max, 0, 0], limits.dtype)
    infinity = np.array(np.inf, dtype).view(limits.dtype)
    return np.array([limits.max, infinity, limits.max, limits.max if sign > 0 else limits.min], limits.dtype)


@compiled
def turned(number, whole, flip):
    """Return the key of a number that is not NaN, or the number with that key; `whole` is their type."""
    return whole(number ^ flip) if number < 0 else number


@compiled
def key(number, whole, top, infinity, flip, nan):
    """Return the key of a number, given as its bits."""
    return nan if whole(number & top) > infinity else turned(number, whole, flip)


def finding(name, exceeds):
    """Return the function that finds the key which `exceeds` all others of a line, and the kernel for lines."""
    exceeds = compiled(exceeds)

    @compiled
    def find(x, at, width, order):
        whole, top, infinity, flip = x.dtype.type, order[0], order[1], order[2]
        nan, first = order[3], np.uintp(at)                     # unsigned: slab.py says why
        best = key(x[first], whole, top, infinity, flip, nan)
        for k in range(np.uintp(width)):
            other = key(x[first + k], whole, top, infinity, flip, nan)
            best = other if exceeds(other, best) else best
        return best

    def extremes(x, y, width, order, begin, end):
        for item in range(begin, end):
            y[item] = turned(find(x, item * width, width, order), x.dtype.type, order[2])

    return find, kernel(items=lambda y: y.size)(renamed(extremes, name))


@compiled
def place_of(x, at, best, order):
    """Return the first place of a key in a line."""
    whole, k = x.dtype.type, 0
    while key(x[at + k], whole, order[0], order[1], order[2], order[3]) != best:
        k += 1
    return k


find_largest, largest_lines = finding("largest_lines", lambda a, b: a > b)
find_smallest, smallest_lines = finding("smallest_lines", lambda a, b: a < b)
