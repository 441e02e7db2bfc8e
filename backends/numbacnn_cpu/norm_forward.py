"""Batch normalisation applied, alone and with what follows it: x as rows (R, C), in one pass over memory.

An item is a row. Rows are taken some at a time, and there vector by vector, so that what is known of the channels is
loaded once for several rows. `floor` is what a number is replaced by if it is smaller: 0 for ReLU, else -infinity.
"""
import math

from .channels import put
from .compile import compiled, inlined, kernel
from .memory import in_vectors
from .norm_moments import AHEAD, ROWS
from .simd import fill, fma, lanes, larger, load, prefetch, store_past

LARGE = 1 << 24                       # bytes: what is larger has left the caches before it is read
NO_FLOOR, RELU = -math.inf, 0.0


def passes_caches(*written):
    """Return whether arrays (R, C) are to be written past the caches, as a number for `write`."""
    return int(all(y.nbytes >= LARGE and in_vectors(y) for y in written))


def batch_norm_relu(x, mean, rstd, weight, bias, y):
    """Lower y = relu(batch_norm(x)) to one pass."""
    return normalised(x, mean, rstd, weight, bias, y, RELU)


def normalised(x, mean, rstd, weight, bias, y, floor):
    """Return the call for an array alone."""
    rows = y.rows()
    return [(batch_norm_apply, [x.flat(), mean, rstd, weight, bias, y.flat(), rows.shape[0], floor,
                                passes_caches(rows)])]


@kernel(items=lambda rows: rows)
def batch_norm_apply(x, mean, rstd, weight, bias, y, rows, floor, past, begin, end):
    at = begin * mean.size
    apply_to(x, at, end - begin, mean, rstd, weight, bias, y, at, floor, past)


@compiled
def apply_to(x, at, rows, mean, rstd, weight, bias, y, there, floor, past):
    """Write so many rows of x from position `at` on, normalised, to position `there` of y."""
    channels, width, least = mean.size, lanes(x), fill(x, floor)
    for row in range(0, rows, ROWS):
        for c in range(0, channels, width):
            center, scale, shift = load(mean, c), load(rstd, c) * load(weight, c), load(bias, c)
            i, j = at + row * channels + c, there + row * channels + c
            for _ in range(min(ROWS, rows - row)):
                prefetch(x, i + AHEAD)
                write(y, j, larger(least, fma(load(x, i) - center, scale, shift)), channels - c, past)
                i += channels
                j += channels


def batch_norm_add_relu(x, mean, rstd, weight, bias, r, y):
    """Lower y = relu(batch_norm(x) + r) to one pass."""
    rows = y.rows()
    return [(batch_norm_add, [x.flat(), mean, rstd, weight, bias, r.flat(), y.flat(), rows.shape[0], RELU,
                              passes_caches(rows)])]


def add_batch_norm_relu(r, x, mean, rstd, weight, bias, y):
    """Lower y = relu(r + batch_norm(x)) to the same pass."""
    return batch_norm_add_relu(x, mean, rstd, weight, bias, r, y)


@kernel(items=lambda rows: rows)
def batch_norm_add(x, mean, rstd, weight, bias, r, y, rows, floor, past, begin, end):
    channels, width, least = mean.size, lanes(x), fill(x, floor)
    for row in range(begin, end, ROWS):
        for c in range(0, channels, width):
            center, scale, shift = load(mean, c), load(rstd, c) * load(weight, c), load(bias, c)
            i = row * channels + c
            for _ in range(min(ROWS, end - row)):
                prefetch(x, i + AHEAD)
                prefetch(r, i + AHEAD)
                value = fma(load(x, i) - center, scale, shift) + load(r, i)
                write(y, i, larger(least, value), channels - c, past)
                i += channels


def batch_norms_add_relu(x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2, y):
    """Lower y = relu(batch_norm(x) + batch_norm(x2)) to one pass."""
    rows = y.rows()
    return [(batch_norms_add, [x.flat(), mean, rstd, weight, bias, x2.flat(), mean2, rstd2, weight2, bias2, y.flat(),
                               rows.shape[0], RELU, passes_caches(rows)])]


@kernel(items=lambda rows: rows)
def batch_norms_add(x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2, y, rows, floor, past, begin, end):
    channels, width, least = mean.size, lanes(x), fill(x, floor)
    for row in range(begin, end, ROWS):
        for c in range(0, channels, width):
            center, scale, shift = load(mean, c), load(rstd, c) * load(weight, c), load(bias, c)
            center2, scale2, shift2 = load(mean2, c), load(rstd2, c) * load(weight2, c), load(bias2, c)
            i = row * channels + c
            for _ in range(min(ROWS, end - row)):
                prefetch(x, i + AHEAD)
                prefetch(x2, i + AHEAD)
                value = fma(load(x, i) - center, scale, shift) + fma(load(x2, i) - center2, scale2, shift2)
                write(y, i, larger(least, value), channels - c, past)
                i += channels


@inlined
def write(y, i, value, count, past):
    """Write a vector, or as many numbers as are left of a row; if `past`, past the caches."""
    if past:
        store_past(y, i, value)
    else:
        put(y, i, value, count)
