"""Numbers picked one by one along an axis, and put or added up there: arrays flat, with tables of axes (strided.py)."""
from .compile import kernel
from .copies import bits
from .slice import copied
from .strided import follow, rows_from, table


def gather(x, index, y, axis):
    """Lower to a search along the axes of y, as it lies."""
    still = [0 if a == axis else stride for a, stride in enumerate(x.strides)]
    seen = x._replace(shape=y.shape, strides=tuple(still)).physical()
    apart = x.strides[axis] // x.dtype.itemsize
    return [(gather_rows, [bits(x), index.flat(), bits(y), table(seen.shape, seen), apart])]


@kernel(items=lambda y: y.size)
def gather_rows(x, index, y, axes, apart, begin, end):
    step, row_step = axes[1, 0], axes[1, 1]
    at = begin
    while at < end:
        plane, row, column, rows, length = rows_from(axes[0], at, end)
        i = column * step + row * row_step + follow(axes[0, 2:], axes[1, 2:], plane)
        for _ in range(rows):
            for k in range(length):
                y[at + k] = x[i + k * step + index[at + k] * apart]
            at += length
            i += row_step


def scatter(x, index, values, y, axis):
    """Lower to a copy, and to writing over it."""
    return [copied(x, y), lines(bits(values), index, bits(y), values, y, axis, 0)]


def scatter_add(values, index, y, axis):
    """Lower to zeros, and to adding to them."""
    return [(clear, [y.flat()]), lines(values.flat(), index, y.flat(), values, y, axis, 1)]


def lines(source, index, target, values, y, axis, adding):
    """Return the call that goes along lines: the numbers of values that share their place but for the axis."""
    rest = [a for a in ((0, 2, 3, 1) if y.ndim == 4 else range(y.ndim)) if a != axis]
    seen = y._replace(shape=values.shape)
    axes = table([values.shape[a] for a in rest], values.permuted(rest), seen.permuted(rest))
    steps = [array.strides[axis] // array.dtype.itemsize for array in (values, y)]
    return scatter_lines, [source, index.flat(), target, axes, values.shape[axis], *steps, adding]


@kernel(items=lambda y: y.size)
def clear(y, begin, end):
    y[begin:end] = 0


@kernel(items=lambda values, size: values.size // max(size, 1))
def scatter_lines(values, index, y, axes, size, apart, y_apart, adding, begin, end):
    """An item is a line."""
    line = begin
    while line < end:
        plane, row, column, rows, length = rows_from(axes[0], line, end)
        i = column * axes[1, 0] + row * axes[1, 1] + follow(axes[0, 2:], axes[1, 2:], plane)
        j = column * axes[2, 0] + row * axes[2, 1] + follow(axes[0, 2:], axes[2, 2:], plane)
        for _ in range(rows):
            for k in range(length):
                source, target = i + k * axes[1, 0], j + k * axes[2, 0]
                for n in range(size):
                    there = target + index[source + n * apart] * y_apart
                    if adding != 0:
                        y[there] += values[source + n * apart]
                    else:
                        y[there] = values[source + n * apart]
            i += axes[1, 1]
            j += axes[2, 1]
        line += rows * length
