"""Layer and RMS norm: rows of numbers that lie side by side, each normalised by its own statistics.

Forward, a row is read once from memory: the statistics and what is written take three passes over the cache
(norm_runs.py says how exact they are). Backward, ROWS rows at a time: first each row's sums, which its dx needs, then
column by column dx, and what the rows add to the gradients of weight and bias, so dy and x are read once from memory,
too. Rows are cut into parts by shapes alone; parts (P, 2, columns) hold sums in float64. Of few rows, the gradients of
weight and bias are computed column by column, some by each worker.

Space: for each of ROWS rows the two parts of its mean, rstd, and the slope and the constant of dx.
"""
import math

import numpy as np

from .compile import Constant, compiled, kernel
from .exponential import first
from .isa import REGISTER
from .memory import temporary
from .norm_forward import write
from .norm_moments import ROWS
from .norm_runs import CHUNK, mean_of, passes_caches, split, squares_of
from .simd import accumulate, fill, fma, lanes, load, prefetch, select, total

PARTS, MANY = 64, 64                  # parts at most; so many rows are many
COLUMNS = 512                         # that are done together: of few rows, and where parts are added up
WITHOUT, WITH = Constant(0), Constant(1)


def layer_norm(x, weight, bias, y, mean, rstd, eps, centered):
    """Lower to one pass."""
    size = row_size(x)
    return [(layer_norm_rows, [x.flat(), weight.flat(), bias.flat(), y.flat(), mean, rstd, size, eps, centered,
                               passes_caches(y, size=size)])]


def layer_norm_backward_input(dy, x, mean, rstd, weight, dx, centered):
    """Lower to one pass."""
    count, parts = parts_of(x, ROWS)
    return [gradients(dy, x, mean, rstd, weight, dx, parts, count, centered, WITH, WITHOUT)]


def layer_norm_backward_weight(dy, x, mean, rstd, dweight, dbias):
    """Lower to sums of parts of the rows, or of columns, and their sums."""
    if x.shape[0] < MANY:
        parts = temporary((1, 2, columns_of(x)), np.float64)
        return [(layer_norm_columns, [dy.flat(), x.flat(), mean, rstd, parts, row_size(x)]),
                (layer_norm_join, [parts, dweight.flat(), dbias.flat()])]
    count, parts = parts_of(x, 2 * ROWS)
    return [gradients(dy, x, mean, rstd, x, dy, parts, count, 1, WITHOUT, WITH),
            (layer_norm_join, [parts, dweight.flat(), dbias.flat()])]


def layer_norm_backward(dy, x, mean, rstd, weight, dx, dweight, dbias, centered):
    """Lower all gradients to one pass, where rows are many."""
    if x.shape[0] < MANY:
        return [*layer_norm_backward_input(dy, x, mean, rstd, weight, dx, centered),
                *layer_norm_backward_weight(dy, x, mean, rstd, dweight, dbias)]
    count, parts = parts_of(x, 2 * ROWS)
    return [gradients(dy, x, mean, rstd, weight, dx, parts, count, centered, WITH, WITH),
            (layer_norm_join, [parts, dweight.flat(), dbias.flat()])]


def row_size(x):
    """Return how many numbers a row has."""
    return math.prod(x.shape[1:])


