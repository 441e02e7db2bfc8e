"""Weighted means of runs, axis by axis: pooling of lines and volumes, images in other sizes, and their gradients.

An array is seen as (plane, depth, row, column, number), C order: numbers are the channels of an image, whose channels
are last; else there is one, and planes are images and channels. A row of y is made of the rows of x that it sees, which
are added up first, and then of its columns. An item is a row of y. Tables, of depth, rows and columns:
numbacnn.kernels.runs.
"""
import math

import numpy as np

from numbacnn.kernels.runs import adaptive_means, joined, means, neighbours, shares, turned

from .channels import put
from .compile import compiled, kernel
from .pack import lanes_of
from .pool import pool_backward_apart
from .simd import fill, fma, lanes, load, store


def avg_pool(x, y, *window):
    """Lower to means of windows."""
    return resampled(x, y, means(x.shape[2:], y.shape[2:], window))


def avg_pool_backward(dy, dx, *window):
    """Lower to shares of the windows that hold a place."""
    return resampled(dy, dx, means(dx.shape[2:], dy.shape[2:], window), back=True)


def adaptive_avg_pool(x, y):
    """Lower to means of windows that share out x evenly; or of all of it."""
    if x.ndim != 4 and math.prod(y.shape[2:]) == 1:
        return [(mean_of_lines, [in_lines(x), in_lines(y)])]
    x, y = joined_rows(x, y)
    return resampled(x, y, shares(x.shape[2:], y.shape[2:]))


def adaptive_avg_pool_backward(dy, dx):
    """Lower to shares of the windows that hold a place, or of the only one.

    In images, windows of one size are side by side, as those of other poolings.
    """
    if dx.ndim != 4 and math.prod(dy.shape[2:]) == 1:
        return [(share_in_lines, [in_lines(dy), in_lines(dx)])]
    if dx.ndim == 4:
        (kh, rest), (kw, other) = (divmod(dx.shape[axis], max(dy.shape[axis], 1)) for axis in (2, 3))
        if rest == other == 0:
            return [(pool_backward_apart, [dy.physical(), dx.physical(), kh, kw, kh * kw])]
    dx, dy = joined_rows(dx, dy)
    return resampled(dy, dx, shares(dx.shape[2:], dy.shape[2:]), back=True)


def joined_rows(x, y):
    """Return views of images with their pixels in one column, if all of them make one pixel."""
    if x.ndim != 4 or y.shape[2:] != (1, 1):
        return x, y
    n, c, h, w = x.shape
    return x.shaped((n, h * w, 1, c)).permuted((0, 3, 1, 2)), y


def interpolate(x, y, mode, align_corners, *scales):
    """Lower to means of neighbours."""
    return resampled(x, y, neighbours(x.shape[2:], y.shape[2:], mode, align_corners, scales, x.dtype))


def interpolate_backward(dy, dx, mode, align_corners, *scales):
    """Lower to shares of the places whose neighbour one was."""
    return resampled(dy, dx, neighbours(dx.shape[2:], dy.shape[2:], mode, align_corners, scales, dx.dtype), back=True)


def in_lines(x):
    """Return a view of (N, C, ...) that is no image as (plane, place)."""
    return x.shaped((math.prod(x.shape[:2]), math.prod(x.shape[2:])))


