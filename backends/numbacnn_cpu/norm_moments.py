"""Means and variances of batch normalisation: x as rows (R, C), in one pass over memory.

Rows are cut into parts by shapes alone. The mean of a part and the sum of squares of what differs from it are kept in
float64, and parts are joined as in T. Chan, G. Golub, R. LeVeque, Algorithms for computing the sample variance (1983),
section 2. Inside a part, differences from one of its rows, the pivot, are summed up: over ROWS rows in the dtype of x,
then in float64. So a variance has a relative error of at most (1 + z^2) ROWS times the precision of x, z being how many
standard deviations a pivot is away from the mean of its part; how far x is from zero plays no role.

Layout: parts (P, 2, columns), columns being the channels and one more in whole vectors. How many rows a part has comes
after the means of the channels.
"""
import math

import numpy as np

from .compile import compiled, kernel
from .isa import REGISTER
from .memory import temporary
from .simd import accumulate, fill, fma, lanes, load, prefetch

ROWS = 8                              # at a time: so often is a vector of channels loaded, and its sums are stored
AHEAD = 1024                          # numbers: so early memory is asked for what will be read
PARTS, LEAST, MOST = 64, 1 << 14, 1 << 15   # about so many parts, of numbers from LEAST to MOST
CHANNELS = 64                         # of which parts are joined at a time


def part_rows(x):
    """Return how many rows of x (R, C) make a part."""
    return max(1, min(max(x.size // PARTS, LEAST), MOST) // max(x.shape[1], 1))


def parts_of(x, sums=2):
    """Return memory for sums over parts of the rows of x (R, C)."""
    rows, channels = x.shape
    return parts_for(max(1, -(-rows // part_rows(x))), channels, x.dtype, sums)


def parts_for(count, channels, dtype, sums=2):
    """Return memory for the sums of so many parts; by default, what `moments_of` writes."""
    return temporary(parts_shape(count, channels, dtype, sums), np.float64)


def parts_shape(count, channels, dtype, sums=2):
    """Return the shape of that memory; x is of that dtype."""
    width = REGISTER // np.dtype(dtype).itemsize
    return count, sums, (channels // width + 1) * width


def statistics(x, *outputs_momentum_eps):
    """Return the calls that compute the statistics of rows x."""
    parts = parts_of(x)
    return [(batch_norm_moments, [x.flat(), parts, part_rows(x), *x.shape]),
            (batch_norm_join, [parts, *outputs_momentum_eps])]


@kernel(items=lambda parts: parts.shape[0])
def batch_norm_moments(x, parts, size, rows, channels, begin, end):
    """An item is a part: `size` rows, the last one maybe fewer."""
    for part in range(begin, end):
        moments_of(x, part * size, min(size, rows - part * size), channels, parts, part)


@compiled
def moments_of(x, first, count, channels, parts, part):
    """Write the moments of rows first ... first + count - 1 of x (flat), channels numbers each, as a part.

    For a kernel that just wrote these rows: they are still in the cache.
    """
    moments_of_columns(x, first * channels, count, channels, channels, parts, part, 0)


@compiled
def moments_of_columns(x, at, count, channels, columns, parts, part, first):
    """Write the moments of some channels of at least one row of x (flat) as a part.

    These are `columns` channels from channel `first`, which in the first row is at position `at`. Both are whole
    vectors, unless the columns are the last ones: then what follows in x is read, and not used. Several workers may
    each write some channels of a part.
    """
    width, pivots, zero = lanes(x), at + count // 2 * channels, fill(x, 0)
    sums, squares = parts[part, 0], parts[part, 1]
    for c in range(first, min(first - (-columns // width) * width, sums.size)):
        sums[c], squares[c] = 0, 0
    for row in range(0, count, ROWS):
        rows = min(ROWS, count - row)
        for c in range(0, columns, width):
            i, pivot, total, square = at + row * channels + c, load(x, pivots + c), zero, zero
            for _ in range(rows):
                prefetch(x, i + AHEAD)
                difference = load(x, i) - pivot
                total, square = total + difference, fma(difference, difference, square)
                i += channels
            accumulate(sums, first + c, total)
            accumulate(squares, first + c, square)
    for c in range(columns):
        mean = sums[first + c] / count
        squares[first + c] -= sums[first + c] * mean
        sums[first + c] = x[pivots + c] + mean
    sums[channels] = count


@kernel(items=lambda running_mean: -(-running_mean.size // CHANNELS), workspace=lambda: ((2, CHANNELS), np.float64))
def batch_norm_join(parts, running_mean, running_var, mean, rstd, new_running_mean, new_running_var, momentum, eps,
                    space, begin, end):
    """What `batch_norm_statistics` writes, from parts. An item is some channels."""
    rows = parts[:, 0, mean.size].sum()
    for item in range(begin, end):
        first = item * CHANNELS
        channels = min(CHANNELS, mean.size - first)
        centers, squares = space[0, :channels], space[1, :channels]
        join_moments(parts, parts[:, 0, mean.size], rows, first, centers, squares)
        for k in range(channels):
            c, center, square = first + k, centers[k], squares[k]
            mean[c] = center
            rstd[c] = 1 / math.sqrt(square / rows + eps)
            new_running_mean[c] = (1 - momentum) * running_mean[c] + momentum * center
            new_running_var[c] = (1 - momentum) * running_var[c] + momentum * square / (rows - 1)


@compiled
def join_moments(parts, counts, rows, first, centers, squares):
    """Fill in the means of all rows, and the sums of squares of what differs from them, from channel `first`."""
    centers[:] = 0
    squares[:] = 0
    for part in range(parts.shape[0]):
        means, share = parts[part, 0, first:], counts[part] / rows
        for c in range(centers.size):
            centers[c] += share * means[c]
    for part in range(parts.shape[0]):
        means, inside, count = parts[part, 0, first:], parts[part, 1, first:], counts[part]
        for c in range(squares.size):
            squares[c] += inside[c] + count * (means[c] - centers[c]) ** 2
