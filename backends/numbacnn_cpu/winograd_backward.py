"""Winograd's algorithm for the gradient of the weight: dw = G' (sum over windows of z v') G.

v is a transformed window of x, z one of M x M pixels of dy; for each of the E * E numbers of a window, a matrix (O, C).
Windows lie as v and z (E * E, block, window, width), where a block has as many channels as a tile is wide; their sums
as (E * E, output, channel), for one block of outputs and one of channels.

Where the matrices are small, the windows are divided into parts, and one worker adds up all of a part. Where they are
large, the windows of some images are transformed at a time, and an item is one block of outputs and one of channels.
n image, t window, counted through all images; e number of a transformed window; o and c blocks of outputs and channels.
"""
from typing import NamedTuple

from .compile import Constant, compiled, kernel
from .isa import REGISTERS
from .memory import temporary
from .pack import lanes_of, vectors_for
from .simd import lanes, load, store
from .slab import copy_window
from .tile import add_turned_products, blank, in_steps, load_tile, steps, store_tile
from .winograd import SPACE, STEPS, fetch_windows, following, grid, place_of, take_windows, windows_of
from .winograd_transforms import transform_gradient, transform_sums

SMALL = 96 * 96           # outputs times channels of which each part has sums of its own
PARTS, PART = 16, 1_250_000      # parts at most, and numbers that they have together
BLOCK = 150_000           # numbers of windows that are transformed at a time, for a part
WINDOWS = 32              # of a part, at least
CHUNK = 4_000_000         # numbers of v and z that are transformed at a time, for all
TILE = {1: 16, 2: 8, 3: 8, 4: 6} if REGISTERS >= 32 else {1: 8, 2: 6, 3: 4}      # rows by vectors: few rows are wasted


