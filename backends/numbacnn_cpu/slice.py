"""Parts of arrays: cut out, put somewhere, joined. An item is one number of what is written."""
import math

import numpy as np

from .cast import convert
from .compile import compiled, kernel
from .copies import BITS, bits, copy_run, fill_run
from .strided import follow, rows_from, table

PHYSICAL = 0, 3, 1, 2                 # where an axis of (N, C, H, W) lies


def around(x, axis):
    """Return how many numbers an array has outside of an axis, along it, and inside, as it lies."""
    shape, position = x.physical().shape, PHYSICAL[axis] if x.ndim == 4 else axis
    return math.prod(shape[:position]), shape[position], math.prod(shape[position + 1:])


# --- slice -------------------------------------------------------------------------------------------------------

def slice(x, starts, y, *steps):
    """Lower to a copy that follows the axes of y."""
    strides = [stride * step for stride, step in zip(x.strides, steps, strict=True)]
    seen = x._replace(shape=y.shape, strides=tuple(strides)).physical()
    apart = np.array([stride // x.dtype.itemsize for stride in x.strides], np.intp)
    return [(slice_rows, [bits(x), starts, bits(y), table(seen.shape, seen), apart])]


@kernel(items=lambda y: y.size)
def slice_rows(x, starts, y, axes, apart, begin, end):
    step, row_step, base = axes[1, 0], axes[1, 1], 0
    for axis in range(apart.size):
        base += starts[axis] * apart[axis]
    at = begin
    while at < end:
        plane, row, column, rows, length = rows_from(axes[0], at, end)
        i = base + column * step + row * row_step + follow(axes[0, 2:], axes[1, 2:], plane)
        for _ in range(rows):
            copy_run(x, i, step, y, at, length)
            at += length
            i += row_step


# --- place -------------------------------------------------------------------------------------------------------

def place(x, starts, y, *steps_and_value):
    """Lower to a copy of rows of x into rows of y, each written whole; rows reach as far as x fills the axes inside."""
    *steps, value = steps_and_value
    value = np.array([value]).astype(y.dtype).view(BITS[y.dtype.itemsize])
    return [(place_rows, [bits(x), starts, bits(y), row_table(x, y, steps), value])]


def row_table(x, y, steps):
    """Return a column for the rows, and for each axis outside of them: size in y, size in x, step, axis, unit.

    The unit is how many numbers of a row, or how many of an axis's own numbers, its start counts: axes are joined.
    """
    columns, unit = [], 1
    joined = None
    for axis in reversed((0, 2, 3, 1) if y.ndim == 4 else range(y.ndim)):
        n, m, step = y.shape[axis], x.shape[axis], steps[axis] if x.shape[axis] > 1 else 1
        whole = joined is None or (joined[0] == joined[1] and joined[2] == 1)
        unit = joined[0] if joined and whole else 1
        if whole and (step == 1 or unit == 1):
            joined = n * unit, m * unit, step, axis, unit
        else:
            columns.append(joined)
            joined = n, m, step, axis, 1
    return np.array([*columns, joined], np.intp).T.copy()


@kernel(items=lambda y: y.size)
def place_rows(x, starts, y, axes, value, begin, end):
    width, inside, step = axes[0, 0], axes[1, 0], axes[2, 0]
    first, empty = starts[axes[3, 0]] * axes[4, 0], value[0]
    at = begin
    while at < end:
        row, column = divmod(at, width)
        length = min(width - column, end - at)
        source = row_of(axes, starts, row)
        if source < 0:
            fill_run(y, at, length, empty)
        elif step == 1:
            low = min(max(first - column, 0), length)
            high = min(max(first + inside - column, 0), length)
            fill_run(y, at, low, empty)
            copy_run(x, source * inside + column + low - first, 1, y, at + low, high - low)
            fill_run(y, at + high, length - high, empty)
        else:
            fill_run(y, at, length, empty)
            for k in range(inside):
                there = first + k * step - column
                if 0 <= there < length:
                    y[at + there] = x[source * inside + k]
        at += length


@compiled
def row_of(axes, starts, row):
    """Return which row of x is that row of y; -1 for none."""
    source, rows = 0, 1
    for axis in range(1, axes.shape[1]):
        row, here = divmod(row, axes[0, axis])
        k, rest = divmod(here - starts[axes[3, axis]] * axes[4, axis], axes[2, axis])
        if rest != 0 or k < 0 or k >= axes[1, axis]:
            return -1
        source += k * rows
        rows *= axes[1, axis]
    return source


# --- replace -----------------------------------------------------------------------------------------------------

def replace(starts, part, x, y, *steps):
    """Lower to a copy, and to another over a part of it."""
    strides = [stride * step for stride, step in zip(y.strides, steps, strict=True)]
    seen = y._replace(shape=part.shape, strides=tuple(strides)).physical()
    apart = np.array([stride // y.dtype.itemsize for stride in y.strides], np.intp)
    return [copied(x, y), (replace_rows, [bits(part), starts, bits(y), table(seen.shape, seen), apart])]


def copied(x, y):
    """Return the call that copies x to y."""
    return convert, [bits(x), bits(y)]


@kernel(items=lambda part: part.size)
def replace_rows(part, starts, y, axes, apart, begin, end):
    """An item is one number of part."""
    step, row_step, base = axes[1, 0], axes[1, 1], 0
    for axis in range(apart.size):
        base += starts[axis] * apart[axis]
    at = begin
    while at < end:
        plane, row, column, rows, length = rows_from(axes[0], at, end)
        i = base + column * step + row * row_step + follow(axes[0, 2:], axes[1, 2:], plane)
        for _ in range(rows):
            if step == 1:
                copy_run(part, at, 1, y, i, length)
            else:
                for k in range(length):
                    y[i + k * step] = part[at + k]
            at += length
            i += row_step


# --- cat ---------------------------------------------------------------------------------------------------------

def cat(*arguments):
    """Lower to one copy for each input, of rows into a part of rows of y."""
    *inputs, y, axis = arguments
    calls, offset = [], 0
    for x in inputs:
        _, size, inner = around(x, axis)
        calls.append((cat_rows, [bits(x), bits(y), size * inner, around(y, axis)[1] * inner, offset]))
        offset += size * inner
    return calls


@kernel(items=lambda x: x.size)
def cat_rows(x, y, width, pitch, offset, begin, end):
    at = begin
    while at < end:
        row, column = divmod(at, width)
        length = min(width - column, end - at)
        copy_run(x, at, 1, y, row * pitch + offset + column, length)
        at += length
