"""Gradients of filters on tensor cores: the product of dy, transposed, and a matrix of windows of x, never stored.

m: a channel of dy; q: a tap and a channel of x; p: a pixel of dy, in any image, over which the sum goes, 32 at a time.
A row of a tile has one p and all m or q. Of these a thread gets four beside each other, for four fragments: which rows
and columns a fragment has is free, as long as the result is written accordingly. The sum is done in parts.
"""
import functools
import math

import numpy as np
from numpy import int32, uint32

from .compile import cuda, device, kernel, real
from .elementwise import renamed
from .fragments import multiplication, storing
from .mma_conv import SCALE, phase_taps, table_of
from .mma_tile import CHUNK, CHUNKS, FAR, LINE, TILES, WARP, aligned, divisor, quotient, tile_for
from .parts import LEAST, parts_for
from .ptx import (
    address,
    bits_as_float,
    copies_end,
    copies_wait,
    copy_16,
    load_4_ints,
    load_shared_4,
    round_tf32,
    shared_address,
    store_4,
)

DEPTH = 32                # pixels of a step


@functools.cache
def weight_product(tile):
    """Return the kernel for float32 arrays."""
    rows, columns, warp_rows, warp_columns, stages = tile
    threads = tile.threads
    across = columns // warp_columns                     # warps beside each other
    passed = threads // CHUNKS                           # pixels that the block copies at once
    passes, y_copies, x_copies = DEPTH // passed, rows // 32, columns // 32
    y_bytes, stage_bytes, ahead, behind = DEPTH * rows * 4, DEPTH * (rows + columns) * 4, stages - 1, stages - 2
    high, wide, a_loads, b_loads = warp_rows // 16, warp_columns // 8, warp_rows // 32, warp_columns // 32
    a_registers, b_registers, sums = 4 * high, 2 * wide, 4 * high * wide
    quads, pitch = columns // 4, 4 * (columns + 4)
    multiply = multiplication("tf32", high, wide)
    put = storing([((32 * u + 2 * f + half) * pitch + (32 * v + 4 * w) * 4,
                    *[4 * ((2 * u + f) * wide + 4 * v + e) + 2 * half + w for e in range(4)])
                   for u in range(a_loads) for f in range(2) for half in range(2) for v in range(b_loads)
                   for w in range(2)])

    @device
    def spread(pixel, chunk, numbers):
        return int32(pixel * numbers * 4 + (chunk ^ ((pixel & 3) * 2)) * CHUNK)

    @device
    def fetch(dy, x, first, last, stage, row, chunk, m, pitch_m, downs, rights, shifts, height, width, channels,
              grid, steps, divisors):
        for i in range(passes):
            pixel = int32(first + row + i * passed)
            line = quotient(pixel, divisors[0], divisors[1])
            each = quotient(line, divisors[2], divisors[3])
            top, left = int32((line - each * grid[0]) * steps[0]), int32((pixel - line * grid[1]) * steps[1])
            begin = int32(((each * height + top) * width + left) * channels)
            top = int32(top if pixel < last else FAR)
            place = int32(pixel * pitch_m + m)
            for j in range(y_copies):
                inside = (pixel < last) & (int32(m + 32 * j) < int32(pitch_m))
                copy_16(stage + spread(row + i * passed, chunk + CHUNKS * j, rows), address(dy, int32(place + 32 * j)),
                        CHUNK if inside else 0)
            for j in range(x_copies):
                inside = (uint32(top + downs[j]) < height) & (uint32(left + rights[j]) < width)
                copy_16(stage + y_bytes + spread(row + i * passed, chunk + CHUNKS * j, columns),
                        address(x, int32(begin + shifts[j])), CHUNK if inside else 0)

    @device
    def load(a, b, place, pixel, m_chunk, q_chunk, k):
        for u in range(a_loads):
            found = load_shared_4(place + spread(pixel, m_chunk + 8 * u, rows))
            a[8 * u + k], a[8 * u + k + 1] = round_tf32(found[0]), round_tf32(found[1])
            a[8 * u + k + 4], a[8 * u + k + 5] = round_tf32(found[2]), round_tf32(found[3])
        for v in range(b_loads):
            found = load_shared_4(place + y_bytes + spread(pixel, q_chunk + 8 * v, columns))
            b[8 * v + k // 2], b[8 * v + k // 2 + 2] = round_tf32(found[0]), round_tf32(found[1])
            b[8 * v + k // 2 + 4], b[8 * v + k // 2 + 6] = round_tf32(found[2]), round_tf32(found[3])

    @device
    def advance(total, place, pixel, m_chunk, q_chunk):
        a, b = cuda.local.array(a_registers, uint32), cuda.local.array(b_registers, uint32)
        load(a, b, place, pixel, m_chunk, q_chunk, 0)
        load(a, b, place, int32(pixel + 4), m_chunk, q_chunk, 2)
        multiply(total, a, b)

    def tiles(dy, x, target, table, image, grid, steps, divisors, beside, blocks, shape, pitch_m):
        height, width, channels = uint32(image[0]), uint32(image[1]), image[2]
        _, filters, length, span = shape
        base = aligned(shared_address(cuda.shared.array(0, np.uint8)))
        thread = int32(cuda.threadIdx.x)
        lane, warp = int32(thread % WARP), int32(thread // WARP)
        block = int32(cuda.blockIdx.x)
        part = quotient(block, divisors[4], divisors[5])
        block = int32(block - part * blocks)
        tile_row = quotient(block, divisors[6], divisors[7])
        m_first, q_first = int32(tile_row * rows), int32((block - tile_row * beside) * columns)
        first, last = int32(part * span), int32(min((part + 1) * span, grid[2]))
        depth = int32((last - first + DEPTH - 1) // DEPTH)

        row, chunk = int32(thread // CHUNKS), int32(thread % CHUNKS)
        downs, rights = cuda.local.array(x_copies, int32), cuda.local.array(x_copies, int32)
        shifts = cuda.local.array(x_copies, int32)
        for j in range(x_copies):
            entry = load_4_ints(address(table, q_first + 4 * (chunk + CHUNKS * j)))
            shifts[j], downs[j], rights[j] = entry[0], entry[1], entry[2]
        m = int32(m_first + 4 * chunk)
        for step in range(ahead):
            if step < depth:
                fetch(dy, x, first + step * DEPTH, last, base + step * stage_bytes, row, chunk, m, pitch_m, downs,
                      rights, shifts, height, width, channels, grid, steps, divisors)
            copies_end()

        total = cuda.local.array(sums, np.float32)
        for i in range(sums):
            total[i] = np.float32(0)
        m_warp, q_warp = int32(warp // across * warp_rows), int32(warp % across * warp_columns)
        m_chunk, q_chunk = int32(m_warp // 4 + lane // 4), int32(q_warp // 4 + lane // 4)
        pixel = int32(lane % 4)                          # of 8, and the one after 4 others
        now, free = int32(0), int32(ahead)
        for step in range(depth):
            copies_wait(behind)
            cuda.syncthreads()                           # all have read what is overwritten now, and see what came
            if step + ahead < depth:
                fetch(dy, x, first + (step + ahead) * DEPTH, last, base + free * stage_bytes, row, chunk, m,
                      pitch_m, downs, rights, shifts, height, width, channels, grid, steps, divisors)
            copies_end()
            place = base + now * stage_bytes
            advance(total, place, pixel, m_chunk, q_chunk)
            advance(total, place, int32(pixel + 8), m_chunk, q_chunk)
            advance(total, place, int32(pixel + 16), m_chunk, q_chunk)
            advance(total, place, int32(pixel + 24), m_chunk, q_chunk)
            now = int32(now + 1 if now < ahead else 0)
            free = int32(free + 1 if free < ahead else 0)

        copies_wait(0)
        cuda.syncthreads()
        put(total, base + (m_warp + lane // 4 * 4) * pitch + (q_warp + lane % 4 * 8) * 4)
        cuda.syncthreads()
        q = int32(q_first + thread % quads * 4)
        for row in range(thread // quads, rows, threads // quads):
            m = int32(m_first + row)
            if (m < filters) & (q < length):
                found = load_shared_4(base + row * pitch + (q - q_first) * 4)
                store_4(address(target, (part * filters + m) * length + q), bits_as_float(found[0]),
                        bits_as_float(found[1]), bits_as_float(found[2]), bits_as_float(found[3]))

    name = f"conv2d_backward_weight_tf32_{'_'.join(map(str, tile))}"
    return kernel(blocks=lambda blocks, shape: shape[0] * blocks, block=threads,
                  shared=lambda beside: max(stages * stage_bytes, rows * pitch) + LINE)(renamed(tiles, name))


KERNELS = [weight_product(tile) for tile in TILES]       # other processes find them by their names


def weight_gradient(x, dy, dweight, axes, scratch):
    """Return the calls that compute the gradient of filters.

    Parameters
    ----------
    x, dy : View
        (N, H, W, C) and (N, OH, OW, O), of a multiple of 4 channels; there may be more of dy than filters.
    dweight : View
        (O, KH, KW, C), of as many channels as x or fewer.
    axes : (Axis, Axis)
        Of the forward direction.
    scratch : Scratch
    """
    images, height, width, channels = x.shape
    filters, tall, wide, wanted = dweight.shape
    grid, length = dy.shape[1:3], tall * wide * channels
    pixels = images * math.prod(grid)
    tile = tile_for(filters, length, max(1, pixels // LEAST))
    rows, columns = axes
    table = table_of(phase_taps(rows, rows.table[0]), phase_taps(columns, columns.table[0]), wide, width, channels, 4,
                     tile.columns // 4)
    beside, blocks = -(-length // tile.columns), tile.covering(filters, length)
    parts = parts_for(blocks, pixels)
    whole = parts == 1 and wanted == channels
    target = dweight.flat() if whole else scratch.take((parts * filters * length,), dweight.dtype)
    span = -(-pixels // (parts * DEPTH)) * DEPTH
    divisors = *divisor(grid[1]), *divisor(grid[0]), *divisor(blocks), *divisor(beside)
    call = (weight_product(tile), [
        dy.flat(), x.flat(), target, table, (height, width, channels), (*grid, pixels),
        (rows.steps[SCALE], columns.steps[SCALE]), divisors, beside, blocks, (parts, filters, length, span),
        dy.shape[3]])
    return [call] if whole else [call, (add_padded, [target.shaped((parts, filters * tall * wide, channels)),
                                                     dweight.shaped((filters * tall * wide, wanted))])]


@kernel(items=lambda y: y.size)
def add_padded(terms, y):
    i = cuda.grid(1)
    if i < y.size:
        row = i // y.shape[1]
        channel = i - row * y.shape[1]
        total = real(0)
        for part in range(terms.shape[0]):
            total += terms[part, row, channel]
        y[row, channel] = total