class Sizes(NamedTuple):
    """Sizes of v, z and sums."""

    edge: int
    width: int            # of a block: columns of a tile
    rows: int             # of a tile
    outputs: int          # blocks
    channels: int         # blocks

    @property
    def sums(self):
        """Numbers of the sums of one block of outputs and one of channels."""
        return self.edge ** 2 * -(-self.width // self.rows) * self.rows * self.width

    def windows(self, blocks, count):
        """Numbers of transformed windows."""
        return self.edge ** 2 * (blocks * count * self.width + SPACE)


def sizes_of(dweight, edge):
    """Return the sizes for dweight, (O, 3, 3, C) as it lies."""
    outputs, _, _, channels = dweight.shape
    vectors = vectors_for(channels, dweight.dtype)
    width = vectors * lanes_of(dweight.dtype)
    return Sizes(edge, width, TILE[vectors], -(-outputs // width), -(-channels // width))


def conv2d_winograd_backward_weight(x, dy, dweight, *conv):
    """Lower `conv2d_backward_weight` to F(4, 3)."""
    return calls(6, x.physical(), dy.physical(), dweight.physical(), conv[2], conv[3])


def conv2d_winograd_backward_weight_small(x, dy, dweight, *conv):
    """Lower `conv2d_backward_weight` to F(2, 3)."""
    return calls(4, x.physical(), dy.physical(), dweight.physical(), conv[2], conv[3])


def calls(edge, x, dy, dweight, ph, pw):
    """Return the kernel calls."""
    sizes, windows = sizes_of(dweight, edge), windows_of(dy, edge)
    tile = [Constant(edge), Constant(edge - 2), Constant(sizes.rows), Constant(sizes.width // lanes_of(x.dtype))]
    blocks = sizes.outputs * sizes.channels
    if dweight.shape[0] * dweight.shape[3] <= SMALL:
        count = max(1, min(PARTS, PART // (blocks * sizes.sums), windows // WINDOWS))
        parts = temporary((count, blocks, sizes.sums), x.dtype)
        block = max(1, min(windows, BLOCK // (edge * edge * (sizes.outputs + sizes.channels) * sizes.width)))
        return [(winograd_sum_parts, [x, dy, parts, ph, pw, block, *tile]),
                (winograd_add_parts, [parts, dweight, *tile])]
    chunks = -(-sizes.windows(sizes.outputs + sizes.channels, windows) // CHUNK)
    count = max(1, -(-windows // chunks))
    v = temporary((sizes.windows(sizes.channels, count),), x.dtype)
    z = temporary((sizes.windows(sizes.outputs, count),), x.dtype, v.nbytes)
    sums = temporary((blocks if chunks > 1 else 0, sizes.sums), x.dtype, v.nbytes + z.nbytes)
    result = []
    for first in range(0, max(windows, 1), count):
        last = min(first + count, windows)
        result += [(winograd_transform_both, [x, dy, v, z, first, last, count, ph, pw, *tile]),
                   (winograd_sum_blocks, [v, z, sums, dweight, int(first == 0), int(last == windows), last - first,
                                          count, *tile])]
    return result


def scratch(x, dy, edge):
    """Return how many numbers a window of x or dy has, and a vector loaded past its end."""
    return edge * edge * max(x.shape[3], dy.shape[3]) + lanes_of(x.dtype)


# --- small matrices: parts -------------------------------------------------------------------------------------------

def part_space(x, dy, block, edge, vectors):
    """Return shape and dtype of the workspace of `winograd_sum_parts`."""
    width = vectors * lanes_of(x.dtype)
    blocks = -(-x.shape[3] // width) - (-dy.shape[3] // width)
    return (edge * edge * (blocks * block * width + 2 * SPACE) + scratch(x, dy, edge),), x.dtype


@kernel(items=lambda parts: parts.shape[0], workspace=part_space)
def winograd_sum_parts(x, dy, parts, ph, pw, block, edge, m, rows, vectors, space, begin, end):
    """An item is the sums over a part of the windows."""
    per_image, width = grid(dy, m), vectors * lanes(x)
    windows = dy.shape[0] * per_image[0] * per_image[1]
    channels, outputs = (x.shape[3] + width - 1) // width, (dy.shape[3] + width - 1) // width
    v_step, z_step = channels * block * width + SPACE, outputs * block * width + SPACE
    z = space[edge * edge * v_step:]
    window = z[edge * edge * z_step:]
    for part in range(begin, end):
        start, stop = windows * part // parts.shape[0], windows * (part + 1) // parts.shape[0]
        for first in range(start, max(stop, start + 1), block):     # once if there is nothing: then sums are zeros
            count = min(block, stop - first)
            place = place_of(first, per_image)
            take_windows(x, place, count, per_image, ph, pw, edge, space, 0, width, v_step, width, block * width,
                         window)
            take_gradients(dy, place, count, per_image, m, z, 0, width, z_step, width, block * width, window)
            ahead = min(block, stop - first - count)                # windows of the next block, fetched meanwhile
            coming = place_of(first + count, per_image)
            for e in range(edge * edge):
                share = ahead * (e + 1) // (edge * edge) - ahead * e // (edge * edge)
                fetch_windows(x, coming, share, per_image, m, 0, x.shape[3])
                coming = fetch_windows(dy, coming, share, per_image, m, 0, dy.shape[3])
                for o in range(outputs):
                    for c in range(channels):
                        add_windows(space, e * v_step + c * block * width, z, e * z_step + o * block * width, count,
                                    parts[part, o * channels + c], e, min(width, dy.shape[3] - o * width),
                                    first == start, rows, vectors)


@kernel(items=lambda dweight: dweight.shape[0],
        workspace=lambda parts, edge, vectors: ((edge * edge * vectors * lanes_of(parts.dtype),), parts.dtype))
def winograd_add_parts(parts, dweight, edge, m, rows, vectors, space, begin, end):
    """An item is one output: its sums over all parts, transformed back."""
    width = vectors * lanes(parts)
    channels = (dweight.shape[3] + width - 1) // width
    tall = (width + rows - 1) // rows * rows
    numbers = parts.reshape(parts.size)
    for output in range(begin, end):
        o, row = divmod(output, width)
        for c in range(channels):
            at, n, next_part = (o * channels + c) * parts.shape[2] + row * width, 0, parts.shape[1] * parts.shape[2]
            for e in range(edge * edge):
                for i in range(at + e * tall * width, at + e * tall * width + width, lanes(parts)):
                    total = load(numbers, i)
                    for part in range(1, parts.shape[0]):
                        total = total + load(numbers, i + part * next_part)
                    store(space, n, total)
                    n += lanes(parts)
            write_taps(space, 0, width, dweight, output, c * width, width, edge)


# --- large matrices: blocks ------------------------------------------------------------------------------------------

@kernel(items=lambda first, last: last - first, workspace=lambda x, dy, edge: ((scratch(x, dy, edge),), x.dtype))
def winograd_transform_both(x, dy, v, z, first, last, room, ph, pw, edge, m, rows, vectors, window, begin, end):
    """v and z, which have room for so many windows. An item is a window."""
    width, squared, count = vectors * lanes(x), edge * edge, end - begin
    place = place_of(first + begin, grid(dy, m))
    take_windows(x, place, count, grid(dy, m), ph, pw, edge, v, begin * width, width, v.size // squared, width,
                 room * width, window)
    take_gradients(dy, place, count, grid(dy, m), m, z, begin * width, width, z.size // squared, width, room * width,
                   window)


def pairs_of_blocks(v, dweight, vectors):
    """Return how many items there are."""
    width = vectors * lanes_of(v.dtype)
    return -(-dweight.shape[0] // width) * -(-dweight.shape[3] // width)


@kernel(items=pairs_of_blocks, workspace=lambda v, sums: ((sums.shape[1],), v.dtype))
def winograd_sum_blocks(v, z, sums, dweight, fresh, done, count, room, edge, m, rows, vectors, space, begin, end):
    """An item is one block of outputs and one of channels; their sums are kept if there are more windows to come."""
    width, squared = vectors * lanes(v), edge * edge
    channels = (dweight.shape[3] + width - 1) // width
    tall = (width + rows - 1) // rows * rows
    for item in range(begin, end):
        o, c = divmod(item, channels)
        kept = sums[item] if sums.size > 0 else space
        outputs = min(width, dweight.shape[0] - o * width)
        for e in range(squared):
            add_windows(v, e * (v.size // squared) + c * room * width, z, e * (z.size // squared) + o * room * width,
                        count, kept, e, outputs, fresh != 0, rows, vectors)
        if done:
            for row in range(outputs):
                write_taps(kept, row * width, tall * width, dweight, o * width + row, c * width, width, edge)


# --- what they do ----------------------------------------------------------------------------------------------------

@compiled
def take_gradients(dy, place, count, per_image, m, z, to, window, step, width, block_step, space):
    """Transform all outputs of some windows of dy, as `take_windows` does."""
    _, height, wide, outputs = dy.shape
    numbers, blocks = dy.reshape(dy.size), (outputs + width - 1) // width
    n, i, j = place
    for _ in range(count):
        top, left = i * m, j * m
        if top + m > height or left + m > wide:
            copy_window(dy[n], top, left, m, m, space)
            take_outputs(space, 0, m * outputs, outputs, m, z, to, step, blocks, width, block_step)
        else:
            take_outputs(numbers, ((n * height + top) * wide + left) * outputs, wide * outputs, outputs, m, z, to, step,
                         blocks, width, block_step)
        to += window
        n, i, j = following(n, i, j, per_image)


@compiled
def take_outputs(dy, at, row, outputs, m, z, to, step, blocks, width, block_step):
    """Transform all outputs of a window, whose first pixel is at a position of dy."""
    lines = in_steps(0, row, m * row, m)
    for block in range(blocks):
        for o in range(0, min(width, outputs - block * width), lanes(dy)):
            transform_gradient(dy, at + o, lines, outputs, z, to + o, step)
        at += width
        to += block_step


@compiled
def add_windows(v, v_at, z, z_at, count, sums, e, outputs, fresh, rows, vectors):
    """Add z v' over `count` windows to the sums of number e, or begin them."""
    width, whole = vectors * lanes(v), count // STEPS * STEPS
    at = e * ((width + rows - 1) // rows * rows) * width
    for o in range(0, outputs, rows):
        places = steps(at + o * width, width, rows, rows)
        tile = blank(v, rows, vectors) if fresh else load_tile(sums, places, rows, vectors)
        for t in range(0, whole, STEPS):
            tile = add_turned_products(tile, z, z_at + t * width + o, v, v_at + t * width, STEPS)
        for t in range(whole, count):
            tile = add_turned_products(tile, z, z_at + t * width + o, v, v_at + t * width, 1)
        store_tile(sums, places, tile, width)


@compiled
def write_taps(sums, at, step, dweight, output, first, width, edge):
    """Write G' u G: the filters of one output, for one block of channels."""
    channels, taps = dweight.shape[3], dweight.reshape(dweight.size)
    lines = in_steps(0, edge * step, edge * edge * step, edge)
    for c in range(first, min(first + width, channels), lanes(dweight)):
        transform_sums(sums, at + c - first, lines, step, taps, output * 9 * channels + c, channels, channels - c)
