"""Gradients of filters on the tensor cores of compute capability 9.0, of arrays of bfloat16.

m: a channel of dy; q: a tap and a channel of x; p: a pixel of dy, in any image, over which the sum goes, 64 at a time.
A row of a tile has one p and 64 m or q: tiles are turned, which products of 16 bits can read. The hardware copies the
pixels of dy, and what they have seen of x through each tap. The sum is done in parts, in float32.
"""
import functools
import math

import numpy as np
from numpy import int32, uint16

from .compile import TensorMap, Windows, cuda, device, kernel
from .elementwise import renamed
from .fragments import storing
from .mma_tile import LINE, WARP, divisor, quotient
from .mma_weight import add_padded
from .parts import MOST
from .ptx import address, bits_as_float, load_shared_4, shared_address, store_4
from .ptx_hopper import (
    WARPGROUP,
    barrier_expect,
    barrier_start,
    barrier_wait,
    barriers_ready,
    copy_box,
    copy_windows,
    fewer_registers,
    is_elected,
    map_ready,
    more_registers,
    product_of,
    some_wait,
)
from .wgmma_conv import advancing, lines_of
from .wgmma_tile import (
    HALF,
    MULTIPLYING,
    PROCESSORS,
    ROWS,
    STAGES,
    THREADS,
    aligned_pattern,
    columns_for,
    covering,
    shared_bytes,
)

DEPTH = 64                # pixels of a stage
BOX = 64                  # channels that are copied together: 128 bytes
FURTHER = 16 * LINE // 16 # of a descriptor, in 16 bytes: 16 pixels
SHORTEST = 8 * DEPTH      # pixels of a part


