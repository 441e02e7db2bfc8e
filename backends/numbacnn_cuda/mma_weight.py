"""Gradients of filters on tensor cores: the product of dy, transposed, and a matrix of windows of x, never stored.

m: a channel of dy; q: a tap and a channel of x; p: a pixel of dy, in any image, over which the sum goes, 32 or 64 at a
time. A row of a tile has one p and all m or q. Of tf32 a thread gets four of these beside each other, for four
fragments: which rows and columns a fragment has is free, as long as the result is written accordingly. Of bfloat16 it
gets two pixels of one m or q, as matrices of 16 bits can be read transposed. The sum is done in parts.
"""
import functools
import math

import numpy as np
from numpy import int32, uint32

from .compile import cuda, device, kernel, real
from .elementwise import renamed
from .fragments import multiplication, storing
from .mma_conv import SCALE, WIDTHS, phase_taps, table_of
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
    load_turned_matrices,
    round_tf32,
    shared_address,
    store_4,
    store_8,
)

DEPTHS = {"tf32": 32, "bf16": 64}      # pixels of a step


@device
def store_four(target, at, place):
    """Write four numbers that lie in shared memory."""
    found = load_shared_4(place)
    store_4(address(target, at), bits_as_float(found[0]), bits_as_float(found[1]), bits_as_float(found[2]),
            bits_as_float(found[3]))


@device
def store_eight(target, at, place):
    """Write eight, which are rounded if the target is bfloat16."""
    low, high = load_shared_4(place), load_shared_4(place + 16)
    store_8(target, at, bits_as_float(low[0]), bits_as_float(low[1]), bits_as_float(low[2]), bits_as_float(low[3]),
            bits_as_float(high[0]), bits_as_float(high[1]), bits_as_float(high[2]), bits_as_float(high[3]))


STORE = {"tf32": store_four, "bf16": store_eight}


