"""Numbers picked by indices along an axis, and added up where indices say: arrays as (outer, axis, inner), flat."""
import numpy as np

from numbacnn.kernels.channels_last import flat

from .compile import compiled, kernel
from .copies import bits, copy_numbers, copy_run
from .memory import ALIGNMENT, temporary
from .slice import around, copied

BLOCKS, WIDE = 16, 8                  # so many blocks keep all workers busy; rows so short are not worth sorting
NARROW, LONG = 64, 4                  # what lies inside of an axis, copied with what is beside it; runs worth it


@kernel(items=lambda index: index.size, arrange=flat, raises=True)
def wrap_index(index, checked, size, negative, begin, end):
    """An item is an index."""
    for i in range(begin, end):
        value = np.int64(index[i])
        if value < 0 and negative != 0:
            value += size
        if not 0 <= value < size:
            raise IndexError("index: must be from {} to {}, got {}", -size * negative, size - 1, index[i])
        checked[i] = value


def take(x, index, y, axis):
    """Lower to copies of what lies inside the axis."""
    outer, size, inner = around(x, axis)
    kernel = take_rows if outer >= BLOCKS and inner < NARROW else take_runs
    return [(kernel, [bits(x), index, bits(y), size, inner])]


@kernel(items=lambda y: y.size)
def take_runs(x, index, y, size, inner, begin, end):
    """An item is one number of y."""
    count = index.size
    row, column = divmod(begin, max(inner, 1))
    outer, j = divmod(row, max(count, 1))
    at = begin
    while at < end:
        if inner == 1:
            length = min(count - j, end - at)
            pick(x, outer * size, index, j, y, at, length)
            j += length
        else:
            length = min(inner - column, end - at)
            copy_run(x, (outer * size + index[j]) * inner + column, 1, y, at, length)
            j += 1
            column = 0
        at += length
        if j == count:
            outer += 1
            j = 0


@compiled
def pick(x, base, index, j, y, at, length):
    """Copy numbers of x, one by one, from where indices say."""
    source, there, first = np.uintp(base), np.uintp(at), np.uintp(j)        # unsigned: slab.py says why
    for k in range(np.uintp(length)):
        y[there + k] = x[source + np.uintp(index[first + k])]


@kernel(items=lambda y: y.size, workspace=lambda index: ((2, index.size + 1), np.int64))
def take_rows(x, index, y, size, inner, runs, begin, end):
    """An item is one number of y. Where indices count up, their numbers are one run, in all rows the same."""
    width = index.size * inner
    if begin < end:
        found = find_runs(index, runs)
        for outer in range(begin // width, (end - 1) // width + 1):
            first, last = max(begin - outer * width, 0), min(end - outer * width, width)
            if inner == 1 and index.size < LONG * found:
                pick(x, outer * size, index, first, y, outer * width + first, last - first)
                continue
            for run in range(found):
                left, right = max(first, runs[0, run] * inner), min(last, runs[0, run + 1] * inner)
                if left < right:
                    source = (outer * size + runs[1, run]) * inner + left
                    copy_numbers(x, source, y, outer * width + left, right - left)


@compiled
def find_runs(index, runs):
    """Write where each run begins, and how far its indices are from their places; return how many there are."""
    found = 0
    for j in range(index.size):
        apart = index[j] - j
        if j == 0 or apart != runs[1, found - 1]:
            runs[0, found], runs[1, found] = j, apart
            found += 1
    runs[0, found] = index.size
    return found


def take_backward(dy, index, dx, axis):
    """Lower to sums of rows for each row of dx, found by sorting; or, for many blocks, to additions in each block."""
    outer, size, inner = around(dx, axis)
    if outer >= BLOCKS or inner < WIDE:
        return [(add_blocks, [dy.flat(), index, dx.shaped((outer, size * inner)), inner])]
    ends = temporary((size,), np.int64)
    order = temporary((index.size,), np.int64, -(-ends.nbytes // ALIGNMENT) * ALIGNMENT)
    return [(sort_places, [index, ends, order]),
            (add_runs, [dy.flat(), ends, order, dx.flat(), inner])]


@kernel(items=lambda dx: dx.shape[0])
def add_blocks(dy, index, dx, inner, begin, end):
    """An item is what lies inside of one place outside of the axis."""
    for outer in range(begin, end):
        block = dx[outer]
        block[:] = 0
        at = outer * index.size * inner
        if inner == 1:
            for j in range(index.size):
                block[index[j]] += dy[at + j]
        else:
            for j in range(index.size):
                add_run(dy, at + j * inner, block[index[j] * inner:(index[j] + 1) * inner])


@kernel(items=lambda order: 1)
def sort_places(index, ends, order, begin, end):
    """order = the places in index that hold 0, in turn, then those that hold 1 ...; ends[i]: where those with i end."""
    for _ in range(begin, end):
        ends[:] = 0
        for j in range(index.size):
            ends[index[j]] += 1
        total = 0
        for i in range(ends.size):
            count = ends[i]
            ends[i] = total
            total += count
        for j in range(index.size):
            place = ends[index[j]]
            order[place] = j
            ends[index[j]] = place + 1


@kernel(items=lambda dx: dx.size)
def add_runs(dy, ends, order, dx, inner, begin, end):
    """An item is one number of dx."""
    size, count = ends.size, order.size
    at = begin
    while at < end:
        row, column = divmod(at, inner)
        outer, i = divmod(row, size)
        length = min(inner - column, end - at)
        total = dx[at:at + length]
        total[:] = 0
        for place in range(ends[i - 1] if i > 0 else 0, ends[i]):
            add_run(dy, (outer * count + order[place]) * inner + column, total)
        at += length


@compiled
def add_run(dy, i, total):
    """Add to sums the numbers of dy from position i."""
    first = np.uintp(i)
    for k in range(np.uintp(total.size)):
        total[k] += dy[first + k]


def assign(index, rows, x, y, axis):
    """Lower to a copy, a search for the last index of each place, and copies of rows."""
    _, size, inner = around(x, axis)
    last = temporary((size,), np.int64)
    return [copied(x, y), (last_places, [index, last]), (assign_runs, [index, last, bits(rows), bits(y), inner])]


@kernel(items=lambda last: 1)
def last_places(index, last, begin, end):
    """last = where index holds a place last."""
    for _ in range(begin, end):
        for j in range(index.size):
            last[index[j]] = j


@kernel(items=lambda rows, inner: rows.size // max(inner, 1))
def assign_runs(index, last, rows, y, inner, begin, end):
    """An item is a row."""
    size, count = last.size, index.size
    for row in range(begin, end):
        outer, j = divmod(row, count)
        if last[index[j]] == j:
            copy_run(rows, row * inner, 1, y, (outer * size + index[j]) * inner, inner)
