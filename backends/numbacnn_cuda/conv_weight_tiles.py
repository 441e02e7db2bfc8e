"""Gradients of weights as products of matrices, tile by tile (tiles.py): dy transposed times windows of x.

Arrays lie channels last. i channel of dy, j tap (t, u) and channel c of x, of a group g; k pixel (n, p, q) of dy.
"""
import numpy as np

from .compile import cuda, device, kernel, real
from .conv_tiles import FAR
from .elementwise import renamed
from .tiles import LARGE, MIDDLE, PAD, SMALL, STEP, clear, fetch, lanes, multiply, put


@device
def fetch_pixels(x, x_shape, n, p, q, hop, height, width, sh, sw, down, right, channel, deep, held, loads):
    """Load what pixels, `hop` apart, see through one tap of one channel, 0 outside of x; return the next pixel."""
    for load in range(loads):
        h, w = p * sh + down, q * sw + right
        inside = load * hop < deep and h >= 0 and h < x_shape[1] and w >= 0 and w < x_shape[2]
        at = ((n * x_shape[1] + h) * x_shape[2] + w) * x_shape[3] + channel
        held[load] = x[np.uintp(at)] if inside else real(0)
        q += hop
        while q >= width:
            q -= width
            p += 1
            if p == height:
                p = 0
                n += 1
    return n, p, q


def tiled(tile):
    """Return the kernel that makes tiles of such a size; dweight is (parts, O, KH KW C / G), a part some pixels."""
    rows, columns, high, wide = tile
    threads, together, count, apart = tile.threads, tile.together, high * wide, columns // wide
    a_loads, b_loads = rows * STEP // threads, columns * STEP // threads
    tall, broad, a_hop, b_hop = rows + PAD, columns + PAD, threads // rows, threads // columns

    def weight_tiles(x, dy, dweight, x_shape, dy_shape, taps, channels, sh, sw, ph, pw, dh, dw, groups):
        left, right = cuda.shared.array((2, STEP, tall), real), cuda.shared.array((2, STEP, broad), real)
        sums, seen = cuda.local.array(count, real), cuda.local.array(wide, real)
        a_held, b_held = cuda.local.array(a_loads, real), cuda.local.array(b_loads, real)
        images, height, width, outputs = dy_shape
        # which tile
        each, numbers = outputs // groups, dweight.shape[2]
        across, down = (numbers + columns - 1) // columns, (each + rows - 1) // rows
        place = cuda.blockIdx.x // across
        first_j = (cuda.blockIdx.x - place * across) * columns
        z = place // down
        first_i = (place - z * down) * rows
        parts = dweight.shape[0]
        g = z // parts
        part = z - g * parts
        # which tap and channel the thread sees
        i, a_k, _, _ = lanes(0, rows, threads)
        j, b_k, _, _ = lanes(0, columns, threads)
        tap = (first_j + j) // channels
        channel = g * channels + first_j + j - tap * channels
        t = tap // taps
        h = t * dh - ph if first_j + j < numbers else FAR
        w = (tap - t * taps) * dw - pw
        # which pixels: those of the part, and where the thread begins
        depth = images * height * width
        span = (depth + parts * STEP - 1) // (parts * STEP) * STEP
        begin, end = part * span, min(part * span + span, depth)
        above = (begin + b_k) // width
        q = begin + b_k - above * width
        n = above // height
        p = above - n * height
        a_at, a_left = (begin + a_k) * outputs + g * each + first_i + i, each - first_i - i
        row, column = cuda.threadIdx.x // apart * high, cuda.threadIdx.x % apart
        clear(sums, count)
        buffer = 0
        for start in range(begin - STEP, end, STEP):     # a step loads what the next one multiplies
            if start >= begin:
                put(left, buffer, a_k, a_hop, i, 0, a_held, a_loads)
                put(right, buffer, b_k, b_hop, j, 0, b_held, b_loads)
                cuda.syncthreads()
            deep = end - start - STEP
            fetch(dy, a_at, a_hop * outputs, a_left, 0, deep - a_k, a_hop, a_held, a_loads)
            n, p, q = fetch_pixels(x, x_shape, n, p, q, b_hop, height, width, sh, sw, h, w, channel, deep - b_k, b_held,
                                   b_loads)
            a_at += STEP * outputs
            if start >= begin:
                multiply(left, right, buffer, row, column, apart, sums, seen, high, wide, together)
                buffer = 1 - buffer
        for n in range(wide):
            j = first_j + column + n * apart
            for m in range(high):
                i = first_i + row + m
                if i < each and j < numbers:
                    dweight[part, g * each + i, j] = sums[m * wide + n]

    return kernel(blocks=lambda dweight, groups: (
        dweight.shape[0] * groups * -(-(dweight.shape[1] // groups) // rows) * -(-dweight.shape[2] // columns)),
        block=threads)(renamed(weight_tiles, f"weight_{rows}_{columns}"))


WEIGHT_TILES = {tile: tiled(tile) for tile in (LARGE, MIDDLE, SMALL)}
