"""Weighted sums of runs, axis by axis: pooling of lines and volumes, images in other sizes, and their gradients.

Arrays are seen as in planes.py. Tables say which places of x a place of y sees along each axis, and with which weights:
numbacnn.kernels.runs, of depth, then of rows, then of columns.
"""
import math

from numbacnn.kernels.runs import adaptive_means, joined, means, neighbours, shares, turned

from .compile import cuda, kernel, real
from .dtypes import computed
from .planes import BLOCK, LONG, blocks, groups_in, is_first, number_of, part_of, place_of, places_in
from .reduce import sum


def avg_pool(x, y, *window):
    """Lower to means of windows."""
    return [resampled(x, y, means(x.shape[2:], y.shape[2:], window))]


def avg_pool_backward(dy, dx, *window):
    """Lower to shares of the windows that hold a place."""
    return [resampled(dy, dx, means(dx.shape[2:], dy.shape[2:], window), back=True)]


def adaptive_avg_pool(x, y):
    """Lower to means of windows that share out x evenly; or of all of it."""
    if math.prod(y.shape[2:]) == 1:
        return sum(x, y, math.prod(x.shape[2:]))
    return [resampled(x, y, shares(x.shape[2:], y.shape[2:]))]


def adaptive_avg_pool_backward(dy, dx):
    """Lower to shares of the windows that hold a place."""
    return [resampled(dy, dx, shares(dx.shape[2:], dy.shape[2:]), back=True)]


def interpolate(x, y, mode, align_corners, *scales):
    """Lower to means of neighbours."""
    return [resampled(x, y, neighbours(x.shape[2:], y.shape[2:], mode, align_corners, scales, computed(x.dtype)))]


def interpolate_backward(dy, dx, mode, align_corners, *scales):
    """Lower to shares of the places whose neighbour one was."""
    runs = neighbours(dx.shape[2:], dy.shape[2:], mode, align_corners, scales, computed(dx.dtype))
    return [resampled(dy, dx, runs, back=True)]


def resampled(x, y, runs, back=False):
    """Return the call that writes y by the runs of its axes; `back`: by those of the axes of x, as their gradient."""
    if back:
        runs = [turned(each, size) for each, size in zip(runs, y.shape[2:], strict=True)]
    runs = [adaptive_means(1, 1)] * (3 - len(runs)) + runs
    arrays = [x.flat(), y.flat(), x.planes().shape[1:4], *joined(runs, computed(x.dtype))]
    if math.prod(int(each.length.max(initial=0)) for each in runs) <= LONG:
        return weighted_sums, [*arrays, *places_in(y)]
    return long_sums, [*arrays, *groups_in(y)]


@kernel(items=lambda y: y.size)
def weighted_sums(x, y, image, runs, weights, numbers, columns, rows, slices):
    i = cuda.grid(1)
    if i < y.size:
        depth, height, width = image
        plane, od, oh, ow, number = place_of(i, numbers, columns, rows, slices)
        oh, ow = oh + slices[0], ow + slices[0] + rows[0]           # in the tables
        total = real(0)
        for d in range(runs[od, 1]):
            for h in range(runs[oh, 1]):
                row = (plane * depth + runs[od, 0] + d) * height + runs[oh, 0] + h
                at = (row * width + runs[ow, 0]) * numbers[0] + number
                line = real(0)
                for w in range(runs[ow, 1]):
                    line += weights[ow, w] * x[at + w * numbers[0]]
                total += weights[od, d] * weights[oh, h] * line
        y[i] = total


@kernel(blocks=blocks, block=BLOCK)
def long_sums(x, y, image, runs, weights, row, groups, columns, rows, slices):
    """The same by a block for a row of numbers, of which there are row[1] in a place."""
    depth, height, width = image
    parts = cuda.shared.array(BLOCK, real)
    plane, od, oh, ow, group = place_of(cuda.blockIdx.x, groups, columns, rows, slices)
    place = cuda.blockIdx.x // groups[0]
    oh, ow = oh + slices[0], ow + slices[0] + rows[0]
    number = number_of(group, row)
    part, step = part_of(row)
    tall, wide = runs[oh, 1], runs[ow, 1]
    total = real(0)
    for tap in range(part, runs[od, 1] * tall * wide, step):
        above = tap // wide
        w = tap - above * wide
        d = above // tall
        h = above - d * tall
        at = ((plane * depth + runs[od, 0] + d) * height + runs[oh, 0] + h) * width + runs[ow, 0] + w
        total += weights[od, d] * weights[oh, h] * weights[ow, w] * x[at * row[1] + number]
    parts[cuda.threadIdx.x] = total
    half = BLOCK // 2
    while half >= row[0]:
        cuda.syncthreads()
        if cuda.threadIdx.x < half:
            parts[cuda.threadIdx.x] += parts[cuda.threadIdx.x + half]
        half //= 2
    if is_first(group, row):                       # it has written its part itself
        y[place * row[1] + number] = parts[cuda.threadIdx.x]
