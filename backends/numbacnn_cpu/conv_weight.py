"""The gradient of a convolution's weight by tiles: any geometry.

A tile is a block of dweight, rows being output channels o and columns a run of taps and channels that lie side by side
in the slab (conv_tables.py). Outer products of the pixels of dy and what they see are added to it. An item sums some
images, its part, for some output channels of a group; the parts are added up in the end.
"""
import numpy as np

from .compile import Constant, compiled, kernel
from .conv_tables import forward_axis, runs_of
from .memory import temporary
from .pack import ROWS, lanes_of, unroll_for
from .simd import lanes, load, store
from .slab import ABSENT, clear, copy_normalised, copy_slab
from .tile import add_outers, load_tile, steps, store_rows

WHOLE, SLAB, PATCHES = 0, 1, 2
GAIN = 1.15               # times fewer sums, at least, make up for copying patches
ITEMS, PARTS = 8, 16      # at least so many items, at most so many parts, if there are enough images
PARTS_BYTES = 4 << 20     # of all parts together
PIXELS = 128              # of dy that are summed at a time: they stay in the first-level cache


def conv2d_backward_weight_tiles(x, dy, dweight, *numbers):
    """Lower `conv2d_backward_weight`."""
    return backward_weight(x, (), dy, dweight, numbers)


def conv2d_backward_weight_normalised_tiles(x, mean, rstd, scale, shift, dy, dweight, *numbers):
    """Lower the same for the convolution of relu(batch_norm(x))."""
    return backward_weight(x, (mean, rstd, scale, shift), dy, dweight, numbers)


