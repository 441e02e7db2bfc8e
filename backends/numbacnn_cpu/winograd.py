"""Winograd convolution of 3 x 3 filters, stride 1: forward, and the gradient of x, which is the same on dy.

Windows of E x E pixels are transformed (winograd_transforms.py), each of their E * E numbers is multiplied with its own
matrix (C, O), and the products are transformed back to M x M outputs, M = E - 2. A block is some windows; their numbers
stay in a worker's cache: v (E * E, piece, window, channel), a piece being some channels, and, for as many outputs as a
tile has columns, m (E * E, window, column). In both, rows of a tile lie a known number of numbers apart, so that one
register has the address of all: a block has room for whole tiles, and what the last one has too much is not used.

If all windows are one block, several items transform them, each for some of the columns, which are narrower then. Where
the weight is large, blocks are transformed beforehand, and an item multiplies one with some columns only, so that
each worker reads its own part of the weight.

n image, t window, counted through all images; (i, j) its row and column; e number of a transformed window.
"""
from typing import NamedTuple

import numpy as np

from . import winograd_rules
from .compile import Constant, compiled, kernel
from .epilogue import ADDED, RECTIFIED
from .isa import REGISTERS
from .memory import in_vectors, temporary
from .pack import ROWS, lanes_of
from .simd import lanes, load, prefetch
from .slab import copy_window
from .tile import add_products, blank, in_steps, steps, store_tile
from .winograd_rules import FEW
from .winograd_transforms import finish, transform_input

STEPS = 8                 # of a product that are written out
PIECE = 16                # channels: a multiple of STEPS, and of the numbers in a vector
SPACE = 16                # numbers between one e and the next, or all would lie in the same lines of the cache
FEW_ROWS = {1: (12, 16, 8), 2: (12, 8), 3: (8,), 4: (6, 4)} if REGISTERS >= 32 else {1: (10, 8), 2: (6, 4), 3: (4,)}
SMALL = 600_000           # numbers of a transformed weight that each block may read anew
BLOCK, BLOCKS = FEW, 16   # windows of a block, more if there are so many blocks,
SPLIT = 32                # columns of an item, about, if one block is all
NUMBERS = 170_000         # at most, of v and m,
LARGE_BLOCK = 72          # or, if the weight is large, windows
CHUNK = 2_500_000         # numbers of windows that are transformed beforehand, at a time
LINE = 16                 # numbers in a line of the cache
NEAR = 150_000            # numbers of a transformed weight that the second-level cache keeps: they need not be fetched
FAR = 1_000_000           # numbers of an output that leaves the caches before it is read again