def columns_of(x):
    """Return how many numbers the sums of a part take: whole vectors."""
    width = REGISTER // x.dtype.itemsize
    return -(-row_size(x) // width) * width


def parts_of(x, least):
    """Return how many rows make a part, at least so many, and memory for the sums of all."""
    rows = x.shape[0]
    count = min(least, rows) if rows < PARTS * least else -(-rows // (PARTS * ROWS)) * ROWS
    return count, temporary((-(-rows // max(count, 1)), 2, columns_of(x)), np.float64)


def gradients(dy, x, mean, rstd, weight, dx, parts, count, centered, inputs, weights):
    """Return the call for the gradients of x, or of weight and bias, or of all."""
    size = row_size(x)
    return layer_norm_gradients, [dy.flat(), x.flat(), mean, rstd, weight.flat(), dx.flat(), parts, size, count,
                                  centered, inputs, weights, passes_caches(dx, size=size)]


@kernel(items=lambda y, mean: mean.size if y.size else 0)
def layer_norm_rows(x, weight, bias, y, mean, rstd, size, eps, centered, past, begin, end):
    """An item is a row."""
    for row in range(begin, end):
        at = row * size
        middle = mean_of(x, at, size) if centered else 0.0
        center, low = split(x, middle)
        spread = 1 / np.sqrt(squares_of(x, at, size, center, low) / size + eps)
        mean[row], rstd[row] = middle, spread
        one, other, scale = fill(x, center), fill(x, low), fill(x, spread)
        for i in range(0, size, lanes(x)):
            value = ((load(x, at + i) - one) - other) * scale
            write(y, at + i, fma(value, load(weight, i), load(bias, i)), size - i, past)


@kernel(items=lambda parts, x: parts.shape[0] if x.size else 0, workspace=lambda x: ((5, ROWS), x.dtype))
def layer_norm_gradients(dy, x, mean, rstd, weight, dx, parts, size, count, centered, inputs, weights, past, space,
                         begin, end):
    """An item is a part: `count` rows, the last one maybe fewer."""
    for part in range(begin, end):
        if weights:
            parts[part] = 0
        last = min(part * count + count, mean.size)
        for row in range(part * count, last, ROWS):
            rows = min(ROWS, last - row)
            for k in range(rows):
                learn(x, mean[row + k], rstd[row + k], space, k)
                if inputs:
                    sums_of_row(dy, x, weight, (row + k) * size, size, rstd[row + k], centered, space, k)
            write_columns(dy, x, weight, dx, row, rows, size, 0, size, space, parts, part, inputs, weights, past)


@compiled
def learn(x, mean, rstd, space, k):
    """Write what is known of a row."""
    space[0, k], space[1, k] = split(x, mean)
    space[2, k] = rstd


@compiled
def sums_of_row(dy, x, weight, at, size, rstd, centered, space, k):
    """Write the slope and the constant of dx = rstd * dy * weight - slope * (x - mean) - constant."""
    center, low, zero, n = fill(x, space[0, k]), fill(x, space[1, k]), fill(x, 0), lanes(x)
    totals, products = 0.0, 0.0
    for start in range(0, size, CHUNK // 2 * n):
        last, a, b = min(start + CHUNK // 2 * n, size), zero, zero
        for i in range(start, last, n):
            inside = first(x, last - i)
            g = select(inside, load(dy, at + i) * load(weight, i), zero)
            a, b = a + g, fma(g, select(inside, (load(x, at + i) - center) - low, zero), b)
        totals += np.float64(total(a))
        products += np.float64(total(b))
    space[3, k] = rstd * rstd * rstd * products / size
    space[4, k] = rstd * totals / size if centered else 0.0


@compiled
def write_columns(dy, x, weight, dx, row, rows, size, column, columns, space, parts, part, inputs, weights, past):
    """Do some columns of a few rows: write dx, and add to the sums of a part."""
    zero, n, totals, products = fill(x, 0), lanes(x), parts[part, 0], parts[part, 1]
    for c in range(column, column + columns, n):
        i, sums, product = row * size + c, zero, zero
        for k in range(rows):
            prefetch(x, i + ROWS * size)
            prefetch(dy, i + ROWS * size)
            difference, g = (load(x, i) - fill(x, space[0, k])) - fill(x, space[1, k]), load(dy, i)
            scaled = fill(x, space[2, k]) * g
            if inputs:
                moved = fma(fill(x, space[3, k]), difference, fill(x, space[4, k]))
                write(dx, i, scaled * load(weight, c) - moved, size - c, past)
            if weights:
                sums, product = sums + g, fma(scaled, difference, product)
            i += size
        if weights:
            accumulate(totals, c, sums)
            accumulate(products, c, product)


@kernel(items=lambda size: -(-size // COLUMNS), workspace=lambda x: ((5, ROWS), x.dtype))
def layer_norm_columns(dy, x, mean, rstd, parts, size, space, begin, end):
    """An item is some columns of all rows."""
    for item in range(begin, end):
        parts[0, :, item * COLUMNS:min(item * COLUMNS + COLUMNS, parts.shape[2])] = 0
        for row in range(0, mean.size, ROWS):
            rows = min(ROWS, mean.size - row)
            for k in range(rows):
                learn(x, mean[row + k], rstd[row + k], space, k)
            write_columns(dy, x, x, dy, row, rows, size, item * COLUMNS, min(COLUMNS, size - item * COLUMNS), space,
                          parts, 0, 0, 1, 0)


@kernel(items=lambda dweight: -(-dweight.size // COLUMNS), workspace=lambda: ((2, COLUMNS), np.float64))
def layer_norm_join(parts, dweight, dbias, space, begin, end):
    """Add up parts. An item is some columns."""
    for item in range(begin, end):
        column = item * COLUMNS
        size = min(COLUMNS, dweight.size - column)
        totals, products = space[0, :size], space[1, :size]
        totals[:] = 0
        products[:] = 0
        for part in range(parts.shape[0]):
            own, others = parts[part, 0, column:], parts[part, 1, column:]
            for c in range(size):
                totals[c] += own[c]
                products[c] += others[c]
        for c in range(size):
            dweight[column + c], dbias[column + c] = products[c], totals[c]