def backward_weight(x, norm, dy, dweight, numbers):
    """Lower to sums over parts of the images, and their sum."""
    x, dy, dweight = x.physical(), dy.physical(), dweight.physical()
    (outputs, tall, wide, depth), (images, height, width, _), groups = dweight.shape, dy.shape, numbers[-1]
    count = max(1, min(PARTS, images, PARTS_BYTES // max(dweight.nbytes, 1)))
    parts = temporary((count, dweight.size), dweight.dtype) if count > 1 else dweight.shaped((1, dweight.size))
    band, together = max(1, min(height, PIXELS // width)), max(1, min(images, PIXELS // (height * width)))
    pieces, window = layout(x, dweight, (height, width), band, numbers, bool(norm))
    rows, vectors = tile_for(outputs // groups, pieces[2], x.dtype)
    splits = max(1, min(-(-outputs // groups // rows), -(-ITEMS // (count * groups))))
    calls = [(conv2d_weight_tiles, [x, dy, parts, pieces, window, together, band, splits, groups, tall * wide * depth,
                                    *(norm or [ABSENT] * 4), rows, vectors, unroll_for(width, (7, 8, 5, 3))])]
    return calls if count == 1 else [*calls, (add_parts, [parts, dweight.flat()])]


def layout(x, dweight, size, band, numbers, copied):
    """Return where a worker finds what pixels see: pieces (conv_tables.py), and the window.

    In x itself, where that has all and need not be copied; in a slab, or in patches, one for each pixel, where runs
    would fill tiles badly.
    The window: of the slab, top, left, rows from one pixel to the next, height, width; WHOLE, SLAB or PATCHES; in what
    is read, from one pixel to the next, from a row to the next, from an image to the next; in the slab, from a row to
    the next, from a pixel to the next, from a row of taps to the next, and how many numbers these are.
    """
    (sh, sw, ph, pw, dh, dw, groups), (outputs, tall, wide, depth) = numbers, dweight.shape
    axes = forward_axis(size[0], tall, sh, ph, dh), forward_axis(size[1], wide, sw, pw, dw)
    inside = not copied and groups == 1 and all(axis.origin >= 0 and axis.origin + axis.extent(axis.count) <= n
                                                for axis, n in zip(axes, x.shape[1:3], strict=True))
    slab = axes[0].extent(band), axes[1].extent(size[1])
    lines, pitch = x.shape[1:3] if inside else slab
    pieces = np.array(runs_of(axes, wide, pitch, depth, 1), np.intp).T
    steps = [sw * depth, sh * pitch * depth, lines * pitch * depth]
    mode, patch = WHOLE if inside else SLAB, tall * wide * depth
    if dw == 1 and GAIN * cost(outputs // groups, [patch], x.dtype) < cost(outputs // groups, pieces[2], x.dtype):
        pieces, mode, steps = np.array([[0], [0], [patch]]), PATCHES, [patch, size[1] * patch, band * size[1] * patch]
    window = [-ph, -pw, sh, *slab, mode, *steps, sh * slab[1] * depth, sw * depth, dh * slab[1] * depth, wide * depth]
    return np.ascontiguousarray(pieces, np.intp), np.array(window, np.intp)


def cost(outputs, runs, dtype):
    """Return how many sums there are in the tiles that waste the fewest."""
    return min(sums(vectors, outputs, runs, dtype) for vectors in ROWS)


def sums(vectors, outputs, runs, dtype):
    """Return how many sums there are in tiles of so many vectors."""
    columns = sum(-(-int(run) // (vectors * lanes_of(dtype))) for run in runs) * vectors
    return columns * -(-outputs // ROWS[vectors]) * ROWS[vectors]


def tile_for(outputs, runs, dtype):
    """Return rows and vectors of the tile that wastes the fewest sums, as constants of a kernel."""
    vectors = min(ROWS, key=lambda vectors: (sums(vectors, outputs, runs, dtype), -vectors))
    return Constant(ROWS[vectors]), Constant(vectors)


def workspace(x, dy, parts, pieces, window, together, *_):
    """Return the workspace of the kernel: slabs, or patches and a slab."""
    copied, patches = window[3] * window[4] * x.shape[3], together * window[8] + lanes_of(x.dtype)
    return (int({WHOLE: 1, SLAB: together * copied, PATCHES: copied + patches}[int(window[5])]),), x.dtype


@kernel(items=lambda x, dy, parts, pieces, window, together, band, splits, groups, *_: parts.shape[0] * splits * groups,
        workspace=workspace)
def conv2d_weight_tiles(x, dy, parts, pieces, window, together, band, splits, groups, size, mean, rstd, scale,
                        shift, rows, vectors, unroll, space, begin, end):
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
        start, stop = images * part // count, images * (part + 1) // count
        bands = -(-height // band)
        for step in range(-(-(stop - start) // together) * bands):
            n, top = start + step // bands * together, step % bands * band
            bottom, after = min(top + band, height), min(n + together, stop)
            if window[5] == WHOLE:
                source = x.reshape(x.size)
                base = n * window[8] + (top * window[2] + window[0]) * x.shape[2] * depth + window[1] * depth
            else:
                source, base = space, window[3] * window[4] * depth if window[5] == PATCHES else 0
                for image in range(n, after):
                    at, line = (image - n) * window[8], top * window[2] + window[0]
                    to = at if window[5] == SLAB else 0
                    if mean.ndim == 1:
                        copy_normalised(x[image], line, window[1], window[3], window[4], mean, rstd, scale, shift,
                                        space, to)
                    else:
                        copy_slab(x[image], line, window[1], window[3], window[4], g * depth, depth, space, to)
                    if window[5] == PATCHES:
                        copy_patches(space, base + at, bottom - top, width, window, size)
            for piece in range(pieces.shape[1]):
                column, run = pieces[1, piece], pieces[2, piece]
                for block in range(0, run, vectors * lanes(x)):
                    for o in range(first, last, rows):
                        places = steps(corner + o * size + column + block, size, min(rows, last - o), rows)
                        tile = load_tile(sums, places, rows, vectors)
                        start_of_x = base + pieces[0, piece] + block
                        for line in range((after - n) * (bottom - top)):
                            image, row = divmod(line, bottom - top)
                            i = (((n + image) * height + top + row) * width) * dy.shape[3] + g * outputs + o
                            j = start_of_x + image * window[8] + row * window[7]
                            for _ in range(width // unroll):
                                tile = add_outers(tile, gradients, i, dy.shape[3], source, j, window[6], unroll)
                                i += unroll * dy.shape[3]
                                j += unroll * window[6]
                            for _ in range(width % unroll):
                                tile = add_outers(tile, gradients, i, dy.shape[3], source, j, window[6], 1)
                                i += dy.shape[3]
                                j += window[6]
                        store_rows(sums, places, tile, run - block, min(rows, last - o))


@compiled
def copy_patches(space, to, height, width, window, size):
    """Write what each pixel of some rows sees in the slab, one after the other, `size` numbers each.

    In whole vectors: what is too much is overwritten by what comes next.
    """
    run = window[12]
    for row in range(height):
        for column in range(width):
            start = row * window[9] + column * window[10]
            for _ in range(size // run):
                for k in range(0, run, lanes(space)):
                    store(space, to + k, load(space, start + k))
                start += window[11]
                to += run


@kernel(items=lambda parts, total: total.size)
def add_parts(parts, total, begin, end):
    """total (I) = the sum of all parts (P, I). An item is one number."""
    total = total[begin:end]
    total[:] = 0
    for part in range(parts.shape[0]):
        row = parts[part, begin:end]
        for i in range(total.size):
            total[i] += row[i]
