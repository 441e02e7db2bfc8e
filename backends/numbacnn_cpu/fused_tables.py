"""Tables for convolutions that are pooled: where the windows' pixels are in the input, and how the work is cut.

Windows lie side by side, so they come in rows; an item is a band of such rows of one image.
"""
import functools
import math
from typing import NamedTuple

import numpy as np

from .conv_tables import forward_axis, runs_of

WINDOWS = 192             # of a band, about: fewer fill tiles badly, more leave fewer bands to the workers
SLAB = 192 << 10          # bytes of input, at most, from which a band is computed: they stay in the cache


class Windows(NamedTuple):
    """What the kernels need to know of the geometry."""

    starts: np.ndarray    # for each window of a band: where its inputs begin, in the slab
    places: np.ndarray    # and how much further on they do for each of its pixels
    pieces: np.ndarray    # of a pixel's inputs, those that lie side by side: (3, P), conv_tables.py
    window: np.ndarray    # of the slab: top, left, rows from band to band, height, width, whether it is copied
    cuts: np.ndarray      # bands of an image, rows of windows of a band


def usual(numbers):
    """Return sh, sw, ph, pw, dh, dw of the convolution and kh, kw of the pooling: the other numbers are as always."""
    return *numbers[:6], *numbers[7:9]


@functools.lru_cache(4096)
def make_windows(x, y, taps, numbers, width, itemsize):
    """Return the tables.

    Parameters
    ----------
    x, y : tuple
        Shapes (N, H, W, C) of the input, (N, OH, OW, O) of the pooled output.
    taps : (int, int)
        Size of the filter.
    numbers : tuple
        sh, sw, ph, pw, dh, dw of the convolution, kh, kw of the pooling.
    width, itemsize : int
        Columns of the packed weight, bytes of a number.
    """
    (_, tall, wide, channels), (sh, sw, ph, pw, dh, dw, kh, kw) = x, numbers
    axes = forward_axis(y[1] * kh, taps[0], sh, ph, dh), forward_axis(y[2] * kw, taps[1], sw, pw, dw)
    inside = all(axis.origin >= 0 and axis.extent(axis.count) <= n for axis, n in zip(axes, (tall, wide), strict=True))
    slab_wide = axes[1].extent(y[2] * kw)
    rows = max(1, min(y[1], WINDOWS // max(1, y[2]) + 1, SLAB // (slab_wide * channels * itemsize * kh * sh)))
    bands = -(-y[1] // rows)
    rows = -(-y[1] // max(1, bands))
    pitch = (wide if inside else slab_wide) * channels
    row, column = np.divmod(np.arange(rows * y[2]), max(1, y[2]))
    i, j = np.divmod(np.arange(kh * kw), kw)
    tables = (row * (kh * sh * pitch) + column * (kw * sw * channels), i * (sh * pitch) + j * (sw * channels),
              np.array(runs_of(axes, taps[1], pitch // channels, channels, width)).T,
              [-ph, -pw, rows * kh * sh, axes[0].extent(rows * kh), slab_wide, not inside], [bands, rows])
    return Windows(*(np.ascontiguousarray(table, np.intp) for table in tables))


class Groups(NamedTuple):
    """Windows that are computed together, side by side in a tile's columns; and one by one, if they are several."""

    starts: np.ndarray    # for each group of a band: where its inputs begin, in the slab
    targets: np.ndarray   # and its outputs, in the band; the last ones of a row may be those of two groups
    places: np.ndarray    # how much further on the inputs of each of a window's pixels begin
    pieces: np.ndarray    # (3, P): inputs, as in `Windows`
    rows: np.ndarray      # groups of a row of windows, numbers of a group, where the weight begins


def together(outputs, windows, numbers, lanes):
    """Return how many windows of a row a tile's columns have room for. A filter for all is `step` wider for each."""
    return max(1, min(lanes // outputs, windows)) if numbers[5] == 1 else 1


@functools.lru_cache(4096)
def make_groups(x, y, taps, numbers, packed, itemsize, count):
    """Return the tables for so many windows together, each with a first axis of two if they are several.

    Parameters are those of `make_windows`; `packed` is the shape of the packed weight.
    """
    tables, found = make_windows(x, y, taps, numbers, packed[4], itemsize), []
    channels, (sh, sw, _, _, dh, dw, kh, kw) = x[3], numbers
    pitch = int(tables.window[4]) if tables.window[5] else x[2]
    for number, size in enumerate((count, 1) if count > 1 else (1,)):
        groups = -(-y[2] // size)
        row, first = np.divmod(np.arange(int(tables.cuts[1]) * groups), max(1, groups))
        first = np.minimum(first * size, y[2] - size)
        axes = forward_axis(0, taps[0], sh, 0, dh), forward_axis(0, taps[1] + (size - 1) * kw * sw, sw, 0, dw)
        found.append(((row * (kh * sh * pitch) + first * (kw * sw)) * channels, (row * y[2] + first) * y[3],
                      runs_of(axes, packed[2], pitch, channels, packed[4]),
                      [groups, size * y[3], number * math.prod(packed[1:])]))
    found = [[np.array(table, np.intp) for table in tables_of_one] for tables_of_one in found]
    starts, targets, pieces, rows = zip(*found, strict=True)
    pieces = [table.reshape(-1, 3).T for table in pieces]
    return Groups(*(same_length(column) for column in (starts, targets)), tables.places,
                  *(same_length(column) for column in (pieces, rows)))


def same_length(tables):
    """Return tables as one, zeros where one is shorter than others."""
    length = max(table.shape[-1] for table in tables)
    return np.stack([np.pad(table, [(0, 0)] * (table.ndim - 1) + [(0, length - table.shape[-1])]) for table in tables])
