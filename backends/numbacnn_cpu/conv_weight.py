"""The gradient of a convolution's weight by tiles: any geometry.

A tile is a block of dweight, rows being output channels o and columns a run of taps and channels that lie side by side
in the slab (conv_tables.py). Outer products of the pixels of dy and what they see are added to it. An item sums some
images, its part, for some output channels of a group; the parts are added up in the end.
"""
import numpy as np

from .compile import Constant, kernel
from .conv_tables import forward_axis, runs_of
from .memory import temporary
from .pack import ROWS, lanes_of, unroll_for
from .simd import lanes
from .slab import clear, copy_slab
from .tile import add_outers, load_tile, steps, store_rows

ITEMS, PARTS = 8, 16      # at least so many items, at most so many parts, if there are enough images
PARTS_BYTES = 4 << 20     # of all parts together
PIXELS = 128              # of dy that are summed at a time: they stay in the first-level cache


def conv2d_backward_weight_tiles(x, dy, dweight, *numbers):
    """Lower `conv2d_backward_weight` to sums over parts of the images, and their sum."""
    sh, sw, ph, pw, dh, dw, groups = numbers
    x, dy, dweight = x.physical(), dy.physical(), dweight.physical()
    (outputs, tall, wide, depth), (images, height, width, _) = dweight.shape, dy.shape
    axes = forward_axis(height, tall, sh, ph, dh), forward_axis(width, wide, sw, pw, dw)
    inside = groups == 1 and all(axis.origin >= 0 and axis.origin + axis.extent(axis.count) <= n
                                 for axis, n in zip(axes, x.shape[1:3], strict=True))
    pitch = x.shape[2] if inside else axes[1].extent(width)
    pieces = np.array(runs_of(axes, wide, pitch, depth, 1), np.intp).T
    count = max(1, min(PARTS, images, PARTS_BYTES // max(dweight.nbytes, 1)))
    parts = temporary((count, dweight.size), dweight.dtype) if count > 1 else dweight.shaped((1, dweight.size))
    rows, vectors = tile_for(outputs // groups, pieces[2], x.dtype)
    splits = max(1, min(-(-outputs // groups // rows), -(-ITEMS // (count * groups))))
    band = max(1, min(height, PIXELS // width))
    window = np.array([-ph, -pw, sh, sw, axes[0].extent(band), axes[1].extent(width), not inside], np.intp)
    job = [np.ascontiguousarray(pieces, np.intp), window, band, splits, groups, tall * wide * depth]
    calls = [(conv2d_weight_tiles, [x, dy, parts, *job, rows, vectors, unroll_for(width, (7, 8, 5, 3))])]
    return calls if count == 1 else [*calls, (add_parts, [parts, dweight.flat()])]


def tile_for(outputs, runs, dtype):
    """Return rows and vectors of the tile that wastes the fewest sums, as constants of a kernel."""
    def cost(vectors):
        columns = sum(-(-int(run) // (vectors * lanes_of(dtype))) for run in runs) * vectors
        return columns * -(-outputs // ROWS[vectors]) * ROWS[vectors], -vectors

    vectors = min(ROWS, key=cost)
    return Constant(ROWS[vectors]), Constant(vectors)


def space(x, dy, parts, pieces, window, band, splits, groups, *_):
    """Return the workspace of the kernel: a slab."""
    return (int(window[4] * window[5] * x.shape[3] // groups) if window[6] else 1,), x.dtype


@kernel(items=lambda x, dy, parts, pieces, window, band, splits, groups, *_: parts.shape[0] * splits * groups,
        workspace=space)
def conv2d_weight_tiles(x, dy, parts, pieces, window, band, splits, groups, size, rows, vectors, unroll, slab, begin,
                        end):
    """An item is some output channels of a group, summed over the images of a part."""
    (images, height, width, _), count = dy.shape, parts.shape[0]
    outputs, depth = dy.shape[3] // groups, x.shape[3] // groups
    sums, gradients, tiles = parts.reshape(parts.size), dy.reshape(dy.size), -(-outputs // rows)
    for item in range(begin, end):
        unit, split = divmod(item, splits)
        part, g = divmod(unit, groups)
        first, last = tiles * split // splits * rows, min(tiles * (split + 1) // splits * rows, outputs)
        corner = part * (parts.size // count) + g * outputs * size
        clear(sums, corner + first * size, (last - first) * size)
        for n in range(images * part // count, images * (part + 1) // count):
            for top in range(0, height, band):
                bottom = min(top + band, height)
                if window[6]:
                    source, base, pitch = slab, 0, window[5]
                    copy_slab(x[n], top * window[2] + window[0], window[1], window[4], window[5], g * depth, depth,
                              slab, 0)
                else:
                    source, pitch = x.reshape(x.size), x.shape[2]
                    base = ((n * x.shape[1] + top * window[2] + window[0]) * pitch + window[1]) * x.shape[3]
                for piece in range(pieces.shape[1]):
                    start, column, run = pieces[0, piece] + base, pieces[1, piece], pieces[2, piece]
                    for block in range(0, run, vectors * lanes(x)):
                        for o in range(first, last, rows):
                            places = steps(corner + o * size + column + block, size, min(rows, last - o), rows)
                            tile = load_tile(sums, places, rows, vectors)
                            for row in range(top, bottom):
                                i = ((n * height + row) * width) * dy.shape[3] + g * outputs + o
                                j = start + block + (row - top) * window[2] * pitch * depth
                                for _ in range(width // unroll):
                                    tile = add_outers(tile, gradients, i, dy.shape[3], source, j, window[3] * depth,
                                                      unroll)
                                    i += unroll * dy.shape[3]
                                    j += unroll * window[3] * depth
                                for _ in range(width % unroll):
                                    tile = add_outers(tile, gradients, i, dy.shape[3], source, j, window[3] * depth, 1)
                                    i += dy.shape[3]
                                    j += window[3] * depth
                            store_rows(sums, places, tile, run - block, min(rows, last - o))


@kernel(items=lambda parts, total: total.size)
def add_parts(parts, total, begin, end):
    """total (I) = the sum of all parts (P, I). An item is one number."""
    total = total[begin:end]
    total[:] = 0
    for part in range(parts.shape[0]):
        row = parts[part, begin:end]
        for i in range(total.size):
            total[i] += row[i]
