"""Arrays read in another order than they lie: tables of axes, and the copy that follows one.

Such an array comes flat, with a table: a row of lengths, then for each array a row of steps in elements, innermost axis
first, two axes at least. The axes are those of y, the array written, which is written as it lies; axes along which no
array jumps are one. So most tables have two, and one specialisation serves all shapes.
"""
import numpy as np

from .compile import compiled, kernel
from .copies import bits, copy_run

SHORT, MOST = 32, 4096                # numbers: of runs that are not copied each by itself; of a block


def table(shape, *views):
    """Return the table of axes of views of this shape."""
    lengths, steps = [], []
    for axis in reversed(range(len(shape))):
        step = [view.strides[axis] // view.dtype.itemsize for view in views]
        if shape[axis] == 1:
            continue
        if lengths and step == [inner * lengths[-1] for inner in steps[-1]]:
            lengths[-1] *= shape[axis]
        else:
            lengths.append(shape[axis])
            steps.append(step)
    while len(lengths) < 2:
        lengths.append(1)
        steps.append([1] * len(views))
    return np.array([lengths, *zip(*steps, strict=True)], np.intp)


def broadcast_table(y, *inputs):
    """Return the table of axes of inputs broadcast to y."""
    return table(y.physical().shape, *(x.broadcast(y.shape).physical() for x in inputs))


def follow(lengths, steps, index):
    """Return where an array has the number with this index, counted along the axes."""
    at = 0
    for axis in range(lengths.size):
        index, here = divmod(index, lengths[axis])
        at += here * steps[axis]
    return at


def rows_from(lengths, at, end):
    """Return which numbers to do next, in a loop over two axes: the plane, row and column of the first; rows, length.

    As many whole rows as lie in one plane before the end, or else a part of one.
    """
    (row, column), width, height = divmod(at, lengths[0]), lengths[0], lengths[1]
    plane, row = divmod(row, height)
    if column == 0 and end - at >= width:
        return plane, row, column, min(height - row, (end - at) // width), width
    return plane, row, column, 1, min(width - column, end - at)


@kernel(items=lambda y: y.size)
def strided_copy(x, y, axes, begin, end):
    step, row_step = axes[1, 0], axes[1, 1]
    at = begin
    while at < end:
        plane, row, column, rows, length = rows_from(axes[0], at, end)
        i = column * step + row * row_step + follow(axes[0, 2:], axes[1, 2:], plane)
        for _ in range(rows):
            copy_run(x, i, step, y, at, length)
            at += length
            i += row_step


@kernel(items=lambda y: y.size)
def block_copy(x, y, places, axes, begin, end):
    """Copy blocks of numbers, of which a table says where they are in x."""
    at = begin
    while at < end:
        block, first = divmod(at, places.size)
        length = min(places.size - first, end - at)
        base, there, k = np.uintp(follow(axes[0], axes[1], block)), np.uintp(at), np.uintp(first)
        for n in range(np.uintp(length)):
            y[there + n] = x[base + places[k + n]]
        at += length


def gather(x, seen, y):
    """Return the call that writes x into y, in the order in which a view of x has its numbers."""
    axes = table(seen.shape, seen)
    if axes[0].all() and (axes[1, 0] != 1 or axes[0, 0] < SHORT):        # where there is anything
        places, outside = block_of(axes)
        if places.size >= SHORT and places[-1] < 1 << 32:
            return block_copy, [bits(x), bits(y), places.astype(np.uint32), outside]
    return strided_copy, [bits(x), bits(y), axes]


def block_of(axes):
    """Return the places of the numbers of a block, the innermost axes and a part of the next, and the axes outside."""
    places, (lengths, steps) = np.zeros(1, np.intp), axes.tolist()
    while lengths and places.size < MOST:
        length, step = lengths.pop(0), steps.pop(0)
        inside = next(n for n in range(min(length, MOST // places.size), 0, -1) if length % n == 0)
        places = np.add.outer(np.arange(inside) * step, places).ravel()
        if inside < length:
            lengths.insert(0, length // inside)
            steps.insert(0, step * inside)
            break
    return places, np.array([[*lengths, 1], [*steps, 0]], np.intp)


follow, rows_from = compiled(follow), compiled(rows_from)
