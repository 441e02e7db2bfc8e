"""Maximum over windows of lines and volumes, (N, C, L) and (N, C, D, H, W), and over adaptive windows of any.

Arrays are seen as in planes.py. A table says which places of x a place of y sees along each axis, the first and how
many: of depth, then of rows, then of columns. The first of equals wins, in row-major order, and NaN over all, the last
over others.
"""
import math

import numpy as np

from numbacnn.kernels.runs import adaptive_windows, joined_places, max_shares, max_windows

from .compile import cuda, device, kernel, real
from .planes import BLOCK, LONG, blocks, groups_in, is_first, number_of, part_of, place_of, places_in


def max_pool(x, y, argmax, *window):
    """Lower to one kernel."""
    axes = x.ndim - 2
    return [largest(x, y, argmax, max_windows(x.shape[2:], y.shape[2:], window), window[3 * axes:])]


def adaptive_max_pool(x, y, argmax):
    """Lower to one kernel."""
    return [largest(x, y, argmax, max_shares(x.shape[2:], y.shape[2:]), (1,) * (x.ndim - 2))]


def largest(x, y, argmax, runs, dilation):
    """Return the call for runs of each axis, whose places are so far apart."""
    missing = 3 - len(runs)
    runs = [adaptive_windows(1, 1)] * missing + runs                # places from 0 on, one of them
    arrays = [x.flat(), y.flat(), argmax.flat(), x.planes().shape[1:4], joined_places(runs), (1,) * missing + dilation]
    if math.prod(int(length.max(initial=0)) for _, length in runs) <= LONG:
        return max_runs, [*arrays, *places_in(y)]
    return long_max, [*arrays, *groups_in(y)]


@kernel(items=lambda y: y.size)
def max_runs(x, y, argmax, image, runs, dilation, numbers, columns, rows, slices):
    """The first place of a window stands at the beginning, and wins over itself only if it is NaN."""
    i = cuda.grid(1)
    if i < y.size:
        depth, height, width = image
        dd, dh, dw = dilation
        plane, od, oh, ow, number = place_of(i, numbers, columns, rows, slices)
        oh, ow = oh + slices[0], ow + slices[0] + rows[0]           # in the table
        base = plane * depth * height * width * numbers[0] + number
        where = (runs[od, 0] * height + runs[oh, 0]) * width + runs[ow, 0]
        best = x[base + where * numbers[0]]
        for d in range(runs[od, 1]):
            for h in range(runs[oh, 1]):
                place = ((runs[od, 0] + d * dd) * height + runs[oh, 0] + h * dh) * width + runs[ow, 0]
                for _ in range(runs[ow, 1]):
                    value = x[base + place * numbers[0]]
                    if value > best or value != value:
                        best, where = value, place
                    place += dw
        y[i] = best
        argmax[i] = where


@kernel(blocks=blocks, block=BLOCK)
def long_max(x, y, argmax, image, runs, dilation, row, groups, columns, rows, slices):
    """The same by a block for a row of numbers, of which there are row[1] in a place."""
    depth, height, width = image
    dd, dh, dw = dilation
    values, wheres = cuda.shared.array(BLOCK, real), cuda.shared.array(BLOCK, np.int64)
    plane, od, oh, ow, group = place_of(cuda.blockIdx.x, groups, columns, rows, slices)
    there = cuda.blockIdx.x // groups[0]
    oh, ow = oh + slices[0], ow + slices[0] + rows[0]
    number = number_of(group, row)
    part, step = part_of(row)
    tall, wide = runs[oh, 1], runs[ow, 1]
    base = plane * depth * height * width * row[1] + number
    where = (runs[od, 0] * height + runs[oh, 0]) * width + runs[ow, 0]
    best = x[base + where * row[1]]
    for tap in range(part, runs[od, 1] * tall * wide, step):
        above = tap // wide
        w = tap - above * wide
        d = above // tall
        h = above - d * tall
        place = ((runs[od, 0] + d * dd) * height + runs[oh, 0] + h * dh) * width + runs[ow, 0] + w * dw
        value = x[base + place * row[1]]
        if value > best or value != value:
            best, where = value, place
    t = cuda.threadIdx.x
    values[t], wheres[t] = best, where
    half = BLOCK // 2
    while half >= row[0]:
        cuda.syncthreads()
        if t < half and wins(values[t + half], wheres[t + half], values[t], wheres[t]):
            values[t], wheres[t] = values[t + half], wheres[t + half]
        half //= 2
    if is_first(group, row):                       # it has written its part itself
        y[there * row[1] + number] = values[t]
        argmax[there * row[1] + number] = wheres[t]


@device
def wins(value, where, best, other):
    """Return whether a number at one place wins over that at another, whichever comes first."""
    if value != value:
        return best == best or where > other
    return value > best or (value == best and where < other)
