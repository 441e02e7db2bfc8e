"""Arrays read in another order than they lie: tables of axes, and the copy that follows one.

Such an array comes flat, with a table: a row of lengths, then for each array a row of steps in elements, innermost axis
first, two axes at least. The axes are those of y, the array written, which is written as it lies; axes along which no
array jumps are one. So most tables have two, and one specialisation serves all shapes.
"""
import numpy as np

from .compile import compiled, kernel


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
            source, target = x[i:], y[at:at + length]
            if step == 1:                           # said as a constant, so that the loop is vectorised
                for k in range(length):
                    target[k] = source[k]
            else:
                for k in range(length):
                    target[k] = source[k * step]
            at += length
            i += row_step


def gather(x, seen, y):
    """Return the call that writes x into y, in the order in which a view of x has its numbers."""
    return strided_copy, [x.flat(), y.flat(), table(seen.shape, seen)]


follow, rows_from = compiled(follow), compiled(rows_from)
