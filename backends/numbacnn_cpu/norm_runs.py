"""Numbers that lie side by side, runs of one length: their statistics, and batch norm of (N, C, L) and (N, C, D, H, W).

There, where memory is in C order, the numbers of a channel are a run in each image. Sums are taken over CHUNK vectors
in the dtype of x, then in float64. A mean is that of differences from the first number of a run, and squares are taken
in a second pass, of differences from the mean: how far numbers are from zero plays no role, nor does an outlier. What
is subtracted has two parts, the number of x's dtype that is nearest to the mean, and what that lacks.
"""
import math

import numpy as np

from .compile import compiled, inlined, kernel
from .exponential import first
from .norm_backward import add_sums
from .norm_forward import LARGE, write
from .norm_moments import AHEAD, batch_norm_join, parts_for
from .simd import fill, fma, lanes, load, prefetch, select, total

CHUNK = 16                            # vectors whose sums are taken in the dtype of x


def has_runs(x):
    """Whether the numbers of a channel of an image lie side by side, more than one."""
    return x.ndim not in (2, 4) and math.prod(x.shape[2:]) != 1


def numbers_of(x):
    """Return how many numbers an image has in each channel."""
    return math.prod(x.shape[2:])


def passes_caches(*written, size):
    """Return whether runs of this size are to be written past the caches, as a number for `write`."""
    return int(all(y.nbytes >= LARGE and size * y.dtype.itemsize % 64 == 0 and y.offset % 64 == 0 for y in written))


def run_statistics(x, *outputs_momentum_eps):
    """Return the calls that compute the statistics of batch norm: each run is a part (norm_moments.py)."""
    parts = parts_for(max(x.shape[0], 1), x.shape[1], x.dtype)
    return [(run_moments, [x.flat(), parts, numbers_of(x), x.shape[1]]),
            (batch_norm_join, [parts, *outputs_momentum_eps])]


def run_normalised(x, mean, rstd, weight, bias, y):
    """Return the call for batch norm applied."""
    return [(run_apply, [x.flat(), mean, rstd, weight, bias, y.flat(), numbers_of(x),
                         passes_caches(y, size=numbers_of(x))])]


def run_sums(dy, x, mean, rstd, dweight, dbias):
    """Return the calls for the gradients of weight and bias."""
    parts = parts_for(max(x.shape[0], 1), x.shape[1], x.dtype)
    return [(run_products, [dy.flat(), x.flat(), mean, parts, numbers_of(x)]),
            add_sums(parts, 1, rstd, dweight, dbias)]


def run_gradient(dy, x, mean, rstd, weight, dweight, dbias, dx, training):
    """Return the call for the gradient of x."""
    size = numbers_of(x)
    return [(run_backward, [dy.flat(), x.flat(), mean, rstd, weight, dweight, dbias, dx.flat(), size,
                            x.shape[0] * size, training, passes_caches(dx, size=size)])]


# --- one run ---------------------------------------------------------------------------------------------------------

@compiled
def mean_of(x, at, size):
    """Return the mean of at least one number, in float64."""
    pivot, zero, n, sums = fill(x, x[at]), fill(x, 0), lanes(x), 0.0
    for start in range(0, size, CHUNK * n):
        last, a, b = min(start + CHUNK * n, size), zero, zero
        pairs = start + (last - start) // (2 * n) * 2 * n
        for i in range(start, pairs, 2 * n):
            prefetch(x, at + i + AHEAD)
            prefetch(x, at + i + n + AHEAD)
            a, b = a + (load(x, at + i) - pivot), b + (load(x, at + i + n) - pivot)
        for i in range(pairs, last, n):
            a = a + select(first(x, last - i), load(x, at + i) - pivot, zero)
        sums += np.float64(total(a + b))
    return np.float64(x[at]) + sums / size


@compiled
def squares_of(x, at, size, center, low):
    """Return the sum of squares of numbers less center and low, in float64."""
    center, low, zero, n, sums = fill(x, center), fill(x, low), fill(x, 0), lanes(x), 0.0
    for start in range(0, size, CHUNK * n):
        last, a, b = min(start + CHUNK * n, size), zero, zero
        pairs = start + (last - start) // (2 * n) * 2 * n
        for i in range(start, pairs, 2 * n):
            one, other = (load(x, at + i) - center) - low, (load(x, at + i + n) - center) - low
            a, b = fma(one, one, a), fma(other, other, b)
        for i in range(pairs, last, n):
            one = select(first(x, last - i), (load(x, at + i) - center) - low, zero)
            a = fma(one, one, a)
        sums += np.float64(total(a + b))
    return sums


