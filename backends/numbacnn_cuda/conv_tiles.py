"""Convolution as a product of matrices, tile by tile (tiles.py); one factor is gathered from images as it is needed.

Arrays lie channels last. i place of a phase (sweep.py), j channel of a group that is written, k tap (t, u) and channel
c of a group that is read; n image, g group, (p, q) place in an image.
"""
import numpy as np

from .compile import cuda, device, kernel, real
from .elementwise import renamed
from .sweep import FIRST, OFFSET, PLACES, START, TAPS
from .tiles import LARGE, MIDDLE, NARROW, PAD, SMALL, STEP, clear, fetch, lanes, multiply, put

BASE, TOP, LEFT, TARGET = range(4)        # of a place: where its window begins, row and column, and where it is written
FAR = -(1 << 40)                          # a row that no image has


@device
def find_places(places, first, rows, vertical, horizontal, row_steps, column_steps, x_shape, y_shape):
    """Note what is known of so many places of a phase; those past the last one see nothing."""
    for r in range(cuda.threadIdx.x, rows, cuda.blockDim.x):
        above = (first + r) // horizontal[PLACES]
        q = first + r - above * horizontal[PLACES]
        n = above // vertical[PLACES]
        p = above - n * vertical[PLACES]
        h, w = p * row_steps[0] + vertical[START], q * column_steps[0] + horizontal[START]
        places[BASE, r] = ((n * x_shape[1] + h) * x_shape[2] + w) * x_shape[3]
        places[TOP, r] = h if n < x_shape[0] else FAR
        places[LEFT, r] = w
        h, w = p * row_steps[1] + vertical[OFFSET], q * column_steps[1] + horizontal[OFFSET]
        places[TARGET, r] = ((n * y_shape[1] + h) * y_shape[2] + w) * y_shape[3] if n < x_shape[0] else -1


@device
def fetch_places(x, x_shape, places, first, hop, down, right, offset, held, loads):
    """Load what so many places see through one tap of one channel: 0 outside of the image."""
    for n in range(loads):
        place = np.uintp(first + n * hop)
        h, w = places[TOP, place] + down, places[LEFT, place] + right
        inside = h >= 0 and h < x_shape[1] and w >= 0 and w < x_shape[2]
        held[n] = x[np.uintp(places[BASE, place] + offset)] if inside else real(0)


@device
def next_channel(t, u, c, taps, channels):
    """Return the tap and channel that come STEP later."""
    c += STEP
    while c >= channels:
        c -= channels
        u += 1
        if u == taps:
            u = 0
            t += 1
    return t, u, c


def tiled(tile):
    """Return the kernel that makes tiles of such a size; y is (parts, numbers), a part being a piece of k."""
    rows, columns, high, wide = tile
    threads, together, count, apart = tile.threads, tile.together, high * wide, columns // wide
    a_loads, b_loads = rows * STEP // threads, columns * STEP // threads
    tall, broad, hop = rows + PAD, columns + PAD, threads // STEP

    def sweep_tiles(x, weight, bias, y, x_shape, y_shape, row_table, column_table, most, row_steps, column_steps,
                    channels, each, steps):
        left, right = cuda.shared.array((2, STEP, tall), real), cuda.shared.array((2, STEP, broad), real)
        places = cuda.shared.array((4, rows), np.int64)
        sums, seen = cuda.local.array(count, real), cuda.local.array(wide, real)
        a_held, b_held = cuda.local.array(a_loads, real), cuda.local.array(b_loads, real)
        # which tile
        across, down = (each + columns - 1) // columns, (most + rows - 1) // rows
        place = cuda.blockIdx.x // across
        first_j = (cuda.blockIdx.x - place * across) * columns
        z = place // down
        first_i = (place - z * down) * rows
        parts, groups = y.shape[0], y_shape[3] // each
        above = z // parts
        part = z - above * parts
        phase = above // groups
        g = above - phase * groups
        above = phase // column_table.shape[0]
        vertical, horizontal = row_table[above], column_table[phase - above * column_table.shape[0]]
        find_places(places, first_i, rows, vertical, horizontal, row_steps, column_steps, x_shape, y_shape)
        cuda.syncthreads()
        # which k: those of the part, and where the thread begins
        depth = vertical[TAPS] * horizontal[TAPS] * channels
        span = (depth + parts * STEP - 1) // (parts * STEP) * STEP
        begin, end = part * span, min(part * span + span, depth)
        line, k, _, _ = lanes(1, rows, threads)
        above = (begin + k) // channels
        c = begin + k - above * channels
        t = above // max(horizontal[TAPS], 1)
        u = above - t * horizontal[TAPS]
        filters, b_left = g * steps[0] + (first_j + line) * steps[3], each - first_j - line
        row, column = cuda.threadIdx.x // apart * high, cuda.threadIdx.x % apart
        clear(sums, count)
        buffer = 0
        for start in range(begin - STEP, end, STEP):     # a step loads what the next one multiplies
            if start >= begin:
                put(left, buffer, k, 0, line, hop, a_held, a_loads)
                put(right, buffer, k, 0, line, hop, b_held, b_loads)
                cuda.syncthreads()
            deep = end - start - STEP - k
            h, w = t * row_steps[2], u * column_steps[2]
            offset = (h * x_shape[2] + w) * x_shape[3] + g * channels + c
            fetch_places(x, x_shape, places, line, hop, h if deep > 0 else FAR, w, offset, a_held, a_loads)
            h, w = vertical[FIRST] + t * row_steps[3], horizontal[FIRST] + u * column_steps[3]
            at = filters + h * steps[1] + w * steps[2] + c
            fetch(weight, at, hop * steps[3], b_left, hop, deep, 0, b_held, b_loads)
            t, u, c = next_channel(t, u, c, horizontal[TAPS], channels)
            if start >= begin:
                multiply(left, right, buffer, row, column, apart, sums, seen, high, wide, together)
                buffer = 1 - buffer
        for n in range(wide):
            j = first_j + column + n * apart
            if j < each:
                base = bias[g * each + j] if part == 0 else real(0)
                for m in range(high):
                    at = places[TARGET, np.uintp(row + m)]
                    if at >= 0:
                        y[part, np.uintp(at + g * each + j)] = sums[m * wide + n] + base

    return kernel(blocks=lambda y, y_shape, row_table, column_table, most, each: (
        len(row_table) * len(column_table) * y_shape[3] // each * y.shape[0] * -(-most // rows) * -(-each // columns)),
        block=threads)(renamed(sweep_tiles, f"sweep_{rows}_{columns}"))


SWEEP_TILES = {tile: tiled(tile) for tile in (LARGE, MIDDLE, NARROW, SMALL)}
