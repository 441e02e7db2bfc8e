"""Softmax along an axis. An item is a vector along it. NaN and infinity spread as in PyTorch."""
import math

import numpy as np

from numbacnn.kernels.channels_last import flat

from .compile import compiled, inlined, kernel
from .exponential import exponential, first, highest
from .simd import fill, lanes, larger, load_part, select, store_part, total


def along_axis(*arguments):
    """Arrange arrays of one shape and an axis: numbers as they lie, how many make a vector, and their distance."""
    *arrays, axis = arguments
    x = arrays[0]
    size, step = (x.shape[axis], x.strides[axis] // x.dtype.itemsize) if x.shape else (1, 1)
    return [*flat(*arrays), size, step]


def vectors(y, size):
    """Return how many vectors there are."""
    return y.size // max(size, 1)


@compiled
def first_of_vector(vector, size, step):
    """Return where a vector begins."""
    return vector // step * step * size + vector % step


@inlined
def exponentials(x, at, size, y):
    """Write exp(x - top) for numbers that lie side by side; return top, their maximum, and the sum.

    Where a number is NaN, so is the sum, whatever top is.
    """
    n, least = lanes(x), fill(x, -np.inf)
    best, sums = least, fill(x, 0)
    for i in range(0, size, n):
        best = larger(best, select(first(x, size - i), load_part(x, at + i, size - i), least))
    top = highest(best)
    for i in range(0, size, n):
        shifted = load_part(x, at + i, size - i) - fill(x, top)
        powers = exponential(select(first(x, size - i), shifted, least))
        sums = sums + powers
        store_part(y, at + i, powers, size - i)
    return top, total(sums)


@inlined
def divide(y, at, size, divisor):
    """Divide numbers that lie side by side."""
    for i in range(0, size, lanes(y)):
        store_part(y, at + i, load_part(y, at + i, size - i) / fill(y, divisor), size - i)


@kernel(items=vectors, arrange=along_axis)
def softmax(x, y, size, step, begin, end):
    for vector in range(begin, end):
        at = first_of_vector(vector, size, step)
        if step == 1:
            _, sums = exponentials(x, at, size, y)
            divide(y, at, size, sums)
        else:
            softmax_apart(x, at, size, step, y)


@compiled
def softmax_apart(x, at, size, step, y):
    """Do the same for numbers that do not lie side by side."""
    top, sums = x[at], x.dtype.type(0)
    for i in range(at, at + size * step, step):
        top = x[i] if x[i] > top else top
    for i in range(at, at + size * step, step):
        y[i] = math.exp(x[i] - top)
        sums += y[i]
    for i in range(at, at + size * step, step):
        y[i] /= sums


@inlined
def shift(x, at, size, top, by, y):
    """Write x - top - by for numbers that lie side by side."""
    for i in range(0, size, lanes(y)):
        store_part(y, at + i, load_part(x, at + i, size - i) - fill(x, top) - fill(x, by), size - i)


@kernel(items=vectors, arrange=along_axis)
def log_softmax(x, y, size, step, begin, end):
    for vector in range(begin, end):
        at = first_of_vector(vector, size, step)
        if step == 1:
            top, sums = exponentials(x, at, size, y)
            shift(x, at, size, top, math.log(sums), y)
        else:
            log_softmax_apart(x, at, size, step, y)


@compiled
def log_softmax_apart(x, at, size, step, y):
    """Do the same for numbers that do not lie side by side."""
    top, sums = x[at], x.dtype.type(0)
    for i in range(at, at + size * step, step):
        top = x[i] if x[i] > top else top
    for i in range(at, at + size * step, step):
        sums += math.exp(x[i] - top)
    rest = math.log(sums)
    for i in range(at, at + size * step, step):
        y[i] = x[i] - top - rest


@kernel(items=vectors, arrange=along_axis)
def log_softmax_backward(dy, y, dx, size, step, begin, end):
    for vector in range(begin, end):
        at = first_of_vector(vector, size, step)
        if step == 1:
            sums = sum_beside(dy, at, size)
            for i in range(0, size, lanes(y)):
                share = exponential(load_part(y, at + i, size - i)) * sums
                store_part(dx, at + i, load_part(dy, at + i, size - i) - share, size - i)
        else:
            sums = dy.dtype.type(0)
            for i in range(at, at + size * step, step):
                sums += dy[i]
            for i in range(at, at + size * step, step):
                dx[i] = dy[i] - math.exp(y[i]) * sums


@inlined
def sum_beside(x, at, size):
    """Return the sum of numbers that lie side by side."""
    sums = fill(x, 0)
    for i in range(0, size, lanes(x)):
        sums = sums + load_part(x, at + i, size - i)
    return total(sums)


@kernel(items=vectors, arrange=along_axis)
def softmax_backward(dy, y, dx, size, step, begin, end):
    for vector in range(begin, end):
        at = first_of_vector(vector, size, step)
        sums = y.dtype.type(0)
        for i in range(at, at + size * step, step):
            sums += dy[i] * y[i]
        for i in range(at, at + size * step, step):
            dx[i] = y[i] * (dy[i] - sums)
