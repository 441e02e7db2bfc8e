"""Tables for convolutions that are pooled: where the windows' pixels are in the input, and how the work is cut.

Windows lie side by side, so they come in rows; an item is a band of such rows of one image.
"""
import functools
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
