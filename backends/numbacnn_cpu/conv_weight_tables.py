"""Tables for the gradient of a convolution's weight: where tiles find what pixels see, and how the work is cut."""
import math
from typing import NamedTuple

import numpy as np

from .conv_tables import LONG, forward_axis, runs_of
from .memory import PADDING
from .pack import ROWS, lanes_of

WHOLE, SLAB, PATCHES = 0, 1, 2      # where they find it: in x, or in a copy
GAIN = 1.15               # times fewer sums, at least, make up for copying patches
SLACK = 1.04              # times as many sums as could be, at most: for each shape of a tile a kernel is compiled
ITEMS, PARTS = 8, 16      # at least so many items, at most so many parts, if there are enough steps
PARTS_BYTES = 5 << 20     # of all parts together
PIXELS = {WHOLE: 128, SLAB: 128, PATCHES: 256}      # of a step, about: what they see stays in the caches
TILES, READS = 8, 4       # that read a panel, at least, to make up for copying it: what pixels see, and dy
FAR = 4096                # bytes of a pixel of dy: pixels so far apart share few places of the nearest cache


class Sums(NamedTuple):
    """Everything the kernel needs to know about the geometry."""

    pieces: np.ndarray    # (3, P): what a pixel sees, in runs: start, column of dweight, length
    strides: np.ndarray   # there from one pixel to the next, from a row to the next, from an image to the next
    window: np.ndarray    # of x: top, left, rows and columns from one pixel to the next; height and width of a slab
    patch: np.ndarray     # in the slab from a row to the next, a pixel, a row of taps; their length, how many there are
    cuts: np.ndarray      # images of a step, rows of a step, steps of an image; steps, splits of the outputs, groups
    room: np.ndarray      # of the workspace: where patches, a panel, panels of dy begin; its end; columns of the last


def make_sums(x, dy, dweight, conv, dtype, copied):
    """Return the tables, the mode, how many parts there are, and rows and vectors of a tile.

    Parameters
    ----------
    x, dy, dweight : tuple
        Shapes (N, H, W, C), (N, OH, OW, O) and (O, KH, KW, C / groups).
    conv : tuple
        Strides, paddings, dilations and groups.
    dtype : dtype
        Of all of them.
    copied : bool
        Whether x must be copied, for it is normalised on the way.
    """
    (sh, sw, ph, pw, dh, dw, groups), (outputs, tall, wide, depth) = conv, dweight
    axes = forward_axis(dy[1], tall, sh, ph, dh), forward_axis(dy[2], wide, sw, pw, dw)
    inside = groups == 1 and all(axis.origin >= 0 and axis.origin + axis.extent(axis.count) <= n
                                 for axis, n in zip(axes, x[1:3], strict=True))
    mode = mode_of(axes, dweight, groups, dtype, inside, copied)
    together, band, bands = cut(dy, PIXELS[mode])
    slab = axes[0].extent(band), axes[1].extent(dy[2])
    lines, pitch = x[1:3] if mode == WHOLE else slab
    runs, strides = runs_of(axes, wide, pitch, depth, 1), [sw * depth, sh * pitch * depth, lines * pitch * depth]
    patch = tall * wide * depth
    if mode == PATCHES:
        runs, strides = [(0, 0, patch)], [patch, dy[2] * patch, band * dy[2] * patch]
    rows, vectors = tile_of(outputs // groups, [run[2] for run in runs], dtype)
    steps = -(-dy[0] // together) * bands
    parts = max(1, min(PARTS, steps, PARTS_BYTES // max(outputs * patch * np.dtype(dtype).itemsize, 1)))
    splits = max(1, min(-(-outputs // groups // rows), -(-ITEMS // (parts * groups))))
    width = vectors * lanes_of(dtype)
    panel, side = panels_of(mode, strides[0], sum(-(-run[2] // width) for run in runs), outputs, groups, splits, rows,
                            width, dtype)
    pixels, slabs = together * band * dy[2], {WHOLE: 0, SLAB: together, PATCHES: 1}[mode]
    room = np.cumsum([slabs * slab[0] * slab[1] * x[3], (mode == PATCHES) * (pixels * patch + lanes_of(dtype)),
                      pixels * panel, pixels * -(-outputs // side) * side if side < outputs else 0])
    tables = (np.array(runs).reshape(-1, 3).T, strides, [-ph, -pw, sh, sw, *slab],
              [sh * slab[1] * depth, sw * depth, dh * slab[1] * depth, wide * depth, tall],
              [together, band, bands, steps, splits, groups], [*room, side])
    return Sums(*(np.ascontiguousarray(table, np.intp) for table in tables)), mode, parts, rows, vectors


def mode_of(axes, dweight, groups, dtype, inside, copied):
    """Return where tiles find what pixels see.

    In x itself, where that has all and need not be copied; in a slab; in patches, one for each pixel, where runs would
    fill tiles badly.
    """
    outputs, tall, wide, depth = dweight
    pixel, runs = tall * wide * depth, [run[2] for run in runs_of(axes, wide, axes[1].extent(axes[1].count), depth, 1)]
    unbroken = len(axes[1].taps) < 2 or axes[1].taps[1][1] == 1          # a row of taps sees numbers side by side
    if unbroken and GAIN * cost(outputs // groups, [pixel], dtype) < cost(outputs // groups, runs, dtype):
        return PATCHES
    return WHOLE if inside and not copied else SLAB


def panels_of(mode, pixel, columns, outputs, groups, splits, rows, width, dtype):
    """Return how wide a panel of what pixels see is, 0 if none is copied, and one of dy, all its channels if none is.

    Where pixels are few bytes apart, or a copy (patches), panels gain nothing.
    """
    itemsize = np.dtype(dtype).itemsize
    copied = mode != PATCHES and pixel * itemsize >= LONG and -(-outputs // (groups * splits * rows)) >= TILES
    far = groups == 1 and outputs * itemsize >= FAR and columns >= READS
    side = math.lcm(rows, lanes_of(dtype)) if far else outputs        # a panel has whole tiles,
    assert not far or side * itemsize <= PADDING                      # and is read behind the end of dy
    return width if copied else 0, side


def cut(dy, pixels):
    """Return images and rows of a step, and steps of an image: several images, or a band of rows of one."""
    images, height, width, _ = dy
    together = max(1, min(images, pixels // max(height * width, 1)))
    bands = max(1, -(-height // max(1, pixels // max(width, 1))))
    return together, -(-height // bands), bands


def cost(outputs, runs, dtype):
    """Return how many sums there are in the tiles that waste the fewest."""
    return min(sums_in(vectors, outputs, runs, dtype) for vectors in ROWS)


def sums_in(vectors, outputs, runs, dtype):
    """Return how many vectors of sums there are in tiles of so many."""
    columns = sum(-(-int(run) // (vectors * lanes_of(dtype))) for run in runs) * vectors
    rows = rows_of(vectors, outputs)
    return columns * -(-outputs // rows) * rows


def rows_of(vectors, outputs):
    """Return how many rows a tile has: as many as fit, evenly."""
    tiles = -(-outputs // ROWS[vectors])
    return max(1, -(-outputs // max(tiles, 1)))


def tile_of(outputs, runs, dtype):
    """Return rows and vectors of a tile: the widest of those that waste about the fewest sums."""
    most = SLACK * cost(outputs, runs, dtype)
    vectors = max(vectors for vectors in ROWS if sums_in(vectors, outputs, runs, dtype) <= most)
    return rows_of(vectors, outputs), vectors
