"""Convolution on the tensor cores of compute capability 9.0: mma_conv.py with larger tiles and copies by the hardware.

m: a pixel of y, in any image; n: a channel of y; k: a tap of the filter and 128 bytes of channels of x. For each k,
one instruction copies what 128 pixels see through that tap (im2col), zeros where there is no image, another one the
filters. float32 is rounded to tf32 on the way.
"""
import functools
import math

import numpy as np
from numpy import int32, uint16, uint64

from .compile import TensorMap, Windows, cuda, device, kernel
from .elementwise import renamed
from .fragments import storing
from .mma_conv import WIDTHS, phase_taps
from .mma_epilogue import FINISH, place_of
from .mma_tile import CHUNK, LINE, WARP, divisor, quotient
from .ptx import shared_address
from .ptx_hopper import (
    WARPGROUP,
    barrier_arrive,
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
    products_begin,
    products_end,
    products_wait,
    some_wait,
)
from .sweep import OFFSET, PLACES
from .wgmma_tile import (
    HALF,
    MULTIPLYING,
    PATTERN,
    ROWS,
    STAGES,
    THREADS,
    aligned_pattern,
    columns_for,
    covering,
    descriptor,
    shared_bytes,
)

STEPS = 4                 # products of a stage: 32 bytes of k, or 16 rows, each


def advancing(columns, multiply, leading, further):
    """Return what warpgroups do that multiply: advance(total, base, group, depth, leads), for so many stages.

    Parameters
    ----------
    columns : int
        Of a tile.
    multiply : callable
    leading : int
        Of the descriptors of columns.
    further : int
        From the descriptors of one product to those of the next.
    """
    stages, x_bytes, stage_bytes, half_bytes = STAGES[columns], ROWS * LINE, (ROWS + columns) * LINE, HALF * LINE
    ring = stages * stage_bytes

    @device
    def advance(total, base, group, depth, leads):
        full, empty = int32(base + ring), int32(base + ring + 8 * stages)
        now, before, parity = int32(0), int32(0), int32(0)
        for step in range(depth):
            barrier_wait(full + 8 * now, parity)
            place = int32(base + now * stage_bytes)
            a, b = descriptor(place + group * half_bytes, 0, PATTERN), descriptor(place + x_bytes, leading, PATTERN)
            products_begin()
            for k in range(STEPS):
                multiply(total, a + uint64(further * k), b + uint64(further * k))
            products_end()
            products_wait(1)                             # for those of the stage before
            if leads and step > 0:
                barrier_arrive(empty + 8 * before)
            before = now
            now = int32(now + 1)
            if now == stages:
                now, parity = int32(0), int32(1 - parity)
        products_wait(0)

    return advance


