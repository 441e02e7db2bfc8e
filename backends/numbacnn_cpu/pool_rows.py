"""Maximum over windows of lines and volumes, (N, C, L) and (N, C, D, H, W), and over adaptive windows of any.

Arrays are seen as (plane, depth, row, column), C order. The rows that a row of y sees are compared first, in vectors,
and of each column the largest is kept, with its number: 0, 1 ... in the order of rows, in the dtype of x. Then windows
of columns are compared. The first of equals wins, in row-major order, and NaN over all, the last over others.
"""
import math

import numpy as np

from .compile import compiled, kernel
from .pack import lanes_of
from .pool import take_largest
from .runs import adaptive_windows, windows
from .simd import fill, lanes, load, select, store
from .whole import wins


def max_pool(x, y, argmax, *window):
    """Lower to the kernel for rows."""
    axes = x.ndim - 2
    sizes, strides, paddings, dilations = (window[i:i + axes] for i in range(0, 4 * axes, axes))
    along = zip(x.shape[2:], y.shape[2:], sizes, strides, paddings, dilations, strict=True)
    return [(max_rows, in_rows(x, y, argmax, [windows(*axis) for axis in along], dilations))]


def adaptive_max_pool(x, y, argmax):
    """Lower to the kernel for rows, or for images with channels last."""
    runs = []
    for size, positions in zip(x.shape[2:], y.shape[2:], strict=True):
        first, last = adaptive_windows(size, positions)
        runs.append((first, last - first))
    if x.ndim == 4:
        return [(adaptive_max, [x.physical(), y.physical(), argmax.physical(), table_of(runs)])]
    return [(max_rows, in_rows(x, y, argmax, runs, (1,) * len(runs)))]


def in_rows(x, y, argmax, runs, dilations):
    """Return the arguments of the kernel for rows."""
    missing = 3 - len(runs)
    views = [each.shaped((math.prod(each.shape[:2]), *(1,) * missing, *each.shape[2:])) for each in (x, y, argmax)]
    return [*views, table_of([(np.array([0]), np.array([1]))] * missing + runs), *(1,) * missing, *dilations]


def table_of(runs):
    """Return (positions, 2), first place and how many, of all axes one after the other."""
    return np.concatenate([np.stack(each, axis=1) for each in runs]).astype(np.intp)


def room_of(x):
    """Return the workspace: a row of numbers, and one of where they come from, in whole vectors."""
    return (2, -(-x.shape[3] // lanes_of(x.dtype)) * lanes_of(x.dtype)), x.dtype


@kernel(items=lambda y: y.shape[0] * y.shape[1] * y.shape[2], workspace=room_of)
def max_rows(x, y, argmax, runs, dd, dh, dw, space, begin, end):
    _, depth, height, width = x.shape
    _, slices, rows, columns = y.shape
    values, best, where = x.reshape(x.size), y.reshape(y.size), argmax.reshape(argmax.size)
    largest = space.reshape(space.size)
    for item in range(begin, end):
        plane, place = divmod(item, slices * rows)
        od, oh = divmod(place, rows)
        d, deep, h, tall = runs[od, 0], runs[od, 1], runs[slices + oh, 0], runs[slices + oh, 1]
        row = d * height + h
        at, there = (plane * depth * height + row) * width, item * columns
        if deep == 1 and tall == 1:
            take_columns(values, at, runs[slices + rows:], dw, row * width, best, where, there)
        else:
            largest_rows(values, at, dd * height * width, dh * width, deep, tall, width, largest, space.shape[1])
            take_winners(largest, space.shape[1], runs[slices + rows:], dw, tall, dd * height, dh, width, row, best, where,
                         there)


@compiled
def largest_rows(x, at, depth_step, row_step, deep, tall, width, space, room):
    """Write the largest of rows for each column, and behind it the number of its row."""
    for c in range(0, width, lanes(x)):
        best, number = load(x, at + c), fill(x, 0)
        for e in range(deep):
            for i in range(tall):
                value = load(x, at + e * depth_step + i * row_step + c)
                won = wins(value, best)
                best = select(won, value, best)
                number = select(won, fill(x, e * tall + i), number)
        store(space, c, best)
        store(space, room + c, number)


@compiled
def take_columns(x, at, runs, dilation, place, y, argmax, there):
    """Write the largest of windows of a row that begins at such a place of its image."""
    for ow in range(runs.shape[0]):
        first = runs[ow, 0]
        best, where = x[at + first], first
        for column in range(first, first + runs[ow, 1] * dilation, dilation):
            value = x[at + column]
            if value > best or value != value:
                best, where = value, column
        y[there + ow], argmax[there + ow] = best, place + where


@compiled
def take_winners(space, room, runs, dilation, tall, deeper, lower, width, first_row, y, argmax, there):
    """Write the largest of windows of columns. Of equals the one in the first row wins, of NaN that in the last.

    Row e * tall + i of those that were compared is so many times `deeper` plus `lower` rows from the first.
    """
    for ow in range(runs.shape[0]):
        where = first = runs[ow, 0]
        best, number = space[first], space[room + first]
        for column in range(first, first + runs[ow, 1] * dilation, dilation):
            value, row = space[column], space[room + column]
            if value > best or (value == best and row < number) or (
                    value != value and (best == best or row >= number)):
                best, number, where = value, row, column
        e, i = divmod(np.intp(number), tall)
        y[there + ow] = best
        argmax[there + ow] = (first_row + e * deeper + i * lower) * width + where


@kernel(items=lambda y: y.shape[0] * y.shape[1])
def adaptive_max(x, y, argmax, runs, begin, end):
    """An item is a row of an image, channels last."""
    _, height, width, channels = x.shape
    _, rows, columns, _ = y.shape
    values, best, where = x.reshape(x.size), y.reshape(y.size), argmax.reshape(argmax.size)
    for item in range(begin, end):
        n, oh = divmod(item, rows)
        h, tall = runs[oh, 0], runs[oh, 1]
        for ow in range(columns):
            w, wide = runs[rows + ow, 0], runs[rows + ow, 1]
            at, there = ((n * height + h) * width + w) * channels, (item * columns + ow) * channels
            take_largest(values, at, tall, wide, 1, 1, h, w, 0, width, best, where, there, 1, channels)
