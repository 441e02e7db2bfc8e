"""Convolution, ReLU and max pooling in one pass: what lies between them is never stored.

Convolutions of one group; pooling windows kh x kw side by side, without padding or dilation. n image, o output channel,
(oh, ow) pixel of the pooled y, (i, j) place in a window, q window among those that an item computes at a time. Their
pixels of the convolution come place by place, and for each place by window.
"""
import numpy as np

from .compile import compiled, kernel
from .conv_blocked import PARTS, add_parts, is_short, split, weight_parts
from .memory import temporary
from .patches import BLOCK, gather_columns_run, gather_run
from .pool import take_larger
from .product import add_dots, add_product
from .reduce import sum_blocks

PIXELS = 512              # of the convolution, about: that is how many rows of y are computed at a time


def conv2d_relu_max_pool2d(x, weight, bias, y, argmax, *numbers):
    """Lower to the kernel for patches of that length."""
    arrays = [view.physical() for view in (x, weight, bias, y, argmax)]
    if is_short(arrays[1].shape):
        return [(pooled_short, [*arrays, *usual(numbers), band(arrays[3], numbers)])]
    return [(pooled_long, [*arrays, *usual(numbers)])]


def conv2d_relu_max_pool2d_backward(x, y, argmax, dy, dweight, dbias, *numbers):
    """Lower the gradients of weight and bias to sums over parts of the rows, and their sums."""
    arrays, dweight = [view.physical() for view in (x, y, argmax, dy)], dweight.physical()
    rows = band(arrays[1], numbers)
    parts = weight_parts(dweight, min(PARTS, -(-y.shape[0] * y.shape[2] // rows)))
    bias_parts = temporary((parts.shape[0], dbias.size), np.float64, -(-parts.nbytes // 64) * 64)
    return [(pooled_sum_weight, [*arrays, parts, bias_parts, *usual(numbers), rows]), *add_parts(parts, dweight),
            (sum_blocks, [bias_parts, dbias, 1.0])]


def usual(numbers):
    """Return sh, sw, ph, pw, dh, dw of the convolution and kh, kw of the pooling: the other numbers are as always."""
    return *numbers[:6], *numbers[7:9]


def band(y, numbers):
    """Return how many rows of y (N, OH, OW, O) are computed at a time."""
    return max(1, PIXELS // (numbers[7] * numbers[8] * y.shape[2]))


# --- forward, long patches: rows ---------------------------------------------------------------------------------

@kernel(items=lambda x, weight, bias, y, *_: y.shape[0] * y.shape[1], workspace=lambda x, weight, *_: (
    (BLOCK * (weight.size // weight.shape[0] + weight.shape[0]),), x.dtype))
def pooled_long(x, weight, bias, y, argmax, sh, sw, ph, pw, dh, dw, kh, kw, space, begin, end):
    """An item is a row of y."""
    outputs, tall, wide, channels = weight.shape
    depth = tall * wide * channels
    patches, values = space[:BLOCK * depth].reshape((BLOCK, depth)), space[BLOCK * depth:].reshape((BLOCK, outputs))
    weights, width = weight.reshape((outputs, depth)), conv_width(x, wide, sw, pw, dw)
    zero, step = x.dtype.type(0), BLOCK // (kh * kw)
    for row in range(begin, end):
        n, oh = divmod(row, y.shape[1])
        for ow in range(0, y.shape[2], step):
            run = min(step, y.shape[2] - ow)
            for place in range(kh * kw):
                top, left = (oh * kh + place // kw) * sh - ph, (ow * kw + place % kw) * sw - pw
                gather_run(x[n], top, left, kw * sw, run, (wide, 0, tall * wide), 0, channels, dh, dw,
                           patches[place * run:])
            values[:] = bias
            add_dots(patches[:run * kh * kw], weights, values[:run * kh * kw])
            argmax[n, oh, ow:ow + run] = -1             # nothing seen yet
            for p in range(kh * kw * run):
                place, q = divmod(p, run)
                for o in range(outputs):
                    values[p, o] = zero if values[p, o] <= zero else values[p, o]
                position = (oh * kh + place // kw) * width + (ow + q) * kw + place % kw
                take_larger(values[p], np.int32(position), y[n, oh, ow + q], argmax[n, oh, ow + q])


@compiled
def conv_width(x, wide, sw, pw, dw):
    """Return the width of the convolution, padding being the same on both sides."""
    return (x.shape[2] + 2 * pw - dw * (wide - 1) - 1) // sw + 1


# --- forward, short patches: columns -------------------------------------------------------------------------------

@kernel(items=lambda x, weight, bias, y, argmax, *numbers: -(-y.shape[0] * y.shape[1] // numbers[-1]),
        workspace=lambda x, weight, bias, y, argmax, *numbers: (scratch(weight.shape, y, *numbers[-3:]), x.dtype))
def pooled_short(x, weight, bias, y, argmax, sh, sw, ph, pw, dh, dw, kh, kw, rows, space, begin, end):
    """An item is some rows of y."""
    outputs, tall, wide, channels = weight.shape
    depth, width = tall * wide * channels, conv_width(x, wide, sw, pw, dw)
    for item in range(begin, end):
        first, last = item * rows, min(item * rows + rows, y.shape[0] * y.shape[1])
        windows = (last - first) * y.shape[2]
        columns, values = split(space, depth, outputs, windows * kh * kw)
        gather_windows(x, first, last, y.shape[1:3], (tall, wide), sh, sw, ph, pw, dh, dw, kh, kw, columns)
        for o in range(outputs):
            values[o] = bias[o]
        add_product(weight.reshape((outputs, depth)), columns, values, 0, windows * kh * kw)
        where = space[(depth + outputs) * windows * kh * kw:][:outputs * windows].reshape((outputs, windows))
        take_largest(values, where, kh, kw, width)
        for q in range(windows):
            n, oh, ow = place_of(first, q, y.shape[1:3])
            corner = oh * kh * width + ow * kw
            for o in range(outputs):
                y[n, oh, ow, o] = values[o, q]
                argmax[n, oh, ow, o] = corner + np.intp(where[o, q])


def scratch(weight, y, kh, kw, rows):
    """Return the shape of a workspace: patches and values (or gradients) of all pixels, two numbers per window."""
    outputs, tall, wide, channels = weight
    return (rows * y.shape[2] * (kh * kw * (tall * wide * channels + outputs) + 2 * outputs),)


@compiled
def place_of(first, q, pixels):
    """Return image, row and column of window q, counted from row `first` of all images."""
    row = first + q // pixels[1]
    return row // pixels[0], row % pixels[0], q % pixels[1]


@compiled
def gather_windows(x, first, last, pixels, taps, sh, sw, ph, pw, dh, dw, kh, kw, columns):
    """Fill columns with what the pixels of rows first ... last - 1 of windows see."""
    rows, run = pixels
    for row in range(first, last):
        n, oh = divmod(row, rows)
        for place in range(kh * kw):
            top, left = (oh * kh + place // kw) * sh - ph, place % kw * sw - pw
            gather_columns_run(x[n], top, left, kw * sw, run, taps, dh, dw, columns,
                               (place * (last - first) + row - first) * run)


@compiled
def take_largest(values, where, kh, kw, width):
    """Rectify values (O, KH * KW * Q), and put the maximum of each window first, and where it was, from its corner."""
    real = values.dtype.type
    outputs, windows = where.shape
    for o in range(outputs):
        best, offsets = values[o, :windows], where[o]
        rectify(best)                                   # from then on nothing wins that is not positive, or NaN
        offsets[:] = real(0)
        for place in range(1, kh * kw):
            offset = real(place // kw * width + place % kw)
            take_larger(values[o, place * windows:(place + 1) * windows], offset, best, offsets)


@compiled
def rectify(values):
    """Replace negative numbers by zero, as `relu` does."""
    zero = values.dtype.type(0)
    for i in range(values.size):
        values[i] = zero if values[i] <= zero else values[i]


# --- gradients of weight and bias --------------------------------------------------------------------------------

@kernel(items=lambda x, y, argmax, dy, parts, *_: parts.shape[0], reassociate=True,
        workspace=lambda x, y, argmax, dy, parts, bias_parts, *numbers: (
            scratch(parts.shape[1:], y, *numbers[-3:]), x.dtype))
def pooled_sum_weight(x, y, argmax, dy, parts, bias_parts, sh, sw, ph, pw, dh, dw, kh, kw, rows, space, begin, end):
    """What the winners of positive windows receive, times what they saw. An item is a part: the sum over some rows."""
    count, outputs, tall, wide, channels = parts.shape
    depth, width, total = tall * wide * channels, conv_width(x, wide, sw, pw, dw), y.shape[0] * y.shape[1]
    sums = parts.reshape((count, outputs, depth))
    for part in range(begin, end):
        sums[part] = 0
        bias_parts[part] = 0
        stop = total * (part + 1) // count
        for first in range(total * part // count, stop, rows):
            last = min(first + rows, stop)
            windows = (last - first) * y.shape[2]
            columns, gradients = split(space, depth, outputs, windows * kh * kw)
            rest = space[(depth + outputs) * windows * kh * kw:]
            given, where = split(rest, outputs, outputs, windows)
            read_windows(y, argmax, dy, first, kh, kw, width, given, where)
            give_to_winners(given, where, kh, kw, width, gradients, bias_parts[part])
            gather_windows(x, first, last, y.shape[1:3], (tall, wide), sh, sw, ph, pw, dh, dw, kh, kw, columns)
            add_dots(gradients, columns, sums[part])


@compiled
def read_windows(y, argmax, dy, first, kh, kw, width, given, where):
    """Fill (O, Q) with the gradient of each window, zero where it is not positive, and where its winner is."""
    zero = dy.dtype.type(0)
    outputs, windows = given.shape
    for q in range(windows):
        n, oh, ow = place_of(first, q, y.shape[1:3])
        corner = oh * kh * width + ow * kw
        for o in range(outputs):
            value = dy[n, oh, ow, o]                    # read in any case: then no branch is taken
            given[o, q] = zero if y[n, oh, ow, o] <= zero else value
            where[o, q] = argmax[n, oh, ow, o] - corner


@compiled
def give_to_winners(given, where, kh, kw, width, gradients, dbias):
    """Fill the gradients (O, KH * KW * Q) of the convolution; add them up by channel."""
    zero = given.dtype.type(0)
    outputs, windows = given.shape
    for o in range(outputs):
        for place in range(kh * kw):
            offset = given.dtype.type(place // kw * width + place % kw)
            target = gradients[o, place * windows:(place + 1) * windows]
            for q in range(windows):
                target[q] = given[o, q] if where[o, q] == offset else zero
        for q in range(windows):
            dbias[o] += given[o, q]
