"""Tables for convolutions of any geometry: which inputs an output reads, and how the work is cut into items.

An output of one axis reads inputs `origin + i * stride + offset`, one through each tap. The gradient of x is of the
same form: with strides, outputs of one residue at a time, and each residue has taps of its own.
"""
import functools
from typing import NamedTuple

import numpy as np

SLAB = 192 << 10          # bytes of input that one worker goes over many times: they stay in its second-level cache
PIXELS = 96               # outputs of an item, at least, where there are so many: fewer fill tiles badly
FEW = 32                  # the same where neither images nor blocks of columns make items enough
ITEMS = 16                # of a convolution, at least, where it can be cut so
SPLITS = 4                # of the columns, at most, counted on where items share images: each split copies these anew
LONG = 512                # bytes of a pixel: the processor does not foresee what is read next of several at a time
DEPTH = 1024              # products that are added to a sum before it goes to memory: their weights stay in the cache


class Axis(NamedTuple):
    """One axis: output i is written to `first + i * step`."""

    count: int
    first: int
    step: int
    stride: int
    origin: int
    taps: tuple           # (place in the filter, offset)

    def extent(self, count):
        """Return how many inputs so many outputs see."""
        return (count - 1) * self.stride + 1 + max((offset for _, offset in self.taps), default=0)


def forward_axis(outputs, taps, stride, padding, dilation):
    """Return an axis of y."""
    return Axis(outputs, 0, 1, stride, -padding, tuple((k, k * dilation) for k in range(taps)))


def backward_axes(inputs, taps, stride, padding, dilation):
    """Return the axes of dx: one for each residue. Taps are counted in reverse, as the packed weight has them."""
    axes = []
    for first in range(min(stride, inputs)):
        seen = [(taps - 1 - k, (first + padding - k * dilation) // stride) for k in range(taps)
                if (first + padding - k * dilation) % stride == 0]
        origin = min((place for _, place in seen), default=0)
        axes.append(Axis(len(range(first, inputs, stride)), first, stride, 1, origin,
                         tuple(sorted((k, place - origin) for k, place in seen))))
    return axes


class Job(NamedTuple):
    """Everything a kernel needs to know about the geometry of a convolution."""

    starts: np.ndarray    # for each output of an item: where its inputs begin, in the slab
    targets: np.ndarray   # and where it is written
    pieces: np.ndarray    # (3, P): runs of inputs that all lie side by side: start, start in the weight, length
    chunks: np.ndarray    # a sum goes to memory after these pieces
    window: np.ndarray    # of the slab: top, left, rows from band to band, height, width, whether it is copied
    place: np.ndarray     # of the outputs: rows, first, from band to band; columns, first
    cuts: np.ndarray      # images of an item, bands of an image, rows of a band, splits of the columns, items


@functools.lru_cache(4096)
def make_job(x, y, axes, taps, groups, width, itemsize, copied=False):
    """Return the tables.

    Parameters
    ----------
    x, y : tuple
        Shapes (N, H, W, C) of input and output.
    axes : (Axis, Axis)
        Vertical and horizontal.
    taps : int
        Of a row of the filter.
    groups, width, itemsize : int
        Groups, columns of a tile, bytes of a number.
    copied : bool
        Whether the input must be copied; else it is where that is of use.
    """
    (images, tall, wide, depth), (vertical, horizontal) = x, axes
    depth //= groups
    slab_wide = horizontal.extent(horizontal.count)
    blocks = -(-y[3] // groups // width)
    group, bands, rows = cut(images * groups, min(blocks, SPLITS), vertical, horizontal, slab_wide * depth * itemsize,
                             FEW if images * groups * blocks < ITEMS // 4 else PIXELS)
    group = max(1, min(group, images))
    units = -(-images // group) * bands * groups
    splits = max(1, min(blocks, -(-ITEMS // max(units, 1))))

    single = all(len(axis.taps) == 1 and axis.stride == 1 for axis in axes)      # each pixel is seen through one tap
    copied |= groups > 1 or (single and splits == 1 and depth * itemsize >= LONG)
    inside = not copied and all(axis.origin >= 0 and axis.origin + axis.extent(axis.count) <= n
                                for axis, n in zip(axes, (tall, wide), strict=True))
    pitch, lines = (wide, tall) if inside else (slab_wide, vertical.extent(rows))
    image, row, column = np.unravel_index(np.arange(group * rows * horizontal.count), (group, rows, horizontal.count))
    starts = ((image * lines + row * vertical.stride) * pitch + column * horizontal.stride) * depth
    targets = ((image * y[1] + row * vertical.step) * y[2] + column * horizontal.step) * y[3]
    pieces, chunks = pieces_of(runs_of(axes, taps, pitch, depth, width), width)
    window = [vertical.origin, horizontal.origin, rows * vertical.stride, vertical.extent(rows), slab_wide, not inside]
    cuts = [group, bands, rows, splits, units * splits]
    place = [vertical.count, vertical.first, rows * vertical.step, horizontal.count, horizontal.first]
    return Job(*(np.ascontiguousarray(table, np.intp) for table in (
        starts, targets, pieces, chunks, window, place, cuts)))


def cut(units, splits, vertical, horizontal, row_bytes, least):
    """Return images of an item, bands of an image, rows of a band; an item has several images or one band.

    A band's slab fits the cache; there are enough items for the workers, while items have pixels enough for tiles.
    """
    pixels = vertical.count * horizontal.count
    if pixels < least:
        return max(1, min(-(-least // max(pixels, 1)), -(-units * splits // ITEMS))), 1, vertical.count
    fitting = (SLAB // max(1, row_bytes) - vertical.extent(1)) // vertical.stride + 1
    wanted = max(-(-vertical.count // max(1, fitting)), min(-(-ITEMS // max(units, 1)), pixels // least))
    rows = -(-vertical.count // wanted)
    return 1, -(-vertical.count // rows), rows


def runs_of(axes, taps, pitch, depth, width):
    """Return what a sum is made of: (start in the slab, start in the weight, length), each as long as it can be."""
    runs = []
    for kh, row in axes[0].taps:
        for kw, column in axes[1].taps:
            start, where = (row * pitch + column) * depth, (kh * taps + kw) * depth * width
            if runs and runs[-1][0] + runs[-1][2] == start and runs[-1][1] + runs[-1][2] * width == where:
                runs[-1][2] += depth
            else:
                runs.append([start, where, depth])
    return runs


def pieces_of(runs, width):
    """Return runs of which none is too long, as an array (3, P), and the chunks."""
    if sum(run[2] for run in runs) > DEPTH:
        runs = [[start + k, where + k * width, min(DEPTH, length - k)]
                for start, where, length in runs for k in range(0, length, DEPTH)]
    chunks, done = [0], 0
    for number, run in enumerate(runs):
        if done + run[2] > DEPTH and number > chunks[-1]:
            chunks.append(number)
            done = 0
        done += run[2]
    return np.array(runs, np.intp).reshape(-1, 3).T, [*chunks, len(runs)]
