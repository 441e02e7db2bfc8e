"""Numbers picked one by one along an axis, and put or added up there: arrays flat.

A line is the numbers that share their place but for the axis; it may be shorter, and lie otherwise, in y than in what
is put there. `shape` and two tuples of strides say where lines begin, `apart` and `y_apart` how far numbers along one
are from each other.
"""
import numpy as np

from .compile import cuda, kernel, real
from .memory import temporary
from .sort import count_below, sorted_lines
from .strided import around, bits, divided, follow, unrounded, walks
from .strided import gather as copy_of
from .take import clear

SHORT = 64                            # lines so short are added up by one thread,
MANY, LONG = 4096, 4096               # as are so many, if not longer than this


def gather(x, index, y, axis):
    """Lower to a search along the axes of y, as it lies."""
    still = tuple(0 if a == axis else stride for a, stride in enumerate(x.strides))
    seen = x._replace(shape=y.shape, strides=still).physical()
    apart = x.strides[axis] // x.dtype.itemsize
    return [(gather_indexed, [bits(x), index.flat(), bits(y), *walks(seen.shape, seen), apart])]


@kernel(items=lambda y: y.size)
def gather_indexed(x, index, y, shape, strides, apart):
    i = cuda.grid(1)
    if i < y.size:
        y[i] = x[follow(shape, strides, i) + index[i] * apart]


# --- scatter -----------------------------------------------------------------------------------------------------

def scatter(x, index, values, y, axis):
    """Lower to a search for the last one along the axis that is put at each place, and to copies."""
    still = tuple(0 if a == axis else stride for a, stride in enumerate(y.strides))
    seen = y._replace(shape=values.shape, strides=still).physical()
    _, size, inner = around(values, axis)
    last = temporary((y.size,), np.int32)
    where = [*walks(seen.shape, seen), y.strides[axis] // y.dtype.itemsize, size, inner]
    return [copy_of(bits(x), bits(y)), (clear, [last, -1]), (mark_lasts, [index.flat(), last, *where]),
            (put_lasts, [index.flat(), last, bits(values), bits(y), *where])]


@kernel(items=lambda index: index.size)
def mark_lasts(index, last, shape, strides, apart, size, inner):
    i = cuda.grid(1)
    if i < index.size:
        row, _ = divided(i, inner)
        _, place = divided(row, size)
        cuda.atomic.max(last, follow(shape, strides, i) + index[i] * apart, place)


@kernel(items=lambda index: index.size)
def put_lasts(index, last, values, y, shape, strides, apart, size, inner):
    i = cuda.grid(1)
    if i < index.size:
        row, _ = divided(i, inner)
        _, place = divided(row, size)
        at = follow(shape, strides, i) + index[i] * apart
        if last[at] == place:
            y[at] = values[i]


# --- scatter_add -------------------------------------------------------------------------------------------------

def scatter_add(values, index, y, axis):
    """Lower to additions along lines; or, for a few long ones, to sorting the index (sort.py) and sums of runs."""
    if values.size == 0:
        return [(clear, [y.flat(), 0.0])]
    rest = [a for a in ((0, 2, 3, 1) if y.ndim == 4 else range(y.ndim)) if a != axis]
    seen = y._replace(shape=values.shape)
    axes = walks([values.shape[a] for a in rest], values.permuted(rest), seen.permuted(rest))
    steps = [array.strides[axis] // array.dtype.itemsize for array in (values, y)]
    size = values.shape[axis]
    lines = values.size // size
    if size <= SHORT or (lines >= MANY and size <= LONG):
        known, calls = unrounded(y)
        return [(clear, [known.flat(), 0.0]),
                (add_lines, [values.flat(), index.flat(), known.flat(), *axes, size, *steps]), *calls]
    calls, keys, order, _ = sorted_lines(index, axis, size, 0)
    return [*calls, (clear, [y.flat(), 0.0]), (add_sorted, [
        values.flat(), keys, order, y.flat(), *axes, lines, size, y.shape[axis], *steps])]


@kernel(items=lambda values, size: values.size // size)
def add_lines(values, index, y, shape, strides, y_strides, size, apart, y_apart):
    line = cuda.grid(1)
    if line < values.size // size:
        source, target = follow(shape, strides, line), follow(shape, y_strides, line)
        for k in range(size):
            y[target + index[source + k * apart] * y_apart] += values[source + k * apart]


@kernel(items=lambda lines, places: lines * places)
def add_sorted(values, keys, order, y, shape, strides, y_strides, lines, size, places, apart, y_apart):
    """A thread adds up what is put at one place of one line."""
    i = cuda.grid(1)
    if i < lines * places:
        line, place = divided(i, places)
        first, source, total = line * size, follow(shape, strides, line), real(0)
        for k in range(count_below(keys, first, size, place, 0), count_below(keys, first, size, place, 1)):
            total += values[source + order[first + k] * apart]
        y[follow(shape, y_strides, line) + place * y_apart] = total