@functools.cache
def weight_product(tile, kind):
    """Return the kernel for dy and x of float32 (tf32), or of bfloat16 (bf16)."""
    rows, columns, warp_rows, warp_columns, stages = tile
    threads, tf32, nbytes, depth_of_step = tile.threads, kind == "tf32", WIDTHS[kind], DEPTHS[kind]
    of_chunk = CHUNK // nbytes                           # numbers
    of_chunks = CHUNKS * of_chunk                        # numbers of a pixel that threads beside each other copy
    across = columns // warp_columns                     # warps beside each other
    passed = threads // CHUNKS                           # pixels that the block copies at once
    passes, y_copies, x_copies = depth_of_step // passed, rows // of_chunks, columns // of_chunks
    y_bytes, stage_bytes = depth_of_step * rows * nbytes, depth_of_step * (rows + columns) * nbytes
    ahead, behind = stages - 1, stages - 2
    high, wide, pairs = warp_rows // 16, warp_columns // 8, warp_columns // 16
    a_loads, b_loads = warp_rows // 32, warp_columns // 32
    a_registers, b_registers, sums = 4 * high, 2 * wide, 4 * high * wide
    beside_each, pitch = columns // of_chunk, 4 * (columns + (4 if tf32 else 8))
    multiply, store = multiplication(kind, high, wide), STORE[kind]
    own_rows, own_columns = (4, 8) if tf32 else (1, 2)   # of a thread, in its fragments
    put = storing([((32 * u + 2 * f + half) * pitch + (32 * v + 4 * w) * 4,
                    *[4 * ((2 * u + f) * wide + 4 * v + e) + 2 * half + w for e in range(4)])
                   for u in range(a_loads) for f in range(2) for half in range(2) for v in range(b_loads)
                   for w in range(2)] if tf32 else
                  [(pitch * (16 * i + 8 * half) + 32 * j, at, at + 1) for i in range(high) for j in range(wide)
                   for half in range(2) for at in [4 * (i * wide + j) + 2 * half]])

    @device
    def spread(pixel, chunk, numbers):
        turned = (pixel & 3) * 2 if tf32 else pixel & 7
        return int32(pixel * numbers * nbytes + (chunk ^ turned) * CHUNK)

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
                inside = (pixel < last) & (int32(m + of_chunks * j) < int32(pitch_m))
                copy_16(stage + spread(row + i * passed, chunk + CHUNKS * j, rows),
                        address(dy, int32(place + of_chunks * j)), CHUNK if inside else 0)
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
    def advance_tf32(total, place, first, m_warp, q_warp, lane):
        a, b = cuda.local.array(a_registers, uint32), cuda.local.array(b_registers, uint32)
        pixel = int32(8 * first + lane % 4)
        m_chunk, q_chunk = int32(m_warp // 4 + lane // 4), int32(q_warp // 4 + lane // 4)
        load(a, b, place, pixel, m_chunk, q_chunk, 0)
        load(a, b, place, int32(pixel + 4), m_chunk, q_chunk, 2)
        multiply(total, a, b)

    @device
    def advance_bf16(total, place, first, m_warp, q_warp, lane):
        a, b = cuda.local.array(a_registers, uint32), cuda.local.array(b_registers, uint32)
        pixel = int32(16 * first + lane % 8)
        a_pixel, a_chunk = int32(pixel + lane // 16 * 8), int32(m_warp // 8 + lane // 8 % 2)
        b_pixel, b_chunk = int32(pixel + lane // 8 % 2 * 8), int32(q_warp // 8 + lane // 16)
        for i in range(high):
            found = load_turned_matrices(place + spread(a_pixel, a_chunk + 2 * i, rows))
            for r in range(4):
                a[4 * i + r] = found[r]
        for j in range(pairs):
            found = load_turned_matrices(place + y_bytes + spread(b_pixel, b_chunk + 2 * j, columns))
            for r in range(4):
                b[4 * j + r] = found[r]
        multiply(total, a, b)

    advance = advance_tf32 if tf32 else advance_bf16

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
        depth = int32((last - first + depth_of_step - 1) // depth_of_step)

        row, chunk = int32(thread // CHUNKS), int32(thread % CHUNKS)
        downs, rights = cuda.local.array(x_copies, int32), cuda.local.array(x_copies, int32)
        shifts = cuda.local.array(x_copies, int32)
        for j in range(x_copies):
            entry = load_4_ints(address(table, q_first // of_chunk * 4 + 4 * (chunk + CHUNKS * j)))
            shifts[j], downs[j], rights[j] = entry[0], entry[1], entry[2]
        m = int32(m_first + of_chunk * chunk)
        for step in range(ahead):
            if step < depth:
                fetch(dy, x, first + step * depth_of_step, last, base + step * stage_bytes, row, chunk, m, pitch_m,
                      downs, rights, shifts, height, width, channels, grid, steps, divisors)
            copies_end()

        total = cuda.local.array(sums, np.float32)
        for i in range(sums):
            total[i] = np.float32(0)
        m_warp, q_warp = int32(warp // across * warp_rows), int32(warp % across * warp_columns)
        now, free = int32(0), int32(ahead)
        for step in range(depth):
            copies_wait(behind)
            cuda.syncthreads()                           # all have read what is overwritten now, and see what came
            if step + ahead < depth:
                fetch(dy, x, first + (step + ahead) * depth_of_step, last, base + free * stage_bytes, row, chunk, m,
                      pitch_m, downs, rights, shifts, height, width, channels, grid, steps, divisors)
            copies_end()
            place = base + now * stage_bytes
            advance(total, place, 0, m_warp, q_warp, lane)
            advance(total, place, 1, m_warp, q_warp, lane)
            advance(total, place, 2, m_warp, q_warp, lane)
            advance(total, place, 3, m_warp, q_warp, lane)
            now = int32(now + 1 if now < ahead else 0)
            free = int32(free + 1 if free < ahead else 0)

        copies_wait(0)
        cuda.syncthreads()
        put(total, base + (m_warp + lane // 4 * own_rows) * pitch + (q_warp + lane % 4 * own_columns) * 4)
        cuda.syncthreads()
        q = int32(q_first + thread % beside_each * of_chunk)
        for row in range(thread // beside_each, rows, threads // beside_each):
            m = int32(m_first + row)
            if (m < filters) & (q < length):
                store(target, (part * filters + m) * length + q, base + row * pitch + (q - q_first) * 4)

    name = f"conv2d_backward_weight_{kind}_{'_'.join(map(str, tile))}"
    return kernel(blocks=lambda blocks, shape: shape[0] * blocks, block=threads,
                  shared=lambda beside: max(stages * stage_bytes, rows * pitch) + LINE)(renamed(tiles, name))


KERNELS = [weight_product(tile, kind) for tile in TILES for kind in WIDTHS]     # other processes find them by names


def weight_gradient(x, dy, dweight, axes, scratch, kind):
    """Return the calls that compute the gradient of filters.

    Parameters
    ----------
    x, dy : View
        (N, H, W, C) and (N, OH, OW, O), of whole chunks of channels; there may be more of dy than filters.
    dweight : View
        (O, KH, KW, C), of as many channels as x or fewer.
    axes : (Axis, Axis)
        Of the forward direction.
    scratch : Scratch
    kind : {"tf32", "bf16"}
    """
    images, height, width, channels = x.shape
    filters, tall, wide, wanted = dweight.shape
    grid, length = dy.shape[1:3], tall * wide * channels
    pixels = images * math.prod(grid)
    tile, of_chunk = tile_for(filters, length, max(1, pixels // LEAST)), CHUNK // WIDTHS[kind]
    rows, columns = axes
    table = table_of(phase_taps(rows, rows.table[0]), phase_taps(columns, columns.table[0]), wide, width, channels,
                     of_chunk, tile.columns // of_chunk)
    beside, blocks = -(-length // tile.columns), tile.covering(filters, length)
    parts = parts_for(blocks * tile.threads, pixels)
    whole = parts == 1 and wanted == channels
    target = dweight.flat() if whole else scratch.take((parts * filters * length,), np.float32)
    span = -(-pixels // (parts * DEPTHS[kind])) * DEPTHS[kind]
    divisors = *divisor(grid[1]), *divisor(grid[0]), *divisor(blocks), *divisor(beside)
    call = (weight_product(tile, kind), [
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
