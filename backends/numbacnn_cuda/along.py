"""Largest and smallest numbers along an axis with their positions. The first of equals counts, NaN before all else.

Cut as all reductions are (reduce.py), but what is compared is a number and its place.
"""
import math

import numpy as np
from numpy import int64

from .compile import cuda, device, kernel, real
from .dtypes import is_floating
from .elementwise import renamed
from .memory import behind, temporary
from .reduce import THREADS, Split
from .strided import around, as_whole, bits, divided, follow, gather


@device
def above(a, b):
    """Return whether a is the larger number."""
    return a > b


@device
def below(a, b):
    """Return whether a is the smaller number."""
    return a < b


def choosing(name, number, start, exceeds):
    """Return the lowering `(x, y, index)` of a search for the number that exceeds all others, and for its place."""
    def made(name, placed):
        def choose(x, places, y, index, kept, kept_strides, reduced, strides, outputs, numbers, length, across, along,
                   groups, parts, by_rows):
            values, found = cuda.shared.array(THREADS, number), cuda.shared.array(THREADS, int64)
            part, group = divided(cuda.blockIdx.x, groups)
            if by_rows != 0:
                output, k = divided(cuda.threadIdx.x, along)
            else:
                k, output = divided(cuda.threadIdx.x, across)
            slot, output = k * across + output, group * across + output
            best, place = number(start), numbers         # a place behind all others
            if output < outputs:
                base = follow(kept, kept_strides, output)
                for i in range(part * length + k, min((part + 1) * length, numbers), along):
                    at = base + follow(reduced, strides, i)
                    value, here = number(x[at]), places[at] if placed else i
                    if goes_before(value, here, best, place):
                        best, place = value, here
            values[slot], found[slot] = best, place
            step = along // 2
            while step > 0:
                cuda.syncthreads()
                if k < step:
                    value, here = values[slot + step * across], found[slot + step * across]
                    if goes_before(value, here, best, place):
                        best, place = value, here
                    values[slot], found[slot] = best, place
                step //= 2
            if k == 0 and output < outputs:
                y[part * outputs + output] = best
                index[part * outputs + output] = place

        return kernel(blocks=lambda groups, parts: groups * parts, block=lambda across, along: across * along)(
            renamed(choose, name))

    @device
    def goes_before(value, here, best, place):
        if value != value or best != best:
            return value != value and (best == best or here < place)
        return exceeds(value, best) or (value == best and here < place)

    whole, second = made(name, False), made(f"{name}_of_parts", True)

    def lower(x, y, index, offset=0):
        split, x, y, index = Split.of(x, y), as_whole(x).flat(), as_whole(y).flat(), index.flat()
        if split.parts == 1:
            return [(whole, [x, index, y, index, *split])]
        some = temporary((split.parts * y.size,), y.dtype, offset)
        places = temporary(some.shape, int64, behind(some))
        merge = Split.made((y.size,), (1,), (split.parts,), (y.size,), y.size, split.parts, False)
        return [(whole, [x, index, some, places, *split]), (second, [some, places, y, index, *merge])]

    return lower


LEAST, MOST = int(np.iinfo(int64).min), int(np.iinfo(int64).max)
largest = choosing("largest", real, -math.inf, above), choosing("largest_whole", int64, LEAST, above)
smallest = choosing("smallest", real, math.inf, below), choosing("smallest_whole", int64, MOST, below)


def max_along(x, y, index, axis):
    """Lower to the search."""
    return largest[not is_floating(x.dtype)](x, y, index)


def min_along(x, y, index, axis):
    """Lower to the search."""
    return smallest[not is_floating(x.dtype)](x, y, index)


def argmax(x, y, axis):
    """Lower to the search."""
    return positions(largest, x, y, axis)


def argmin(x, y, axis):
    """Lower to the search."""
    return positions(smallest, x, y, axis)


def positions(search, x, y, axis):
    """Return the calls that write where a number is, y being without the axis: it may lie in another order then."""
    shape = x._replace(shape=(*x.shape[:axis], 1, *x.shape[axis + 1:])).physical().shape
    seen = (0, 3, 1, 2) if x.ndim == 4 else range(x.ndim)
    best = temporary(shape, x.dtype).permuted(seen)
    found = temporary(shape, int64, behind(best)).permuted(seen)
    if x.ndim != 4 and y.ndim != 4:
        return search[not is_floating(x.dtype)](x, best, y.shaped(shape), behind(best))
    last = found.permuted([other for other in range(x.ndim) if other != axis]).physical()
    return [*search[not is_floating(x.dtype)](x, best, found, behind(found)), gather(last, y)]


def spread_along(dy, index, dx, axis):
    """Lower to a kernel that asks for every number of dx whether it was chosen."""
    _, size, inner = around(dx, axis)
    return [(spread_numbers, [bits(dy), index.flat(), bits(dx), size, inner])]


@kernel(items=lambda dx: dx.size)
def spread_numbers(dy, index, dx, size, inner):
    i = cuda.grid(1)
    if i < dx.size:
        row, column = divided(i, inner)
        outer, k = divided(row, size)
        source = outer * inner + column
        dx[i] = dy[source] if index[source] == k else 0
