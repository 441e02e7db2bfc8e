"""Maximum over windows of lines and volumes, (N, C, L) and (N, C, D, H, W), and over adaptive windows of any.

Arrays are seen as (plane, depth, row, column), C order. The rows that a row of y sees are compared first, in vectors,
and of each column the largest is kept, and how many rows after the first it was found, in the dtype of x. Then windows
of columns are compared, one place of all windows after the other where windows are alike: `whole` says from which to
before which they are, how far apart, and how many columns each has. The first of equals wins, in row-major order, and
NaN over all, the last over others.
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
    runs = [windows(*axis) for axis in along]
    alike = np.flatnonzero(runs[-1][1] == sizes[-1])
    whole = (int(alike[0]), int(alike[-1]) + 1, strides[-1], sizes[-1]) if alike.size else (0, 0, 1, 1)
    return [(max_rows, in_rows(x, y, argmax, runs, dilations, whole))]


def adaptive_max_pool(x, y, argmax):
    """Lower to the kernel for rows, or for images with channels last."""
    runs = []
    for size, positions in zip(x.shape[2:], y.shape[2:], strict=True):
        first, last = adaptive_windows(size, positions)
        runs.append((first, last - first))
    if x.ndim == 4:
        return [(adaptive_max, [x.physical(), y.physical(), argmax.physical(), table_of(runs)])]
    return [(max_rows, in_rows(x, y, argmax, runs, (1,) * len(runs), (0, 0, 1, 1)))]


def in_rows(x, y, argmax, runs, dilations, whole):
    """Return the arguments of the kernel for rows."""
    missing = 3 - len(runs)
    views = [each.shaped((math.prod(each.shape[:2]), *(1,) * missing, *each.shape[2:])) for each in (x, y, argmax)]
    return [*views, table_of([(np.array([0]), np.array([1]))] * missing + runs), *(1,) * missing, *dilations, *whole]


def table_of(runs):
    """Return (positions, 2), first place and how many, of all axes one after the other."""
    return np.concatenate([np.stack(each, axis=1) for each in runs]).astype(np.intp)


def room_of(x, y):
    """Return the workspace: rows of numbers, and of where they come from, in whole vectors."""
    lanes = lanes_of(x.dtype)
    return (5, (max(x.shape[3], y.shape[3]) + lanes - 1) // lanes * lanes), x.dtype


@kernel(items=lambda y: y.shape[0] * y.shape[1] * y.shape[2], workspace=room_of)
def max_rows(x, y, argmax, runs, dd, dh, dw, begin_whole, end_whole, apart, taps, space, begin, end):
    _, depth, height, width = x.shape
    _, slices, rows, columns = y.shape
    values, best, where = x.reshape(x.size), y.reshape(y.size), argmax.reshape(argmax.size)
    line, room = space.reshape(space.size), space.shape[1]
    for item in range(begin, end):
        plane, place = divmod(item, slices * rows)
        od, oh = divmod(place, rows)
        d, deep, h, tall = runs[od, 0], runs[od, 1], runs[slices + oh, 0], runs[slices + oh, 1]
        row, there = d * height + h, item * columns
        source, at = values, (plane * depth * height + row) * width
        several = deep != 1 or tall != 1
        if several:
            largest_rows(values, at, dd * height * width, dh * width, deep, tall, width, dd * height, dh, line, room)
            source, at = line, 0
        windows = runs[slices + rows:]
        for ow in range(begin_whole):
            take_window(source, at, windows[ow], dw, several, line, room, best, where, there, ow)
        for ow in range(max(begin_whole, end_whole), columns):
            take_window(source, at, windows[ow], dw, several, line, room, best, where, there, ow)
        if begin_whole < end_whole:
            take_windows(source, at + windows[begin_whole, 0], windows[begin_whole, 0], dw, apart, taps, several, line,
                         room, best, where, there, begin_whole, end_whole - begin_whole)
        if several:
            for ow in range(columns):
                where[there + ow] += (row + np.int32(line[3 * room + ow])) * width
        else:
            for ow in range(there, there + columns):
                where[ow] += row * width


@compiled
def largest_rows(x, at, depth_step, row_step, deep, tall, width, deeper, lower, space, room):
    """Write the largest of rows for each column, and behind it how many rows after the first it was found."""
    for c in range(0, width, lanes(x)):
        best, number = load(x, at + c), fill(x, 0)
        for e in range(deep):
            for i in range(tall):
                value = load(x, at + e * depth_step + i * row_step + c)
                won = wins(value, best)
                best = select(won, value, best)
                number = select(won, fill(x, e * deeper + i * lower), number)
        store(space, c, best)
        store(space, room + c, number)


@compiled
def take_window(x, at, run, dilation, several, space, room, y, argmax, there, ow):
    """Write the largest of a window of columns. Of equals the one in the first row wins, of NaN that in the last."""
    first, last = run[0], run[0] + run[1] * dilation
    best, where = x[at + first], first
    if several:
        number = space[room + first]
        for column in range(first, last, dilation):
            value, row = space[column], space[room + column]
            if value > best or (value == best and row < number) or (
                    value != value and (best == best or row >= number)):
                best, number, where = value, row, column
        space[3 * room + ow] = number
    else:
        if dilation == 1 and run[1] >= 2 * lanes(x):
            best, where = longest(x, at + first, run[1], space, room)
            where += first
            first = last - run[1] % lanes(x)
        for column in range(first, last, dilation):
            value = x[at + column]
            if value > best or value != value:
                best, where = value, column
    y[there + ow], argmax[there + ow] = best, where


@compiled
def longest(x, at, count, space, room):
    """Return the largest of whole vectors of numbers, and where it is."""
    best, number = load(x, at), fill(x, 0)
    for i in range(lanes(x), count - lanes(x) + 1, lanes(x)):
        value = load(x, at + i)
        won = wins(value, best)
        best = select(won, value, best)
        number = select(won, fill(x, i), number)
    store(space, 0, best)
    store(space, room, number)
    found, where = space[0], np.intp(space[room])
    for lane in range(1, lanes(x)):
        value, place = space[lane], np.intp(space[room + lane]) + lane
        if value > found or (value == found and place < where) or (
                value != value and (found == found or place > where)):
            found, where = value, place
    return found, where


@compiled
def take_windows(x, at, first, dilation, apart, taps, several, space, room, y, argmax, there, ow, count):
    """Write the largest of windows with so many columns each, the first of which begins at such a column.

    What all windows have at one place is copied side by side first: so the loops that compare are vectorised.
    """
    numbers = 3 * room + ow
    copy_apart(x, at, apart, y, there + ow, count)
    count_up(argmax, there + ow, first, apart, count)
    if several:
        copy_apart(space, room + first, apart, space, numbers, count)
    for tap in range(1, taps):
        copy_apart(x, at + tap * dilation, apart, space, 2 * room, count)
        if several:
            copy_apart(space, room + first + tap * dilation, apart, space, 4 * room, count)
            compare_both(space, 2 * room, 4 * room, numbers, y, argmax, there + ow, first + tap * dilation, apart, count)
        else:
            compare(space, 2 * room, y, argmax, there + ow, first + tap * dilation, apart, count)


@compiled
def copy_apart(x, at, apart, y, there, count):
    """Copy numbers that lie so far apart; the usual distances are said as constants, for vectors."""
    at, there = np.uintp(at), np.uintp(there)           # unsigned: slab.py says why
    if apart == 1:
        for i in range(np.uintp(count)):
            y[there + i] = x[at + i]
    elif apart == 2:
        for i in range(np.uintp(count)):
            y[there + i] = x[at + i * np.uintp(2)]
    else:
        for i in range(np.uintp(count)):
            y[there + i] = x[at + i * np.uintp(apart)]


@compiled
def count_up(target, at, first, apart, count):
    """Write first, first + apart and so on."""
    at = np.uintp(at)
    for i in range(np.uintp(count)):
        target[at + i] = np.int32(first) + np.int32(i) * np.int32(apart)


@compiled
def compare(x, at, y, argmax, there, first, apart, count):
    """Take the numbers of x that win over those of y."""
    at, there = np.uintp(at), np.uintp(there)
    for i in range(np.uintp(count)):
        value, best = x[at + i], y[there + i]
        won = (value > best) | (value != value)
        y[there + i] = value if won else best
        argmax[there + i] = np.int32(first) + np.int32(i) * np.int32(apart) if won else argmax[there + i]


@compiled
def compare_both(x, at, row_at, number_at, y, argmax, there, first, apart, count):
    """The same, where a number of x at `at` comes from the row at `row_at`, and that of y from that at `number_at`."""
    at, row_at, number_at, there = np.uintp(at), np.uintp(row_at), np.uintp(number_at), np.uintp(there)
    for i in range(np.uintp(count)):
        value, best, row, number = x[at + i], y[there + i], x[row_at + i], x[number_at + i]
        won = (value > best) | ((value == best) & (row < number)) | (
            (value != value) & ((best == best) | (row >= number)))
        y[there + i] = value if won else best
        x[number_at + i] = row if won else number
        argmax[there + i] = np.int32(first) + np.int32(i) * np.int32(apart) if won else argmax[there + i]


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