@compiled
def products_of(dy, x, at, size, center, low):
    """Return the sums of dy, and of dy times numbers less center and low, in float64."""
    center, low, zero, n, totals, products = fill(x, center), fill(x, low), fill(x, 0), lanes(x), 0.0, 0.0
    for start in range(0, size, CHUNK // 2 * n):
        last, a, b = min(start + CHUNK // 2 * n, size), zero, zero
        for i in range(start, last, n):
            prefetch(x, at + i + AHEAD)
            prefetch(dy, at + i + AHEAD)
            inside = first(x, last - i)
            g = select(inside, load(dy, at + i), zero)
            a, b = a + g, fma(g, select(inside, (load(x, at + i) - center) - low, zero), b)
        totals += np.float64(total(a))
        products += np.float64(total(b))
    return totals, products


@inlined
def split(x, value):
    """Return the number of x's dtype that is nearest to one in float64, and what it lacks."""
    center = x.dtype.type(value)
    return center, x.dtype.type(value - np.float64(center))


@compiled
def scale_run(x, at, size, center, low, scale, shift, y, past):
    """Write (x - center - low) * scale + shift."""
    center, low, scale, shift = fill(x, center), fill(x, low), fill(x, scale), fill(x, shift)
    for i in range(0, size, lanes(x)):
        prefetch(x, at + i + AHEAD)
        write(y, at + i, fma((load(x, at + i) - center) - low, scale, shift), size - i, past)


@compiled
def gradient_of_run(dy, x, at, size, center, low, factor, slope, constant, dx, past):
    """Write factor * dy - slope * (x - center - low) - constant."""
    center, low, factor = fill(x, center), fill(x, low), fill(x, factor)
    slope, constant = fill(x, slope), fill(x, constant)
    for i in range(0, size, lanes(x)):
        prefetch(x, at + i + AHEAD)
        prefetch(dy, at + i + AHEAD)
        moved = fma(slope, (load(x, at + i) - center) - low, constant)
        write(dx, at + i, factor * load(dy, at + i) - moved, size - i, past)


# --- batch norm: an item is a run ------------------------------------------------------------------------------------

@kernel(items=lambda x, size: x.size // max(size, 1))
def run_moments(x, parts, size, channels, begin, end):
    for run in range(begin, end):
        image, c = divmod(run, channels)
        mean = mean_of(x, run * size, size)
        center, low = split(x, mean)
        parts[image, 0, c], parts[image, 1, c] = mean, squares_of(x, run * size, size, center, low)
        if c == 0:
            parts[image, 0, channels] = size


@kernel(items=lambda x, size: x.size // max(size, 1))
def run_apply(x, mean, rstd, weight, bias, y, size, past, begin, end):
    for run in range(begin, end):
        c = run % mean.size
        scale_run(x, run * size, size, mean[c], x.dtype.type(0), rstd[c] * weight[c], bias[c], y, past)


@kernel(items=lambda parts, mean: parts.shape[0] * mean.size)
def run_products(dy, x, mean, parts, size, begin, end):
    """Where there is no image, or nothing in it, sums are zero."""
    for run in range(begin, end):
        image, c = divmod(run, mean.size)
        inside = size if run * size < x.size else 0
        totals, products = products_of(dy, x, run * size, inside, mean[c], x.dtype.type(0))
        parts[image, 0, c], parts[image, 1, c] = totals, products


@kernel(items=lambda x, size: x.size // max(size, 1))
def run_backward(dy, x, mean, rstd, weight, dweight, dbias, dx, size, count, training, past, begin, end):
    zero, share = x.dtype.type(0), x.dtype.type(1 / max(count, 1))
    for run in range(begin, end):
        c = run % mean.size
        factor = rstd[c] * weight[c]
        if training:
            slope, constant = factor * (share * rstd[c] * dweight[c]), factor * (share * dbias[c])
            gradient_of_run(dy, x, run * size, size, mean[c], zero, factor, slope, constant, dx, past)
        else:
            scale_run(dy, run * size, size, zero, zero, factor, zero, dx, past)