def resampled(x, y, runs, back=False):
    """Return the call that writes y by the runs of its axes; `back`: by those of the axes of x, as their gradient."""
    if back:
        runs = [turned(each, size) for each, size in zip(runs, y.shape[2:], strict=True)]
    while len(runs) < 3:
        runs = [adaptive_means(1, 1), *runs]
    count = runs[-1].length
    common = count[count.size // 2]                     # most positions in a row have so many places
    others = np.flatnonzero(count != common)
    before, after = others[others < count.size // 2], others[others > count.size // 2]
    alike = int(before[-1]) + 1 if before.size else 0, int(after[0]) if after.size else count.size
    return [(resample, [x.planes(), y.planes(), *joined(runs, x.dtype), *alike])]


def room_of(x):
    """Return the workspace: a row of x, in whole vectors."""
    return (x.shape[3] * x.shape[4] + lanes_of(x.dtype),), x.dtype


@kernel(items=lambda y: y.shape[0] * y.shape[1] * y.shape[2], workspace=room_of)
def resample(x, y, runs, weights, first, last, space, begin, end):
    _, depth, height, width, inner = x.shape
    _, slices, rows, columns, _ = y.shape
    values, result, line = x.reshape(x.size), y.reshape(y.size), width * inner
    for item in range(begin, end):
        plane, place = divmod(item, slices * rows)
        od, oh = divmod(place, rows)
        d, deep, h, tall = runs[od, 0], runs[od, 1], runs[slices + oh, 0], runs[slices + oh, 1]
        at = ((plane * depth + d) * height + h) * line
        source = values
        if deep != 1 or tall != 1 or weights[od, 0] * weights[slices + oh, 0] != 1:
            add_rows(values, at, height * line, line, deep, tall, weights[od], weights[slices + oh], space)
            source, at = space, 0
        columns_of, weights_of = runs[slices + rows:], weights[slices + rows:]
        if inner == 1:
            mix_numbers(source, at, columns_of, weights_of, result, item * columns, 0, first)
            mix_alike(source, at, columns_of, weights_of, result, item * columns, first, last)
            mix_numbers(source, at, columns_of, weights_of, result, item * columns, last, columns)
        else:
            mix_pixels(source, at, columns_of, weights_of, result, item * columns * inner, inner)


@compiled
def add_rows(x, at, depth_step, row_step, deep, tall, depth_weights, row_weights, space):
    """Write the weighted sum of rows, two at a time."""
    count = deep * tall
    if count % 2:
        part = fill(x, depth_weights[0] * row_weights[0])
        for c in range(0, row_step, lanes(x)):
            store(space, c, load(x, at + c) * part)
    for tap in range(count % 2, count, 2):
        (d, h), (e, i) = divmod(tap, tall), divmod(tap + 1, tall)
        one, other = at + d * depth_step + h * row_step, at + e * depth_step + i * row_step
        part, share = fill(x, depth_weights[d] * row_weights[h]), fill(x, depth_weights[e] * row_weights[i])
        if tap == 0:
            for c in range(0, row_step, lanes(x)):
                store(space, c, fma(load(x, other + c), share, load(x, one + c) * part))
        else:
            for c in range(0, row_step, lanes(x)):
                store(space, c, fma(load(x, other + c), share, fma(load(x, one + c), part, load(space, c))))
    if count == 0:
        for c in range(0, row_step, lanes(x)):
            store(space, c, fill(x, 0))


@compiled
def mix_pixels(x, at, runs, weights, y, there, inner):
    """Write the weighted sums of pixels, each so many numbers."""
    for ow in range(runs.shape[0]):
        first, count = at + runs[ow, 0] * inner, runs[ow, 1]
        if count == 2:                                  # the usual number of neighbours
            part, share = fill(x, weights[ow, 0]), fill(x, weights[ow, 1])
            for c in range(0, inner, lanes(x)):
                put(y, there + c, fma(load(x, first + inner + c), share, load(x, first + c) * part), inner - c)
        else:
            for c in range(0, inner, lanes(x)):
                total = fill(x, 0)
                for tap in range(count):
                    total = fma(load(x, first + tap * inner + c), fill(x, weights[ow, tap]), total)
                put(y, there + c, total, inner - c)
        there += inner


@compiled
def mix_numbers(x, at, runs, weights, y, there, begin, end):
    """Write the weighted sums of numbers."""
    for ow in range(begin, end):
        first = np.uintp(at + runs[ow, 0])              # unsigned: slab.py says why
        total = x.dtype.type(0)
        for tap in range(np.uintp(runs[ow, 1])):
            total += weights[ow, tap] * x[first + tap]
        y[there + ow] = total


@compiled
def mix_alike(x, at, runs, weights, y, there, begin, end):
    """The same where all sums have as many numbers: without loops inside if those are one or two."""
    if begin < end and runs[begin, 1] == 1:
        for ow in range(np.uintp(begin), np.uintp(end)):
            y[np.uintp(there) + ow] = weights[ow, 0] * x[np.uintp(at + runs[ow, 0])]
    elif begin < end and runs[begin, 1] == 2:
        for ow in range(np.uintp(begin), np.uintp(end)):
            first = np.uintp(at + runs[ow, 0])
            y[np.uintp(there) + ow] = weights[ow, 0] * x[first] + weights[ow, 1] * x[first + np.uintp(1)]
    else:
        mix_numbers(x, at, runs, weights, y, there, begin, end)


@kernel(items=lambda y: y.shape[0], reassociate=True)
def mean_of_lines(x, y, begin, end):
    """An item is a plane: the mean of all its places."""
    for plane in range(begin, end):
        line = x[plane]
        total = x.dtype.type(0)
        for place in range(line.size):
            total += line[place]
        y[plane, 0] = total / x.dtype.type(line.size)


@kernel(items=lambda dx: dx.shape[0])
def share_in_lines(dy, dx, begin, end):
    """An item is a plane: each place receives the same share."""
    for plane in range(begin, end):
        dx[plane] = dy[plane, 0] / dx.dtype.type(dx.shape[1])