@functools.cache
def product(columns, kind):
    """Return the kernel.

    Parameters
    ----------
    columns : {64, 128, 256}
        Of a tile.
    kind : {"tf32", "bf16"}
        Of x, weight, other and y: float32, rounded where they are copied, or bfloat16.
    """
    stages, numbers = STAGES[columns], LINE // WIDTHS[kind]
    x_bytes, stage_bytes = ROWS * LINE, (ROWS + columns) * LINE
    ring = stages * stage_bytes
    each = CHUNK // WIDTHS[kind]                         # channels that a thread writes at once
    sums, beside_each, pitch = columns // 2, columns // each, 4 * (columns + 8)  # 8 rows have a column in other banks
    many = columns > 64                                  # numbers of a thread
    multiply, write = product_of(kind, columns), FINISH[kind]
    put = storing([(pitch * 8 * half + 32 * j, at, at + 1) for j in range(columns // 8) for half in range(2)
                   for at in [4 * j + 2 * half]])

    @device
    def copy(x, weight, base, m_first, n_first, image, grid, taps, divisors):
        channels, down_scale, right_scale, down_start, right_start = image
        tall, wide, down_reach, right_reach, first, tap_down, tap_right = taps
        line = quotient(m_first, divisors[0], divisors[1])
        each = quotient(line, divisors[2], divisors[3])
        top = int32((line - each * grid[0]) * down_scale + down_start)
        left = int32((m_first - line * grid[1]) * right_scale + right_start)
        full, empty = int32(base + ring), int32(base + ring + 8 * stages)
        now, parity = int32(0), int32(1)                 # the phase before the first one has ended
        map_ready(x)
        map_ready(weight)
        for down in range(tall):
            for right in range(wide):
                tap = int32(first + down * tap_down + right * tap_right)
                for channel in range(0, channels, numbers):
                    barrier_wait(empty + 8 * now, parity)
                    barrier_expect(full + 8 * now, stage_bytes)
                    place = int32(base + now * stage_bytes)
                    copy_windows(place, x, full + 8 * now, channel, left, top, each, uint16(right * right_reach),
                                 uint16(down * down_reach))
                    copy_box(place + x_bytes, weight, full + 8 * now, channel, tap, n_first)
                    now = int32(now + 1)
                    if now == stages:
                        now, parity = int32(0), int32(1 - parity)

    advance = advancing(columns, multiply, 0, 2)

    def tiles(x, weight, bias, other, y, image, grid, taps, place, divisors, beside, depth, biased, added, lowest):
        base = aligned_pattern(shared_address(cuda.shared.array(0, np.uint8)))
        thread = int32(cuda.threadIdx.x)
        lane, warp, group = int32(thread % WARP), int32(thread // WARP), int32(thread // WARPGROUP)
        block = int32(cuda.blockIdx.x)
        tile_row = quotient(block, divisors[4], divisors[5])
        m_first, n_first = int32(tile_row * ROWS), int32((block - tile_row * beside) * columns)
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
                copy(x, weight, base, m_first, n_first, image, grid, taps, divisors)
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
            for i in range(lane, 16 * beside_each, WARP):
                row = int32(i // beside_each)
                column = int32((i - row * beside_each) * each)
                m, n = int32(m_first + warp * 16 + row), int32(n_first + column)
                if (m < grid[2]) & (n < place[2]):
                    write(y, bias, other, place_of(m, n, grid, place, divisors), n, own + row * pitch + column * 4,
                          biased, added, lowest)

    return kernel(blocks=lambda grid, place: covering(grid[2], place[2], columns), block=THREADS,
                  shared=lambda: shared_bytes(columns, pitch))(renamed(tiles, f"conv2d_wgmma_{kind}_{columns}"))


KERNELS = [product(columns, kind) for columns in STAGES for kind in WIDTHS]      # other processes find them by names


class Line:
    """What tiles read along one axis of x in one phase: where windows begin, and how far from there the taps are."""

    def __init__(self, axis, phase, length):
        taps = sorted(phase_taps(axis, phase)) or [(0, 0)]
        self.scale, self.spread, *_ = axis.steps
        self.places, self.offset, self.count = int(phase[PLACES]), int(phase[OFFSET]), len(phase_taps(axis, phase))
        (self.lower, self.first), (last, tap) = taps[0], taps[-1]
        pieces = max(self.count - 1, 1)
        self.reach, self.step = (last - self.lower) // pieces, (tap - self.first) // pieces
        self.upper = self.lower + (self.places - 1) * self.scale - (length - 1)


def lines_of(axes, shape):
    """Return a `Line` of rows and one of columns for each phase that has places."""
    rows, columns = axes
    return [(Line(rows, down, shape[1]), Line(columns, right, shape[2])) for down in rows.table
            for right in columns.table if down[PLACES] and right[PLACES]]


def convolution(x, weight, y, axes, row_width, kind="tf32", bias=None, other=None, relu=False):
    """Return the calls of one product for each phase (sweep.py); see `convolution` in mma_conv.py.

    Pixels of x, and filters, have a multiple of 16 bytes; see `fits` in wgmma_rules.py.
    """
    images, _, _, channels = x.shape
    _, y_height, y_width, filters = y.shape
    numbers = LINE // WIDTHS[kind]
    calls = []
    for down, right in lines_of(axes, x.shape):
        grid = down.places, right.places, images * down.places * right.places
        if not grid[2] * filters:
            continue
        columns = columns_for(grid[2], filters)
        beside = -(-filters // columns)
        windows = Windows((down.lower, right.lower), (down.upper, right.upper), (down.scale, right.scale))
        taps = (down.count, right.count, down.reach, right.reach, down.first * row_width + right.first,
                down.step * row_width, right.step)
        place = y_height, y_width, filters, down.spread, down.offset, right.spread, right.offset
        calls.append((product(columns, kind), [
            TensorMap(x, kind, (ROWS, numbers), windows),
            TensorMap(weight.shaped((filters, weight.size // (filters * channels), channels)), kind,
                      (columns, 1, numbers)),
            (bias or weight).flat(), (other or y).flat(), y.flat(),
            (channels, down.scale, right.scale, down.lower, right.lower), grid, taps, place,
            (*divisor(grid[1]), *divisor(grid[0]), *divisor(beside)), beside,
            down.count * right.count * -(-channels // numbers), int(bias is not None), int(other is not None),
            0.0 if relu else -math.inf]))
    return calls