class Job(NamedTuple):
    """How the work of a convolution is cut: constants and numbers of its kernels."""

    windows: int          # of all images
    block: int            # windows in a block: a multiple of rows
    edge: int
    rows: int             # of a tile
    vectors: int
    splits: int           # of the columns, by items that transform the same windows

    @property
    def blocks(self):
        return -(-self.windows // self.block)

    def numbers(self):
        return [self.block, Constant(self.edge), Constant(self.rows), Constant(self.vectors)]


def windows_of(y, edge):
    """Return how many windows there are, for an output (N, H, W, C) as it lies."""
    return winograd_rules.windows_of(edge, *y.shape[:3])


def job_for(x, y, packed):
    """Return how to cut a convolution."""
    edge = packed.shape[0]
    vectors = packed.shape[4] // lanes_of(packed.dtype)
    windows = windows_of(y, edge)
    if packed.size <= SMALL:
        most = min(NUMBERS // (edge * edge * (padded(x.shape[3]) + packed.shape[4])), windows // BLOCKS)
        blocks = -(-windows // max(BLOCK, most))
        if blocks > 1 or packed.shape[2] == 1:
            blocks += blocks % 2
    else:
        blocks = -(-windows // LARGE_BLOCK)
    blocks = max(1, blocks)
    rows = rows_for(-(-windows // blocks), vectors)
    splits = min(packed.shape[2], max(2, y.shape[3] // SPLIT)) if blocks == 1 else 1
    return Job(windows, max(1, -(-windows // (blocks * rows))) * rows, edge, rows, vectors, splits)


def rows_for(windows, vectors):
    """Return how many rows the tiles of a block have: of a small one, those that take the fewest cycles.

    A step of a tile takes half a cycle for each multiply-add and for each load, and four cycles at least.
    """
    if windows > BLOCK:
        return ROWS[vectors]
    return min(FEW_ROWS[vectors], key=lambda rows: -(-windows // rows) * max(rows * vectors, rows + vectors, 8))


def conv2d_winograd(x, packed, bias, y, *conv):
    """Lower `conv2d`, the weight being transformed."""
    return calls(x, packed, bias, y, y, conv[2], conv[3])


def conv2d_relu_winograd(x, packed, bias, y, *conv):
    """Lower `conv2d` and `relu`."""
    return calls(x, packed, bias, y, y, conv[2], conv[3], RECTIFIED)


def conv2d_add_winograd(x, packed, bias, other, y, *conv):
    """Lower `conv2d` and `add`."""
    return calls(x, packed, bias, other, y, conv[2], conv[3], ADDED)


def conv2d_add_relu_winograd(x, packed, bias, other, y, *conv):
    """Lower `conv2d`, `add` and `relu`."""
    return calls(x, packed, bias, other, y, conv[2], conv[3], ADDED + RECTIFIED)


def conv2d_winograd_backward_input(dy, packed, dx, *conv):
    """Lower `conv2d_backward_input`, the weight being transformed, and turned."""
    zeros = np.zeros(packed.shape[2] * packed.shape[4], packed.dtype)
    return calls(dy, packed, zeros, dx, dx, 2 - conv[2], 2 - conv[3])


def calls(x, packed, bias, other, y, ph, pw, mode=0):
    """Return the kernel calls; `mode` says what is done with the outputs."""
    x, other, y = x.physical(), other.physical(), y.physical()
    job, how = job_for(x, y, packed), (Constant(mode), int(leaves_caches(y)))
    if packed.size <= SMALL:
        return [(winograd_blocks, [x, packed, bias, other, y, ph, pw, job.splits, *job.numbers(), *how])]
    numbers = block_numbers(x, job.block, job.edge)
    room = max(1, min(job.blocks, CHUNK // numbers))
    v = temporary((room, numbers), x.dtype)
    result = []
    for first in range(0, job.blocks, room):
        last = min(first + room, job.blocks)
        windows = min(last * job.block, job.windows) - first * job.block
        result += [(winograd_transform, [x, y, v, first, windows, ph, pw, job.block, Constant(job.edge)]),
                   (winograd_columns, [x, v, packed, bias, other, y, first, last - first, *job.numbers(), *how])]
    return result


def leaves_caches(y):
    """Whether an output, (N, H, W, C) as it lies, is written past the caches: they need not read what it replaces."""
    return y.size >= FAR and in_vectors(y)


def block_numbers(x, block, edge):
    """Return how many numbers a transformed block has: v."""
    return edge * edge * (block * padded(x.shape[3]) + SPACE)


def product_numbers(packed, block):
    """Return how many numbers the products of a block with some columns are: m."""
    return packed.shape[0] ** 2 * (block * packed.shape[4] + SPACE)


def window_numbers(x, edge):
    """Return how many numbers a window has, and a vector loaded past its end."""
    return edge * edge * x.shape[3] + lanes_of(x.dtype)


@compiled
def padded(channels):
    """Return how many channels whole pieces have."""
    return (channels + PIECE - 1) // PIECE * PIECE


# --- kernels ---------------------------------------------------------------------------------------------------------

@kernel(items=lambda y, splits, block, edge: -(-windows_of(y, edge) // block) * splits,
        workspace=lambda x, packed, block, edge: (
            (product_numbers(packed, block) + block_numbers(x, block, edge) + window_numbers(x, edge),), x.dtype))
def winograd_blocks(x, packed, bias, other, y, ph, pw, splits, block, edge, rows, vectors, mode, past, space, begin,
                    end):
    """An item is a block, from x to y, or some of its columns."""
    per_image, width = grid(y, edge - 2), vectors * lanes(x)
    windows = y.shape[0] * per_image[0] * per_image[1]
    step, product_step = block * padded(x.shape[3]) + SPACE, block * width + SPACE
    products = space[edge * edge * step:]
    window = products[edge * edge * product_step:]
    for item in range(begin, end):
        number, split = divmod(item, splits)
        first, stop = number * block, packed.shape[2] * (split + 1) // splits
        count, place = min(block, windows - first), place_of(first, per_image)
        coming = place_of(first + block, per_image)
        take_windows(x, place, count, per_image, ph, pw, edge, space, 0, PIECE, step, PIECE, block * PIECE, window)
        for column in range(packed.shape[2] * split // splits, stop):
            seen = place
            for e in range(edge * edge):
                share = count * (e + 1) // (edge * edge) - count * e // (edge * edge)
                if not past:
                    seen = fetch_windows(y, seen, share, per_image, edge - 2, column * width, width)
                if column == stop - 1:
                    coming = fetch_windows(x, coming, share, per_image, edge - 2, 0, x.shape[3])
                multiply(space, e * step, block, count, packed, e, column, products, e * product_step, rows, vectors)
            finish_windows(products, product_step, place, count, per_image, edge, bias, other, y, column * width, width,
                           mode, past)


@kernel(items=lambda windows: windows, workspace=lambda x, edge: ((window_numbers(x, edge),), x.dtype))
def winograd_transform(x, y, v, start, windows, ph, pw, block, edge, window, begin, end):
    """v (block, E * E, piece, window, channel), as one axis per block, from block `start` on. An item is a window."""
    per_image, step = grid(y, edge - 2), block * padded(x.shape[3]) + SPACE
    for number in range(begin // block, (end + block - 1) // block):
        first, last = max(begin, number * block), min(end, number * block + block)
        take_windows(x, place_of(start * block + first, per_image), last - first, per_image, ph, pw, edge, v[number],
                     (first - number * block) * PIECE, PIECE, step, PIECE, block * PIECE, window)


@kernel(items=lambda packed, blocks: blocks * packed.shape[2],
        workspace=lambda x, packed, block: ((product_numbers(packed, block),), x.dtype))
def winograd_columns(x, v, packed, bias, other, y, start, blocks, block, edge, rows, vectors, mode, past, products,
                     begin, end):
    """From block `start` on. An item is as many columns of one block as a tile has."""
    per_image, width = grid(y, edge - 2), vectors * lanes(x)
    windows = y.shape[0] * per_image[0] * per_image[1]
    step, product_step = block * padded(x.shape[3]) + SPACE, block * width + SPACE
    for item in range(begin, end):
        column, number = divmod(item, blocks)
        first = (start + number) * block
        count, place = min(block, windows - first), place_of(first, per_image)
        seen = place
        for e in range(edge * edge):
            if not past:
                share = count * (e + 1) // (edge * edge) - count * e // (edge * edge)
                seen = fetch_windows(y, seen, share, per_image, edge - 2, column * width, width)
            multiply(v[number], e * step, block, count, packed, e, column, products, e * product_step, rows, vectors)
        finish_windows(products, product_step, place, count, per_image, edge, bias, other, y, column * width, width,
                       mode, past)


# --- what they do ----------------------------------------------------------------------------------------------------

@compiled
def grid(y, m):
    """Return how many rows of windows an image of y has, and how many columns."""
    return (y.shape[1] + m - 1) // m, (y.shape[2] + m - 1) // m


@compiled
def place_of(window, per_image):
    """Return where a window is: image, row, column."""
    n, rest = divmod(window, per_image[0] * per_image[1])
    i, j = divmod(rest, per_image[1])
    return n, i, j


@compiled
def take_windows(x, place, count, per_image, ph, pw, edge, v, to, window, step, width, block_step, space):
    """Transform all channels of some windows, from that at `place` on; the next begins `window` after one.

    So many channels lie side by side, and `block_step` further the next.
    """
    _, height, wide, channels = x.shape
    numbers, blocks, m = x.reshape(x.size), (channels + width - 1) // width, edge - 2
    n, i, j = place
    for _ in range(count):
        top, left = i * m - ph, j * m - pw
        if top < 0 or left < 0 or top + edge > height or left + edge > wide:
            copy_window(x[n], top, left, edge, edge, space)
            take_channels(space, 0, edge * channels, channels, edge, v, to, step, blocks, width, block_step)
        else:
            take_channels(numbers, ((n * height + top) * wide + left) * channels, wide * channels, channels, edge, v,
                          to, step, blocks, width, block_step)
        to += window
        n, i, j = following(n, i, j, per_image)


@compiled
def take_channels(x, at, row, channels, edge, v, to, step, blocks, width, block_step):
    """Transform all channels of a window, whose first pixel is at a position of x."""
    lines = in_steps(0, row, edge * row, edge)
    for block in range(blocks):
        for c in range(0, min(width, channels - block * width), lanes(x)):
            transform_input(x, at + c, lines, channels, v, to + c, step)
        at += width
        to += block_step


@compiled
def following(n, i, j, per_image):
    """Return where the next window is: image, row, column."""
    j += 1
    if j == per_image[1]:
        i, j = i + 1, 0
        if i == per_image[0]:
            n, i = n + 1, 0
    return n, i, j


@compiled
def multiply(v, at, room, count, packed, e, column, products, to, rows, vectors):
    """Write the products of number e of all windows, (window, column), with one block of columns of the weight.

    The next block of the weight is fetched meanwhile: there is none beyond it that the processor would foresee.
    """
    _, _, blocks, depth, width = packed.shape
    weights, block, columns = packed.reshape(packed.size), depth * width, vectors * lanes(v)
    ahead = (e + 1) * blocks * block + column * block
    share = (STEPS * width * rows // count + LINE - 1) // LINE * LINE if packed.size > NEAR else 0
    for t in range(0, count, rows):
        tile, piece, first = blank(v, rows, vectors), at + t * PIECE, (e * blocks + column) * block
        for c in range(0, depth, PIECE):
            starts, deep = steps(piece, PIECE, rows, rows), min(PIECE, depth - c)
            for k in range(0, deep // STEPS * STEPS, STEPS):
                for i in range(ahead, ahead + share, LINE):      # behind the products, LLVM would do these after it
                    prefetch(weights, i)
                ahead += share
                tile = add_products(tile, v, starts, k, weights, first, STEPS)
                first += STEPS * columns
            for k in range(deep // STEPS * STEPS, deep):
                tile = add_products(tile, v, starts, k, weights, first, 1)
                first += columns
            piece += room * PIECE
        store_tile(products, steps(to + t * columns, columns, rows, rows), tile, columns)


@compiled
def fetch_windows(x, place, count, per_image, m, begin, channels):
    """Fetch the pixels of some windows, m x m of each, from that at `place` on; return where the next one is."""
    _, height, wide, total = x.shape
    numbers = x.reshape(x.size)
    runs, run = (1, m * total) if channels == total else (m, channels)
    n, i, j = place
    for _ in range(count):
        for row in range(i * m, i * m + m):
            at = ((n * height + row) * wide + j * m) * total + begin
            for _ in range(runs):
                for c in range(at, at + run, LINE):
                    prefetch(numbers, c)
                at += total
        n, i, j = following(n, i, j, per_image)
    return n, i, j


@compiled
def finish_windows(products, step, place, count, per_image, edge, bias, other, y, column, width, mode, past):
    """Transform the products of some columns back, and write them to y."""
    _, height, wide, outputs = y.shape
    pixels, added, m, last = y.reshape(y.size), other.reshape(other.size), edge - 2, min(width, outputs - column)
    lines = in_steps(0, edge * step, edge * edge * step, edge)
    n, i, j = place
    for t in range(count):
        to = ((n * height + i * m) * wide + j * m) * outputs + column
        for o in range(0, last, lanes(y)):
            finish(products, t * width + o, lines, step, load(bias, column + o), added, pixels, to + o, wide * outputs,
                   outputs, height - i * m, wide - j * m, last - o, mode, past)
        n, i, j = following(n, i, j, per_image)
