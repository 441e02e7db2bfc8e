"""Group and instance norm of images that lie channels last and stay in the cache: x (N, H * W, C), or (N, C).

An item is a block: some whole groups of an image, at least a cache line of each pixel. It is read once from memory and
then from the cache: the means, the squares of what differs from them, and what is written; or the sums of gradients,
and dx. Channels are summed on their own, over ROWS pixels in the dtype of x and then in float64, and groups are sums of
channels. What is subtracted has two parts, as in norm_runs.py. group_norm_parts.py has larger images.

Table: (N, known, columns), what an item knows of its channels, as vectors: two parts of the mean, then what it needs.
"""
import numpy as np

from .compile import compiled, kernel
from .isa import REGISTER
from .memory import temporary
from .norm_forward import LARGE, write
from .norm_moments import ROWS
from .simd import accumulate, fill, fma, lanes, load, prefetch

LINE = 64                             # bytes of a pixel that a block has at least, if there are so many
ITEMS = 16                            # that there are about, if images are few


def image_norm(x, weight, bias, y, mean, rstd, eps):
    """Return the call for the forward pass."""
    pixels, each, block = layout(x, mean)
    return [(group_norm_block, [x.flat(), weight, bias, y.flat(), mean, rstd, table(x, 4, 0), pixels, block, each, eps,
                                passes_caches(y, x.shape[1], block)])]


def image_gradients(dy, x, mean, rstd, weight, dx, sums, inputs):
    """Return the call for the sums of each image and, where there are `inputs`, for dx."""
    pixels, each, block = layout(x, mean)
    return [(group_norm_block_gradients, [dy.flat(), x.flat(), mean, rstd, weight, dx.flat(), sums,
                                          table(x, 5, sums.nbytes), pixels, block, each, inputs,
                                          passes_caches(dx, x.shape[1], block)])]


