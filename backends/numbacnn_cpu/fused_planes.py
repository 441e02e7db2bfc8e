"""Convolution, ReLU and max pooling in one pass (fused.py) where there are few outputs: some windows side by side.

Tiles with outputs in their columns would be half empty. Here a row of a tile is an output, and its vectors are windows
of one row of y, seen at each of their places. What windows side by side see at a place lies apart in x, every so many
columns; so a band of x is copied with these columns side by side: (channel, row, phase, column). q window of a row.
"""
import numpy as np

from .compile import Constant, compiled, kernel
from .fused_tables import make_windows
from .isa import REGISTERS
from .pack import lanes_of
from .plane_tile import add_seen, load_every, spread_down, store_planes
from .simd import lanes, store_part
from .slab import clear, inside
from .tile import pick

SUMS = REGISTERS - 8               # vectors of a tile
EVERY = 8                          # numbers of x, at most, from one column of a phase to the next


def planes(x, packed, bias, y, which, numbers):
    """Return the kernel call for arrays as they lie, with a weight of one block, as wide as there are outputs."""
    _, tall, wide, depth, outputs = packed.shape
    tables = make_windows(x.shape, y.shape, (tall, wide), numbers, outputs, x.dtype.itemsize)
    phases, pitch = numbers[1] * numbers[7], pitch_of((tall, wide), y.shape[2], numbers, lanes_of(x.dtype))
    places = Constant(numbers[6] * numbers[7])
    positions = positions_of((tall, wide), depth, numbers, int(tables.window[3]), pitch)
    return [(pooled_planes, [x, packed, bias, y, which, positions, tables.window, tables.cuts,
                             numbers[0] * numbers[6], phases, pitch, Constant(phases * depth), Constant(outputs),
                             places])]


def do_planes_gain(weight, y, numbers, others):
    """Whether tiles of planes need fewer products, in vectors, than `others` for each window, row of taps and place.

    All sums of some windows must fit into the registers.
    """
    (outputs, channels, _, wide), lanes, windows = weight.shape, lanes_of(weight.dtype), y.shape[3]
    every = numbers[1] * numbers[7] * channels
    fitting = outputs * numbers[6] * numbers[7] <= SUMS and outputs < lanes and every <= EVERY
    return fitting and outputs * wide * -(-windows // lanes) < others * windows


def pitch_of(taps, windows, numbers, lanes):
    """Return how many columns of a phase lie side by side: those that whole vectors of windows see."""
    (_, wide), (_, sw, _, _, _, dw, _, kw) = taps, numbers
    return -(-windows // lanes) * lanes + ((kw - 1) * sw + (wide - 1) * dw) // (sw * kw)


def positions_of(taps, depth, numbers, height, pitch):
    """Return where in the slab each tap (KH, KW, C) of each place of the first window is: (tap, place)."""
    (tall, wide), (sh, sw, _, _, dh, dw, kh, kw) = taps, numbers
    i, j, c, pi, pj = np.indices((tall, wide, depth, kh, kw))
    column, row = pj * sw + j * dw, c * height + pi * sh + i * dh
    phases = sw * kw
    positions = (row * phases + column % phases) * pitch + column // phases
    return np.ascontiguousarray(positions.reshape(tall * wide * depth, kh * kw), np.intp)


@kernel(items=lambda x, cuts: x.shape[0] * int(cuts[0]),
        workspace=lambda x, window, phases, pitch: ((x.shape[3] * int(window[3]) * phases * pitch,), x.dtype))
def pooled_planes(x, packed, bias, y, which, positions, window, cuts, step, phases, pitch, every, rows, places, slab,
                  begin, end):
    """An item is a band of rows of windows of an image."""
    weights, result, place = packed.reshape(packed.size), y.reshape(y.size), which.reshape(y.size)
    table = positions.reshape(positions.size)
    for item in range(begin, end):
        n, band = divmod(item, cuts[0])
        copy_phases(x[n], window[0] + band * window[2], window[1], window[3], window[4], phases, pitch, every, slab)
        for line in range(band * cuts[1], min(band * cuts[1] + cuts[1], y.shape[1])):
            for q in range(0, y.shape[2], lanes(x)):
                seen = (line - band * cuts[1]) * step * phases * pitch + q
                tile = spread_down(bias, 0, rows, places)
                for tap in range(positions.shape[0]):
                    starts = pick(table, tap * places, table.size, places)
                    tile = add_seen(tile, weights, tap * rows, slab, starts, seen)
                store_planes(result, place, ((n * y.shape[1] + line) * y.shape[2] + q) * rows, tile, places,
                             y.shape[2] - q)


@compiled
def copy_phases(image, top, left, height, width, phases, pitch, every, slab):
    """Copy a window of an image (H, W, C) as (channel, row, phase, column), zeros where it leaves the image.

    `every` so many numbers of the image belong to a phase.
    """
    tall, wide, channels = image.shape
    numbers = image.reshape(image.size)
    clear(slab, 0, channels * height * phases * pitch)
    for c in range(channels):
        for phase in range(phases):
            first, last = inside(left + phase, phases, (width - phase + phases - 1) // phases, wide)
            for j in range(first, last, lanes(slab)):
                for row in range(max(0, -top), min(height, tall - top)):
                    found = load_every(numbers, (((top + row) * wide + left + phase) * channels + c) + j * every, every,
                                       last - j)
                    store_part(slab, ((c * height + row) * phases + phase) * pitch + j, found, last - j)
