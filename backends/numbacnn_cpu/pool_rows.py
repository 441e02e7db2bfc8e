"""Maximum over windows of lines and volumes, (N, C, L) and (N, C, D, H, W), and over adaptive windows of any.

Arrays are seen as (plane, depth, row, column), C order. The rows that a row of y sees are compared first, in vectors,
and of each column the largest is kept, and how many rows after the first it was found, in the dtype of x. Then windows
of columns are compared, in vectors where whole windows are one or two columns apart: from `begin_whole` to before
`end_whole`. The first of equals wins, in row-major order, and NaN over all, the last over others.
"""
import math

import numpy as np

from numbacnn.kernels.runs import joined_places, max_shares, max_windows

from .channels import put
from .compile import compiled, kernel
from .evens import load_evens
from .pack import lanes_of
from .pool import take_largest
from .simd import fill, lanes, load, select, store
from .whole import add_whole, load_whole, store_whole, wins


def max_pool(x, y, argmax, *window):
    """Lower to the kernel for rows."""
    axes = x.ndim - 2
    size, stride = window[axes - 1], window[2 * axes - 1]
    runs = max_windows(x.shape[2:], y.shape[2:], window)
    alike = np.flatnonzero(runs[-1][1] == size)
    vectors = alike.size and stride in (1, 2)
    whole = (int(alike[0]), int(alike[-1]) + 1, stride, size) if vectors else (0, 0, 1, 1)
    return [(max_rows, in_rows(x, y, argmax, runs, window[3 * axes:], whole))]


def adaptive_max_pool(x, y, argmax):
    """Lower to the kernel for rows, or for images with channels last."""
    runs = max_shares(x.shape[2:], y.shape[2:])
    if x.ndim == 4:
        return [(adaptive_max, [x.physical(), y.physical(), argmax.physical(), joined_places(runs)])]
    return [(max_rows, in_rows(x, y, argmax, runs, (1,) * len(runs), (0, 0, 1, 1)))]


def in_rows(x, y, argmax, runs, dilations, whole):
    """Return the arguments of the kernel for rows."""
    missing = 3 - len(runs)
    steps = np.arange(y.shape[-1] + lanes_of(x.dtype), dtype=np.int32) * np.int32(whole[2])
    views = [each.shaped((math.prod(each.shape[:2]), *(1,) * missing, *each.shape[2:])) for each in (x, y, argmax)]
    table = joined_places([(np.array([0]), np.array([1]))] * missing + runs)
    return [*views, table, steps, *(1,) * missing, *dilations, *whole]


def room_of(x, y):
    """Return the workspace: rows of numbers, and of where they come from, in whole vectors."""
    lanes = lanes_of(x.dtype)
    return (4, (max(x.shape[3], y.shape[3]) + lanes - 1) // lanes * lanes), x.dtype


@kernel(items=lambda y: y.shape[0] * y.shape[1] * y.shape[2], workspace=room_of)
def max_rows(x, y, argmax, runs, steps, dd, dh, dw, begin_whole, end_whole, apart, taps, space, begin, end):
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
        base, windows = 0 if several else row * width, runs[slices + rows:]
        for ow in range(begin_whole):
            take_window(source, at, windows[ow], dw, several, line, room, base, best, where, there, ow)
        for ow in range(begin_whole, end_whole, lanes(x)):
            first = windows[ow, 0]
            take_windows(source, at + first, steps, base + first - steps[ow], dw, apart, taps, several, line, room,
                         best, where, there, ow, end_whole - ow)
        for ow in range(end_whole, columns):
            take_window(source, at, windows[ow], dw, several, line, room, base, best, where, there, ow)
        if several:
            for ow in range(columns):
                where[there + ow] += (row + np.int32(line[2 * room + ow])) * width


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
def take_window(x, at, run, dilation, several, space, room, base, y, argmax, there, ow):
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
        space[2 * room + ow] = number
    else:
        if dilation == 1 and run[1] >= 2 * lanes(x):
            best, where = longest(x, at + first, run[1], space, room)
            where += first
            first = last - run[1] % lanes(x)
        for column in range(first, last, dilation):
            value = x[at + column]
            if value > best or value != value:
                best, where = value, column
    y[there + ow], argmax[there + ow] = best, base + where


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
def take_windows(x, at, steps, first, dilation, apart, taps, several, space, room, y, argmax, there, ow, count):
    """Write the largest of a vector of windows, or of its first ones: of windows that have so many columns each."""
    best, where = near(x, at, apart), add_whole(load_whole(steps, ow, x), first)
    number = near(space, room + at, apart) if several else best
    for tap in range(1, taps):
        value = near(x, at + tap * dilation, apart)
        won = wins(value, best)
        if several:
            row = near(space, room + at + tap * dilation, apart)
            won = (won & ((value == value) | (best == best) | (row >= number))) | ((value == best) & (row < number))
            number = select(won, row, number)
        best = select(won, value, best)
        where = select(won, add_whole(load_whole(steps, ow, x), first + tap * dilation), where)
    put(y, there + ow, best, count)
    store_whole(argmax, there + ow, where, count)
    if several:
        store(space, 2 * room + ow, number)


@compiled
def near(x, at, apart):
    """Return a vector of numbers that lie side by side, or two apart."""
    return load(x, at) if apart == 1 else load_evens(x, at)


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