def layout(x, mean):
    """Return how many pixels an image, channels a group, and channels a block has."""
    n, channels = x.shape[0], x.shape[1]
    each, line = channels // mean.shape[1], LINE // x.dtype.itemsize
    block = -(-max(line, n * channels // ITEMS) // line) * line
    return x.size // max(n * channels, 1), each, min(-(-block // each) * each, channels)


def table(x, known, offset):
    """Return memory for what is known of the channels of each image."""
    return temporary((x.shape[0], known, x.shape[1] + REGISTER // x.dtype.itemsize), x.dtype, offset)


def passes_caches(y, channels, block):
    """Return whether an array is to be written past the caches, as a number for `write`."""
    itemsize = y.dtype.itemsize
    aligned = (channels * itemsize) % REGISTER == (block * itemsize) % REGISTER == y.offset % REGISTER == 0
    return int(y.nbytes >= LARGE and aligned)


def blocks(y, mean, weight, block):
    """Return how many items there are."""
    return mean.shape[0] * -(-weight.size // block) if y.size else 0


def sums_of_block(x, block):
    """Return what scratch memory an item needs: two sums of each channel."""
    return (2, block + REGISTER // x.dtype.itemsize), np.float64


@kernel(items=blocks, workspace=sums_of_block)
def group_norm_block(x, weight, bias, y, mean, rstd, known, pixels, block, each, eps, past, space, begin, end):
    channels, parts = weight.size, -(-weight.size // block)
    for item in range(begin, end):
        image, part = divmod(item, parts)
        first = part * block
        count, at = min(block, channels - first), image * pixels * channels + first
        space[:, :] = 0
        add_pixels(x, at, pixels, channels, count, space)
        for c in range(0, count, each):
            middle = 0.0
            for k in range(c, c + each):
                middle += np.float64(x[at + k]) + space[0, k] / pixels
            center(known, image, first + c, each, middle / each)
            mean[image, (first + c) // each] = middle / each
        ahead = block if part + 1 < parts else pixels * channels - first        # where the next item begins
        add_squares(x, at, pixels, channels, count, known, image, first, space, ahead)
        for c in range(0, count, each):
            square = 0.0
            for k in range(c, c + each):
                square += space[1, k]
            spread = 1 / np.sqrt(square / (pixels * each) + eps)
            rstd[image, (first + c) // each] = spread
            for k in range(first + c, first + c + each):
                known[image, 2, k], known[image, 3, k] = x.dtype.type(spread) * weight[k], bias[k]
        write_block(x, at, pixels, channels, count, known, image, first, y, past)


@compiled
def center(known, image, first, count, middle):
    """Write the two parts of the mean of a group to all its channels."""
    nearest = known.dtype.type(middle)
    for k in range(first, first + count):
        known[image, 0, k], known[image, 1, k] = nearest, middle - np.float64(nearest)


@compiled
def add_pixels(x, at, pixels, channels, count, space):
    """Add up the differences from the first pixel, channel by channel."""
    sums, zero = space[0], fill(x, 0)
    for row in range(0, pixels, ROWS):
        rows = min(ROWS, pixels - row)
        for c in range(0, count, lanes(x)):
            i, pivot, total = at + row * channels + c, load(x, at + c), zero
            for _ in range(rows):
                prefetch(x, i + ROWS * channels)
                total = total + (load(x, i) - pivot)
                i += channels
            accumulate(sums, c, total)


@compiled
def add_squares(x, at, pixels, channels, count, known, image, first, space, ahead):
    """Add up the squares of the differences from the mean, channel by channel; memory is asked for what lies ahead."""
    squares, zero = space[1], fill(x, 0)
    centers, lows = known[image, 0, first:], known[image, 1, first:]
    for row in range(0, pixels, ROWS):
        rows = min(ROWS, pixels - row)
        for c in range(0, count, lanes(x)):
            i, one, other, square = at + row * channels + c, load(centers, c), load(lows, c), zero
            for _ in range(rows):
                prefetch(x, i + ahead)
                difference = (load(x, i) - one) - other
                square = fma(difference, difference, square)
                i += channels
            accumulate(squares, c, square)


@compiled
def write_block(x, at, pixels, channels, count, known, image, first, y, past):
    """Write (x - mean) * scale + shift."""
    centers, lows = known[image, 0, first:], known[image, 1, first:]
    scales, shifts = known[image, 2, first:], known[image, 3, first:]
    for row in range(0, pixels, ROWS):
        rows = min(ROWS, pixels - row)
        for c in range(0, count, lanes(x)):
            one, other, scale, shift = load(centers, c), load(lows, c), load(scales, c), load(shifts, c)
            i = at + row * channels + c
            for _ in range(rows):
                write(y, i, fma((load(x, i) - one) - other, scale, shift), count - c, past)
                i += channels


@kernel(items=lambda x, mean, weight, block: blocks(x, mean, weight, block), workspace=sums_of_block)
def group_norm_block_gradients(dy, x, mean, rstd, weight, dx, sums, known, pixels, block, each, inputs, past, space,
                               begin, end):
    channels, parts = weight.size, -(-weight.size // block)
    for item in range(begin, end):
        image, part = divmod(item, parts)
        first = part * block
        count, at = min(block, channels - first), image * pixels * channels + first
        space[:, :] = 0
        for c in range(first, first + count, each):
            center(known, image, c, each, mean[image, c // each])
        add_products(dy, x, at, pixels, channels, count, known, image, first, space)
        for c in range(count):
            sums[image, 0, first + c], sums[image, 1, first + c] = space[0, c], space[1, c]
        if inputs:
            for c in range(0, count, each):
                learn_slopes(rstd[image, (first + c) // each], weight, first, c, each, pixels, space, known, image)
            ahead = block if part + 1 < parts else pixels * channels - first
            write_gradient(dy, x, at, pixels, channels, count, known, image, first, dx, past, ahead)


@compiled
def learn_slopes(spread, weight, first, c, each, pixels, space, known, image):
    """Write, for the channels of a group: dx = factor * dy - slope * (x - mean) - constant."""
    total, product = 0.0, 0.0
    for k in range(c, c + each):
        total += space[0, k] * weight[first + k]
        product += space[1, k] * weight[first + k]
    share = spread / (each * pixels)
    for k in range(first + c, first + c + each):
        known[image, 2, k] = known.dtype.type(spread) * weight[k]
        known[image, 3, k], known[image, 4, k] = share * spread * spread * product, share * total


@compiled
def add_products(dy, x, at, pixels, channels, count, known, image, first, space):
    """Add up dy, and dy * (x - mean), channel by channel."""
    totals, products, zero = space[0], space[1], fill(x, 0)
    centers, lows = known[image, 0, first:], known[image, 1, first:]
    for row in range(0, pixels, ROWS):
        rows = min(ROWS, pixels - row)
        for c in range(0, count, lanes(x)):
            i, one, other, total, product = at + row * channels + c, load(centers, c), load(lows, c), zero, zero
            for _ in range(rows):
                prefetch(x, i + ROWS * channels)
                prefetch(dy, i + ROWS * channels)
                g = load(dy, i)
                total, product = total + g, fma(g, (load(x, i) - one) - other, product)
                i += channels
            accumulate(totals, c, total)
            accumulate(products, c, product)


@compiled
def write_gradient(dy, x, at, pixels, channels, count, known, image, first, dx, past, ahead):
    """Write dx; memory is asked for what lies ahead."""
    centers, lows, factors = known[image, 0, first:], known[image, 1, first:], known[image, 2, first:]
    slopes, constants = known[image, 3, first:], known[image, 4, first:]
    for row in range(0, pixels, ROWS):
        rows = min(ROWS, pixels - row)
        for c in range(0, count, lanes(x)):
            one, other, factor = load(centers, c), load(lows, c), load(factors, c)
            slope, constant, i = load(slopes, c), load(constants, c), at + row * channels + c
            for _ in range(rows):
                prefetch(x, i + ahead)
                prefetch(dy, i + ahead)
                moved = fma(slope, (load(x, i) - one) - other, constant)
                write(dx, i, factor * load(dy, i) - moved, count - c, past)
                i += channels