@functools.cache
def weight_product(columns):
    """Return the kernel."""
    stages, boxes = STAGES[columns], columns // BOX
    box_bytes, y_bytes, stage_bytes = DEPTH * LINE, ROWS * LINE, (ROWS + columns) * LINE
    ring, sums, quads, pitch = stages * stage_bytes, columns // 2, columns // 4, 4 * (columns + 8)
    many = columns > 64                                  # numbers of a thread
    advance = advancing(columns, product_of("bf16", columns, turned=True), box_bytes, FURTHER)
    put = storing([(pitch * 8 * half + 32 * j, at, at + 1) for j in range(columns // 8) for half in range(2)
                   for at in [4 * j + 2 * half]])

    @device
    def copy(dy, x, base, m_first, box_first, first, depth, grid, windows, taps, divisors):
        down_scale, right_scale, down_start, right_start = windows
        wide, down_reach, right_reach, chunks, last_box = taps
        full, empty = int32(base + ring), int32(base + ring + 8 * stages)
        now, parity = int32(0), int32(1)                 # the phase before the first one has ended
        map_ready(dy)
        map_ready(x)
        for step in range(depth):
            pixel = int32(first + step * DEPTH)
            line = quotient(pixel, divisors[0], divisors[1])
            each = quotient(line, divisors[2], divisors[3])
            top = int32((line - each * grid[0]) * down_scale + down_start)
            left = int32((pixel - line * grid[1]) * right_scale + right_start)
            barrier_wait(empty + 8 * now, parity)
            barrier_expect(full + 8 * now, stage_bytes)
            place = int32(base + now * stage_bytes)
            for half in range(2):
                copy_box(place + half * box_bytes, dy, full + 8 * now, m_first + half * HALF, pixel, 0)
            for number in range(boxes):
                box = int32(min(box_first + number, last_box))           # those after the last are not written
                tap = quotient(box, divisors[8], divisors[9])
                down = quotient(tap, divisors[10], divisors[11])
                copy_windows(place + y_bytes + number * box_bytes, x, full + 8 * now, (box - tap * chunks) * BOX, left,
                             top, each, uint16((tap - down * wide) * right_reach), uint16(down * down_reach))
            now = int32(now + 1)
            if now == stages:
                now, parity = int32(0), int32(1 - parity)

    def tiles(dy, x, target, grid, windows, taps, divisors, beside, blocks, shape):
        base = aligned_pattern(shared_address(cuda.shared.array(0, np.uint8)))
        thread = int32(cuda.threadIdx.x)
        lane, warp, group = int32(thread % WARP), int32(thread // WARP), int32(thread // WARPGROUP)
        part = quotient(int32(cuda.blockIdx.x), divisors[4], divisors[5])
        block = int32(cuda.blockIdx.x - part * blocks)
        tile_row = quotient(block, divisors[6], divisors[7])
        m_first, box_first = int32(tile_row * ROWS), int32((block - tile_row * beside) * boxes)
        _, filters, channels, length, span = shape
        first = int32(part * span)
        depth = int32((min(first + span, grid[2]) - first + DEPTH - 1) // DEPTH)
        if thread == 0:
            for stage in range(stages):
                barrier_start(base + ring + 8 * stage, 1)
                barrier_start(base + ring + 8 * (stages + stage), 2)
            barriers_ready()
        cuda.syncthreads()
        if group == 2:
            if many:
                fewer_registers(40)
            if warp == 8 and is_elected() != 0:
                copy(dy, x, base, m_first, box_first, first, depth, grid, windows, taps, divisors)
        else:
            if many:
                more_registers(232)
            total = cuda.local.array(sums, np.float32)
            for i in range(sums):
                total[i] = np.float32(0)
            advance(total, base, group, depth, thread % WARPGROUP == 0)
            some_wait(1, MULTIPLYING)                    # all have read what is overwritten now
            own = int32(base + warp * 16 * pitch)        # a warp has 16 rows
            put(total, own + lane // 4 * pitch + lane % 4 * 8)
            cuda.syncwarp()
            chunks, last_box = taps[3], taps[4]
            for i in range(lane, 16 * quads, WARP):
                row = int32(i // quads)
                quad = int32(i - row * quads)
                m, box = int32(m_first + warp * 16 + row), int32(box_first + quad // (BOX // 4))
                tap = quotient(box, divisors[8], divisors[9])
                channel = int32((box - tap * chunks) * BOX + quad % (BOX // 4) * 4)
                if (m < filters) & (box <= last_box) & (channel < channels):
                    found = load_shared_4(own + row * pitch + quad * 16)
                    at = (part * filters + m) * length + tap * channels + channel
                    store_4(address(target, at), bits_as_float(found[0]), bits_as_float(found[1]),
                            bits_as_float(found[2]), bits_as_float(found[3]))

    return kernel(blocks=lambda blocks, shape: shape[0] * blocks, block=THREADS,
                  shared=lambda: shared_bytes(columns, pitch))(
                      renamed(tiles, f"conv2d_backward_weight_wgmma_bf16_{columns}"))


KERNELS = [weight_product(columns) for columns in STAGES]                # other processes find them by their names


def parts_for(blocks, pixels):
    """Return in how many parts to add up, if so many tiles cover the filters."""
    return max(min(PROCESSORS // blocks, pixels // SHORTEST), -(-pixels // MOST), 1)


def weight_gradient(x, dy, dweight, axes, scratch):
    """Return the calls that compute the gradient of filters, see `weight_gradient` in mma_weight.py.

    x and dy are arrays of bfloat16, whose pixels have a multiple of 16 bytes.
    """
    images, *_, channels = x.shape
    filters, tall, wide, wanted = dweight.shape
    grid, chunks = dy.shape[1:3], -(-channels // BOX)
    pixels, boxes = images * math.prod(grid), tall * wide * chunks
    [(down, right)] = lines_of(axes, x.shape)
    columns = columns_for(filters, boxes * BOX)
    beside, blocks = -(-boxes * BOX // columns), covering(filters, boxes * BOX, columns)
    parts = parts_for(blocks, pixels)
    span = -(-pixels // (parts * DEPTH)) * DEPTH
    parts = -(-pixels // span)                           # none is empty
    length = tall * wide * channels
    target = scratch.take((parts * filters * length,), np.float32)
    windows = Windows((down.lower, right.lower), (down.upper, right.upper), (down.scale, right.scale))
    divisors = [number for n in (grid[1], grid[0], blocks, beside, chunks, wide) for number in divisor(n)]
    return [
        (weight_product(columns), [
            TensorMap(dy.shaped((1, pixels, dy.shape[3])), "bf16", (1, DEPTH, BOX)),
            TensorMap(x, "bf16", (DEPTH, BOX), windows), target, (*grid, pixels),
            (down.scale, right.scale, down.lower, right.lower), (wide, down.reach, right.reach, chunks, boxes - 1),
            tuple(divisors), beside, blocks, (parts, filters, channels, length, span)]),
        (add_padded, [target.shaped((parts, filters * tall * wide, channels)),
                      dweight.shaped((filters * tall * wide, wanted))])]
