"""Convolution on tensor cores: the product of a matrix of windows, never stored, and the matrix of filters.

m: a pixel of y, in any image; n: a channel of y; k: a tap of the filter and a channel of x. A row of a tile is 128
bytes of k, for one m or n. A table says for each 16 bytes of k where they lie: how far from the pixel of x at which m
begins, how many rows and columns that is, and how far from the beginning of the filter. So one kernel serves all
windows.
"""
import functools
import math

import numpy as np
from numpy import int32, uint32

from .compile import cuda, device, kernel
from .elementwise import renamed
from .fragments import multiplication, storing
from .mma_epilogue import FINISH, place_of
from .mma_tile import CHUNK, CHUNKS, FAR, LINE, TILES, WARP, aligned, divisor, quotient, swizzled, tile_for
from .ptx import (
    address,
    copies_end,
    copies_wait,
    copy_16,
    load_4_ints,
    load_matrices,
    round_tf32,
    shared_address,
)
from .sweep import FIRST, OFFSET, PLACES, START, TAPS

SCALE, SPREAD = range(2)               # of the steps of an axis
WIDTHS = {"tf32": 4, "bf16": 2}       # bytes of a number


@functools.cache
def product(tile, kind):
    """Return the kernel.

    Parameters
    ----------
    tile : Tile
    kind : {"tf32", "bf16"}
        Of x, weight, other and y: float32, rounded when they are read, or bfloat16.
    """
    rows, columns, warp_rows, warp_columns, stages = tile
    threads, tf32 = tile.threads, kind == "tf32"
    across = columns // warp_columns                     # warps beside each other
    passed = threads // CHUNKS                           # rows that the block copies at once
    x_copies, w_copies = rows // passed, columns // passed
    x_bytes, stage_bytes, ahead, behind = rows * LINE, (rows + columns) * LINE, stages - 1, stages - 2
    high, wide, pairs = warp_rows // 16, warp_columns // 8, warp_columns // 16     # fragments of a warp
    a_registers, b_registers, sums = 4 * high, 2 * wide, 4 * high * wide
    each = CHUNK // WIDTHS[kind]                         # channels that a thread writes at once
    beside_each, pitch = columns // each, 4 * (columns + 8)      # 8 rows have the same column in other banks
    multiply, write = multiplication(kind, high, wide), FINISH[kind]
    put = storing([(pitch * (16 * i + 8 * half) + 32 * j, at, at + 1) for i in range(high) for j in range(wide)
                   for half in range(2) for at in [4 * (i * wide + j) + 2 * half]])

    @device
    def fetch(x, weight, entry, stage, row, chunk, n, tops, lefts, starts, height, width, filters, length):
        shift, down, right, at = entry
        for i in range(x_copies):
            inside = (uint32(tops[i] + down) < height) & (uint32(lefts[i] + right) < width)
            copy_16(stage + swizzled(row + i * passed, chunk), address(x, int32(starts[i] + shift)),
                    CHUNK if inside else 0)
        for i in range(w_copies):
            inside = (int32(n + i * passed) < int32(filters)) & (down > FAR)
            copy_16(stage + x_bytes + swizzled(row + i * passed, chunk),
                    address(weight, int32((n + i * passed) * length + at)), CHUNK if inside else 0)

    @device
    def advance(total, place, a_row, a_chunk, b_row, b_chunk):
        a, b = cuda.local.array(a_registers, uint32), cuda.local.array(b_registers, uint32)
        for i in range(high):
            found = load_matrices(place + swizzled(a_row + 16 * i, a_chunk))
            for r in range(4):
                a[4 * i + r] = round_tf32(found[r]) if tf32 else found[r]
        for j in range(pairs):
            found = load_matrices(place + x_bytes + swizzled(b_row + 16 * j, b_chunk))
            for r in range(4):
                b[4 * j + r] = round_tf32(found[r]) if tf32 else found[r]
        multiply(total, a, b)

    def tiles(x, weight, bias, other, y, table, image, grid, steps, place, divisors, beside, length, biased, added,
              lowest):
        height, width, channels = uint32(image[0]), uint32(image[1]), image[2]
        grid_height, grid_width, pixels = grid
        across_multiplier, across_shift, down_multiplier, down_shift, beside_multiplier, beside_shift = divisors
        filters = place[2]
        base = aligned(shared_address(cuda.shared.array(0, np.uint8)))
        thread = int32(cuda.threadIdx.x)
        lane, warp = int32(thread % WARP), int32(thread // WARP)
        block = int32(cuda.blockIdx.x)
        tile_row = quotient(block, beside_multiplier, beside_shift)
        m_first = int32(tile_row * rows)
        n_first = int32((block - tile_row * beside) * columns)

        row, chunk = int32(thread // CHUNKS), int32(thread % CHUNKS)
        tops, lefts = cuda.local.array(x_copies, int32), cuda.local.array(x_copies, int32)
        starts = cuda.local.array(x_copies, int32)
        for i in range(x_copies):
            m = int32(m_first + row + i * passed)
            line = quotient(m, across_multiplier, across_shift)
            whole = quotient(line, down_multiplier, down_shift)
            top, left = int32((line - whole * grid_height) * steps[0]), int32((m - line * grid_width) * steps[1])
            starts[i] = int32(((whole * height + top) * width + left) * channels)
            tops[i], lefts[i] = int32(top if m < pixels else FAR), left

        depth = int32(table.size // (4 * CHUNKS))
        n = int32(n_first + row)
        for step in range(ahead):
            if step < depth:
                entry = load_4_ints(address(table, 4 * (step * CHUNKS + chunk)))
                fetch(x, weight, entry, base + step * stage_bytes, row, chunk, n, tops, lefts, starts, height, width,
                      filters, length)
            copies_end()

        total = cuda.local.array(sums, np.float32)
        for i in range(sums):
            total[i] = np.float32(0)
        m_warp, n_warp = int32(warp // across * warp_rows), int32(warp % across * warp_columns)
        a_row, a_chunk = int32(m_warp + lane % 16), int32(lane // 16)
        b_row, b_chunk = int32(n_warp + lane % 8 + lane // 16 * 8), int32(lane // 8 % 2)
        now, free = int32(0), int32(ahead)
        for step in range(depth):
            copies_wait(behind)
            cuda.syncthreads()                           # all have read what is overwritten now, and see what came
            if step + ahead < depth:
                entry = load_4_ints(address(table, 4 * ((step + ahead) * CHUNKS + chunk)))
                fetch(x, weight, entry, base + free * stage_bytes, row, chunk, n, tops, lefts, starts, height, width,
                      filters, length)
            copies_end()
            stage = base + now * stage_bytes
            advance(total, stage, a_row, a_chunk, b_row, b_chunk)
            advance(total, stage, a_row, a_chunk + 2, b_row, b_chunk + 2)
            advance(total, stage, a_row, a_chunk + 4, b_row, b_chunk + 4)
            advance(total, stage, a_row, a_chunk + 6, b_row, b_chunk + 6)
            now = int32(now + 1 if now < ahead else 0)
            free = int32(free + 1 if free < ahead else 0)

        copies_wait(0)
        cuda.syncthreads()
        put(total, base + (m_warp + lane // 4) * pitch + (n_warp + lane % 4 * 2) * 4)
        cuda.syncthreads()
        n = int32(n_first + thread % beside_each * each)
        for row in range(thread // beside_each, rows, threads // beside_each):
            m = int32(m_first + row)
            if (m < pixels) & (n < filters):
                at = place_of(m, n, grid, place, divisors)
                write(y, bias, other, at, n, base + row * pitch + (n - n_first) * 4, biased, added, lowest)

    name = f"conv2d_{kind}_{'_'.join(map(str, tile))}"
    return kernel(blocks=lambda grid, place: tile.covering(grid[2], place[2]), block=threads,
                  shared=lambda grid: max(stages * stage_bytes, rows * pitch) + LINE)(renamed(tiles, name))


KERNELS = [product(tile, kind) for tile in TILES for kind in WIDTHS]     # other processes find them by their names


def convolution(x, weight, y, axes, row_width, kind, bias=None, other=None, relu=False):
    """Return the calls of one product for each phase (sweep.py).

    Parameters
    ----------
    x, weight, y : View
        x (N, H, W, C), C being whole chunks; weight, (O, KH, KW, C); y (N, H, W, O), O being as many as a chunk has.
    axes : (Axis, Axis)
        Rows and columns.
    row_width : int
        How many taps a row of the filter has.
    """
    images, height, width, channels = x.shape
    _, y_height, y_width, filters = y.shape
    rows, columns = axes
    calls = []
    for down in rows.table:
        for right in columns.table:
            grid = int(down[PLACES]), int(right[PLACES])
            pixels = images * math.prod(grid)
            if not pixels * filters:
                continue
            tile = tile_for(pixels, filters, rows.phases * columns.phases)
            table = table_of(phase_taps(rows, down), phase_taps(columns, right), row_width, width, channels,
                             CHUNK // WIDTHS[kind])
            beside = -(-filters // tile.columns)
            place = (y_height, y_width, filters, rows.steps[SPREAD], int(down[OFFSET]), columns.steps[SPREAD],
                     int(right[OFFSET]))
            calls.append((product(tile, kind), [
                x.flat(), weight.flat(), (bias or weight).flat(), (other or y).flat(), y.flat(), table,
                (height, width, channels), (*grid, pixels), (rows.steps[SCALE], columns.steps[SCALE]), place,
                (*divisor(grid[1]), *divisor(grid[0]), *divisor(beside)), beside, weight.size // filters,
                int(bias is not None), int(other is not None), 0.0 if relu else -math.inf]))
    return calls


def phase_taps(axis, phase):
    """Return of each tap of a phase: how far it is from where a window begins, and which tap of the filter it is."""
    _, _, reach, step = axis.steps
    return [(int(phase[START]) + t * reach, int(phase[FIRST]) + t * step) for t in range(phase[TAPS])]


def table_of(down, right, row_width, width, channels, numbers, multiple=CHUNKS):
    """Return the table of the kernel.

    Parameters
    ----------
    down, right : list of (int, int)
        See `phase_taps`.
    row_width : int
        Taps of a row of the filter.
    width, channels : int
        Of x.
    numbers : int
        Of a chunk.
    multiple : int
        How many chunks are looked up together.
    """
    chunks = channels // numbers
    count = len(down) * len(right) * chunks
    table = np.full((-(-count // multiple) * multiple, 4), (0, FAR, 0, 0), np.int32)
    if count:
        taps = [(d * width + r, d, r, d_tap * row_width + r_tap) for d, d_tap in down for r, r_tap in right]
        shift, rows, columns, tap = np.repeat(np.array(taps), chunks, 0).T
        within = np.tile(np.arange(chunks) * numbers, len(taps))
        table[:count] = np.stack((shift * channels + within, rows, columns, tap * channels + within), 1)
    return table.reshape(-1)
