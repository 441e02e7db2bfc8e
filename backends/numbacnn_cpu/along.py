"""Largest and smallest numbers along an axis with their positions, and gradients along an axis.

Arrays are (outer, axis, inner) as they lie, flat. The first of equals counts, and the first NaN before all else.
"""
import numpy as np

from .compile import compiled, kernel
from .elementwise import renamed
from .fold import as_whole, larger, smaller
from .memory import ALIGNMENT, temporary
from .slice import around, fill_run
from .strided import gather

COLUMNS, WIDTH = 512, 64              # side by side: of one item; of a row


def choosing(name, choose, exceeds):
    """Return the kernel that writes the number that `choose` chooses along the axis, and where it is first."""
    choose, exceeds = compiled(choose), compiled(exceeds)

    @compiled
    def compare(x, at, k, best, where):
        first = np.uintp(at)                            # unsigned: slab.py says why
        for c in range(np.uintp(best.size)):
            value, old = x[first + c], best[c]
            better = exceeds(value, old) | ((value != value) & (old == old))
            best[c] = value if better else old
            where[c] = k if better else where[c]

    @compiled
    def best_of(x, at, size, space):
        used = min(WIDTH, size)
        for c in range(used):
            space[c] = x[at + c]
        for k in range(used, size, used):
            first, count = np.uintp(at + k), min(used, size - k)
            for c in range(np.uintp(count)):
                space[c] = choose(space[c], x[first + c])
        best = space[0]
        for c in range(1, used):
            best = choose(best, space[c])
        return best

    def along(x, y, index, size, inner, space, begin, end):
        pieces = -(-inner // COLUMNS)
        for item in range(begin, end):
            outer, piece = divmod(item, pieces)
            column = piece * COLUMNS
            count, at, there = min(COLUMNS, inner - column), outer * size * inner + column, outer * inner + column
            if inner == 1:
                best, k = best_of(x, at, size, space), 0
                while x[at + k] != best and (best == best or x[at + k] == x[at + k]):
                    k += 1
                y[there], index[there] = best, k
            else:
                best_here, where = y[there:there + count], index[there:there + count]
                for c in range(count):
                    best_here[c], where[c] = x[at + c], 0
                for k in range(1, size):
                    compare(x, at + k * inner, k, best_here, where)

    return kernel(items=lambda y, inner: y.size // max(inner, 1) * -(-inner // COLUMNS),
                  workspace=lambda x: ((WIDTH,), x.dtype))(renamed(along, name))


largest_along = choosing("largest_along", larger, lambda a, b: a > b)
smallest_along = choosing("smallest_along", smaller, lambda a, b: a < b)


def max_along(x, y, index, axis):
    """Lower to the search."""
    return [search(largest_along, x, y.flat(), index.flat(), axis)]


def min_along(x, y, index, axis):
    """Lower to the search."""
    return [search(smallest_along, x, y.flat(), index.flat(), axis)]


def search(chosen, x, y, index, axis):
    """Return the call of a search along an axis."""
    _, size, inner = around(x, axis)
    return chosen, [as_whole(x.flat()), as_whole(y), index, size, inner]


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
