"""Largest and smallest numbers along an axis with their positions, and gradients along an axis.

Arrays are (outer, axis, inner) as they lie, flat. The first of equals counts, and the first NaN before all else.
"""
import numpy as np

from .compile import compiled, kernel
from .copies import bits, fill_run
from .elementwise import renamed
from .fold import as_whole
from .lines import find_largest, find_smallest, order_of, place_of
from .memory import ALIGNMENT, temporary
from .slice import around
from .strided import gather

COLUMNS = 512                         # side by side, of one item


def choosing(name, find, exceeds):
    """Return the kernel that writes the number that exceeds all others along the axis, and where it is first."""
    exceeds = compiled(exceeds)

    @compiled
    def compare(x, at, k, best, where):
        first = np.uintp(at)                            # unsigned: slab.py says why
        for c in range(np.uintp(best.size)):
            value, old = x[first + c], best[c]
            better = exceeds(value, old) | ((value != value) & (old == old))
            best[c] = value if better else old
            where[c] = k if better else where[c]

    @compiled
    def first_best(x, keys, at, size, order):
        k = place_of(keys, at, find(keys, at, size, order), order)
        if x[at + k] == 0:                              # two keys are of zeros, which are equal
            k = 0
            while x[at + k] != 0:
                k += 1
        return k

    def along(x, keys, y, index, size, inner, order, begin, end):
        pieces = -(-inner // COLUMNS)
        for item in range(begin, end):
            outer, piece = divmod(item, pieces)
            column = piece * COLUMNS
            count, at, there = min(COLUMNS, inner - column), outer * size * inner + column, outer * inner + column
            if inner == 1:
                k = first_best(x, keys, at, size, order)
                y[there], index[there] = x[at + k], k
            else:
                best_here, where = y[there:there + count], index[there:there + count]
                for c in range(count):
                    best_here[c], where[c] = x[at + c], 0
                for k in range(1, size):
                    compare(x, at + k * inner, k, best_here, where)

    return kernel(items=lambda y, inner: y.size // max(inner, 1) * -(-inner // COLUMNS))(renamed(along, name))


largest_along = choosing("largest_along", find_largest, lambda a, b: a > b)
smallest_along = choosing("smallest_along", find_smallest, lambda a, b: a < b)


def max_along(x, y, index, axis):
    """Lower to the search."""
    return [search(largest_along, x, y.flat(), index.flat(), axis)]


def min_along(x, y, index, axis):
    """Lower to the search."""
    return [search(smallest_along, x, y.flat(), index.flat(), axis)]


def search(chosen, x, y, index, axis):
    """Return the call of a search along an axis."""
    _, size, inner = around(x, axis)
    order = order_of(x.dtype, 1 if chosen is largest_along else -1)
    return chosen, [as_whole(x.flat()), bits(x), as_whole(y), index, size, inner, order]


def argmax(x, y, axis):
    """Lower to the search."""
    return positions(largest_along, x, y, axis)


def argmin(x, y, axis):
    """Lower to the search."""
    return positions(smallest_along, x, y, axis)


def positions(chosen, x, y, axis):
    """Return the calls that write where a number is, y being without the axis: it may lie in another order then."""
    best = temporary((y.size,), x.dtype)
    if x.ndim != 4 and y.ndim != 4:
        return [search(chosen, x, best, y.flat(), axis)]
    kept = x._replace(shape=(*x.shape[:axis], 1, *x.shape[axis + 1:])).physical().shape
    found = temporary(kept, np.int64, -(-best.nbytes // ALIGNMENT) * ALIGNMENT)
    seen = found.permuted((0, 3, 1, 2)) if x.ndim == 4 else found
    seen = seen.permuted([other for other in range(x.ndim) if other != axis]).physical()
    return [search(chosen, x, best, found.flat(), axis), gather(found, seen, y)]


def spread_along(dy, index, dx, axis):
    """Lower to a search for each row of dx."""
    _, size, inner = around(dx, axis)
    return [(spread_rows, [dy.flat(), index.flat(), dx.flat(), size, inner])]


@kernel(items=lambda dx: dx.size)
def spread_rows(dy, index, dx, size, inner, begin, end):
    """An item is one number of dx."""
    at, zero = begin, dx.dtype.type(0)
    while at < end:
        row, column = divmod(at, inner if inner > 1 else size)
        if inner == 1:
            length = min(size - column, end - at)
            fill_run(dx, at, length, zero)
            if column <= index[row] < column + length:
                dx[at + index[row] - column] = dy[row]
        else:
            length = min(inner - column, end - at)
            outer, k = divmod(row, size)
            source, there = np.uintp(outer * inner + column), np.uintp(at)
            for c in range(np.uintp(length)):
                dx[there + c] = dy[source + c] if index[source + c] == k else zero
        at += length


def prod_backward(dy, x, dx, axis):
    """Lower to products of what comes before and after each number."""
    _, size, inner = around(x, axis)
    return [(prod_along_backward, [dy.flat(), x.flat(), dx.flat(), size, inner])]


@kernel(items=lambda dy: dy.size, workspace=lambda size: ((max(size, 1),), np.float64))
def prod_along_backward(dy, x, dx, size, inner, before, begin, end):
    """An item is a row along the axis."""
    for item in range(begin, end):
        outer, column = divmod(item, inner)
        first = outer * size * inner + column
        product = 1.0
        for k in range(size):
            before[k] = product
            product *= x[first + k * inner]
        product = np.float64(dy[item])
        for k in range(size - 1, -1, -1):
            dx[first + k * inner] = before[k] * product
            product *= x[first + k * inner]
