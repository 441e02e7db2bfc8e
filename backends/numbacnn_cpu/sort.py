"""What needs the order along an axis. An item is a line: the numbers that share their place but for the axis."""
from .compile import compiled, kernel
from .strided import follow, table

FEW = 32                              # so many first numbers are found by insertion
SEARCH = 8                            # where there are so many times as many to choose from


def along(x, y, axis):
    """Return the table of axes of all lines, how long lines of x and y are, and how far apart their numbers."""
    rest = [a for a in ((0, 2, 3, 1) if x.ndim == 4 else range(x.ndim)) if a != axis]
    axes = table([x.shape[a] for a in rest], x.permuted(rest), y.permuted(rest))
    return axes, x.shape[axis], y.shape[axis], *(array.strides[axis] // array.dtype.itemsize for array in (x, y))


def lines(y, count):
    """Return how many lines there are."""
    return y.size // max(count, 1)


def sort(x, y, places, axis, descending):
    """Lower to sorting lines."""
    axes, size, count, step, y_step = along(x, y, axis)
    return [(sort_lines, [x.flat(), y.flat(), places.flat(), axes, size, count, step, y_step, descending])]


@kernel(items=lines, workspace=lambda size: ((2 * size,), "int64"))
def sort_lines(x, y, places, axes, size, count, step, y_step, descending, order, begin, end):
    for line in range(begin, end):
        base, there = follow(axes[0], axes[1], line), follow(axes[0], axes[2], line)
        if count <= FEW and count * SEARCH <= size:
            select_first(x, base, step, size, count, descending, order)
            first = 0
        else:
            first = merge_sort(x, base, step, size, descending, order)
        for k in range(count):
            place = order[first + k]
            y[there + k * y_step] = x[base + place * step]
            places[there + k * y_step] = place


@compiled
def precedes(a, b, descending):
    """Whether a must come before b, were they in the other order."""
    if descending != 0:
        return a > b or (a != a and b == b)
    return a < b or (b != b and a == a)


@compiled
def select_first(x, base, step, size, count, descending, order):
    """Write the places of the first numbers of a line to order, sorted by insertion."""
    filled = 0
    for k in range(size):
        value = x[base + k * step]
        if filled == count:
            if not precedes(value, x[base + order[count - 1] * step], descending):
                continue
            filled -= 1
        at = filled
        while at > 0 and precedes(value, x[base + order[at - 1] * step], descending):
            order[at] = order[at - 1]
            at -= 1
        order[at] = k
        filled += 1


@compiled
def merge_sort(x, base, step, size, descending, order):
    """Sort the places of a line in one half of order; return where that half begins."""
    for k in range(size):
        order[k] = k
    source, target, run = 0, size, 1
    while run < size:
        for low in range(0, size, 2 * run):
            middle, high = min(low + run, size), min(low + 2 * run, size)
            i, j = low, middle
            for k in range(low, high):
                right = j < high and (i == middle or precedes(x[base + order[source + j] * step],
                                                              x[base + order[source + i] * step], descending))
                if right:
                    order[target + k] = order[source + j]
                    j += 1
                else:
                    order[target + k] = order[source + i]
                    i += 1
        source, target, run = target, source, 2 * run
    return source


def cumsum(x, y, axis, backwards):
    """Lower to sums along lines, in float64 or int64."""
    axes, size, _, step, y_step = along(x, y, axis)
    zero = 0.0 if y.dtype.kind == "f" else 0
    return [(cumsum_lines, [x.flat(), y.flat(), axes, size, step, y_step, zero, backwards])]


@kernel(items=lambda y, size: y.size // max(size, 1))
def cumsum_lines(x, y, axes, size, step, y_step, zero, backwards, begin, end):
    for line in range(begin, end):
        base, there = follow(axes[0], axes[1], line), follow(axes[0], axes[2], line)
        total = zero
        for k in range(size):
            place = size - 1 - k if backwards != 0 else k
            total += x[base + place * step]
            y[there + place * y_step] = total
