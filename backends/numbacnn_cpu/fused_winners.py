"""Gradients of weight and bias of a convolution that is pooled, from the winners of the windows alone.

Of a window one pixel gets the gradient of an output, `which` says which: a row of a tile is an output, its columns are
the numbers a pixel sees, and what the winner saw is added to it: as many sums as windows, not as pixels. In an image
with NaN or infinities what the others saw counts, too, times zero. q window of a band (fused_tables.py), o output.
"""
import numpy as np

from .compile import Constant, compiled, kernel
from .fused_tables import make_windows, usual
from .fused_winner_tables import begins, in_columns, layout, positions, tile
from .memory import temporary
from .pack import lanes_of
from .pooled_tile import add_winners
from .simd import fill, fma, lanes, load, load_part, select, store, total
from .slab import clear, copy_slab, inside
from .tile import in_steps, load_tile, pick, store_tile

PARTS = 16                         # of the sum over images: the same on every machine


def conv2d_backward_winners(x, y, which, dy, dweight, dbias, *numbers):
    """Lower the gradients of weight and bias to sums over parts of the bands, and their sum."""
    x, y, which, dy, dweight = (view.physical() for view in (x, y, which, dy, dweight))
    (outputs, *taps, depth), numbers, n = dweight.shape, usual(numbers), lanes_of(x.dtype)
    tables = make_windows(x.shape, y.shape, tuple(taps), numbers, 1, x.dtype.itemsize)
    way, _ = layout(taps, depth, numbers, outputs, n)
    starts, places = tables.starts, tables.places
    if way.tall:
        starts, places = in_columns(tables, y.shape[2], numbers, depth, way.tall)
    group, vectors, rows = tile(way, outputs, n)
    pitch = int(tables.window[4] if tables.window[5] else x.shape[2]) * depth
    runs = [start + k for start in begins(way, taps, numbers, depth, pitch)
            for k in range(0, way.length, vectors * n)]
    runs += runs[-1:] * (-len(runs) % group)                           # the last ones twice: those sums are not used
    room, count = len(runs) * vectors * n, max(1, min(PARTS, x.shape[0] * int(tables.cuts[0])))
    parts = temporary((count, outputs * room + -(-outputs // n) * n), x.dtype)       # those of the bias come last
    places = np.concatenate([places, places.repeat(places.size)]).reshape(places.size + 1, places.size)
    constants = [Constant(number) for number in (group, group * vectors, rows)]
    return [(winner_sums, [x, y, which, dy, parts, starts, places, tables.window, tables.cuts, np.array(runs, np.intp),
                           room, numbers[0] * numbers[6], way.tall, *constants]),
            (add_winner_sums, [parts, dweight.shaped((outputs, dweight.size // max(outputs, 1))), dbias, room,
                               positions(way, dweight.shape, n)])]


def room_of(x, y, window, cuts, tall):
    """Return how many numbers a slab, if there is one, and the gradients of a band take."""
    rows = int(cuts[1]) * tall if tall else int(window[3]) * bool(window[5])
    sizes = rows * int(window[4]) * x.shape[3], int(cuts[1]) * y.shape[2] * y.shape[3]
    return sum(size_of(size, lanes_of(x.dtype)) for size in sizes)


@kernel(items=lambda parts: parts.shape[0],
        workspace=lambda x, y, window, cuts, tall: ((room_of(x, y, window, cuts, tall),), x.dtype))
def winner_sums(x, y, which, dy, parts, starts, places, window, cuts, runs, pitch, step, tall, group, vectors, rows,
                space, begin, end):
    """An item is a part: the sum over some bands."""
    outputs, depth, (count, room) = y.shape[3], x.shape[3], parts.shape
    numbers, place, bands = parts.reshape(parts.size), which.reshape(y.size), y.shape[0] * cuts[0]
    pixels, table = places.shape[1], places.reshape(places.size)
    for part in range(begin, end):
        parts[part] = 0
        for item in range(bands * part // count, bands * (part + 1) // count):
            n, band = divmod(item, cuts[0])
            lines = min(cuts[1], y.shape[1] - band * cuts[1])
            size = lines * y.shape[2]
            corner = (n * y.shape[1] + band * cuts[1]) * y.shape[2] * outputs
            if tall:
                source, base, seen = space, 0, lines * tall * window[4] * depth
                copy_columns(x[n], window[0] + band * window[2], window[1], lines, step, tall, window[4], space)
            else:
                source = space if window[5] else x.reshape(x.size)
                base, seen = take_band(x, n, band, window, space, 0)
            passed = space.size - size_of(size * outputs, lanes(x))
            finite = all_finite(source, base, seen)
            for turn in range(1 if finite else pixels):
                pass_gradients(dy.reshape(y.size), y.reshape(y.size), corner, size * outputs, space, passed)
                if not finite:
                    keep_only(space, passed, place, corner, size * outputs, turn)
                row = 0 if finite else (1 + turn) * pixels
                for first in range(0, runs.size, group):
                    offsets = pick(runs, first, runs.size, group)
                    for o in range(0, outputs, rows):
                        target = part * room + o * pitch + first * (vectors // group) * lanes(x)
                        ends = in_steps(target, pitch, numbers.size, rows)
                        tile = load_tile(numbers, ends, rows, vectors)
                        for q in range(size):
                            at = q * outputs + o
                            tile = add_winners(tile, source, base + starts[q], offsets, space, passed + at, place,
                                               corner + at, table, row)
                        store_tile(numbers, ends, tile, pitch)
                add_rows(space, passed, size, outputs, numbers, part * room + outputs * pitch)


@compiled
def take_band(x, n, band, window, slab, at):
    """Copy what a band sees to position `at` of a slab, if it must be; return where it begins, and how much it is."""
    row = x.shape[2] * x.shape[3]
    if window[5]:
        copy_slab(x[n], window[0] + band * window[2], window[1], window[3], window[4], 0, x.shape[3], slab, at)
        return at, window[3] * window[4] * x.shape[3]
    return (n * x.shape[1] + band * window[2]) * row, min(window[3], x.shape[1] - band * window[2]) * row


@compiled
def size_of(count, n):
    """Return what room so many numbers take: whole vectors, and one more that is read behind them."""
    return (count // n + 2) * n


@compiled
def all_finite(array, first, count):
    """Whether there is neither NaN nor an infinity among numbers."""
    zero = fill(array, 0)
    found, last = zero, first + count
    for i in range(first, last, lanes(array)):
        found = fma(load_part(array, i, last - i), zero, found)
    return total(found) == 0


@compiled
def pass_gradients(dy, y, first, count, target, at):
    """Write numbers of dy, zeros where those of y are not positive."""
    zero = fill(dy, 0)
    for i in range(0, count, lanes(dy)):
        store(target, at + i, select(load(y, first + i) <= zero, zero, load(dy, first + i)))


@compiled
def copy_columns(image, top, left, rows, step, tall, width, slab):
    """Copy what rows of windows see, columns side by side: (row, column, `tall` rows of the image, channel).

    A row of windows begins `step` rows of the image after the one before; zeros where the image ends.
    """
    height, columns, channels = image.shape
    numbers, apart = image.reshape(image.size), np.uintp(tall * channels)
    clear(slab, 0, rows * width * tall * channels)
    first, last = inside(left, 1, width, columns)
    for row in range(rows):
        for t in range(tall):
            line = top + row * step + t
            if 0 <= line < height:
                source = np.uintp((line * columns + left + first) * channels)
                target = np.uintp(((row * width + first) * tall + t) * channels)
                for c in range(np.uintp(channels)):
                    for column in range(np.uintp(last - first)):
                        slab[target + column * apart + c] = numbers[source + column * np.uintp(channels) + c]


@compiled
def keep_only(gradient, at, which, first, count, wanted):
    """Write zeros over the gradients of winners at other places of their windows."""
    for i in range(count):
        if which[first + i] != wanted:
            gradient[at + i] = 0


@compiled
def add_rows(rows, at, count, columns, target, first):
    """Add rows, one after the other, to numbers in whole vectors."""
    for column in range(0, columns, lanes(rows)):
        found = load(target, first + column)
        for row in range(count):
            found = found + load(rows, at + row * columns + column)
        store(target, first + column, found)


@kernel(items=lambda dweight: dweight.shape[0], workspace=lambda parts, pitch: ((pitch,), parts.dtype))
def add_winner_sums(parts, dweight, dbias, pitch, positions, sums, begin, end):
    """An item is an output."""
    numbers, n, (count, room) = parts.reshape(parts.size), lanes(parts), parts.shape
    for o in range(begin, end):
        for column in range(0, pitch, n):
            found = load(numbers, o * pitch + column)
            for part in range(1, count):
                found = found + load(numbers, part * room + o * pitch + column)
            store(sums, column, found)
        for k in range(dweight.shape[1]):
            dweight[o, k] = sums[positions[k]]
        dbias[o] = 0
        for part in range(count):
            dbias[o] += parts[part, dweight.shape[0] * pitch + o]
