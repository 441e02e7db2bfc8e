"""Convolution, ReLU and max pooling in one pass: what lies between them is never stored.

Convolutions of one group; pooling windows kh x kw side by side, without padding or dilation: psh is kh, psw is kw, the
rest 0 and 1. n image, o output channel, (oh, ow) pixel of the pooled y, (i, j) place in a window. A block is `run`
windows beside each other: their pixels of the convolution are ordered by i, then as neighbours in a row.
"""
import numpy as np

from .compile import compiled, kernel
from .conv_blocked import COLUMNS, columns, conv2d_add_weight, weight_parts
from .memory import temporary
from .patches import BLOCK, gather_run
from .pool import rows_of_output, take_larger
from .product import add_product, dots
from .reduce import sum_blocks


@kernel(items=lambda x, weight, bias, y, *_: rows_of_output(x, y), workspace=lambda x, weight, bias, y, *_: (
    (BLOCK * (weight.size // weight.shape[0] + y.shape[3]),), x.dtype))
def conv2d_relu_max_pool2d(x, weight, bias, y, argmax, sh, sw, ph, pw, dh, dw, groups, kh, kw, psh, psw, pph, ppw,
                           pdh, pdw, space, begin, end):
    """Where patches are long enough to add up along them. An item is a row of y."""
    outputs, tall, wide, channels = weight.shape
    patches, values = split(space, tall * wide * channels, outputs)
    weights = weight.reshape((outputs, tall * wide * channels))
    step = BLOCK // (kh * kw)
    for row in range(begin, end):
        n, oh = divmod(row, y.shape[1])
        for ow in range(0, y.shape[2], step):
            run = min(step, y.shape[2] - ow)
            block = values[:run * kh * kw]
            gather_windows(x[n], oh * kh, ow * kw, run, (tall, wide), sh, sw, ph, pw, dh, dw, kh, kw, patches)
            dots(patches[:run * kh * kw], weights, block)
            for p in range(run * kh * kw):
                for o in range(outputs):
                    block[p, o] += bias[o]
            take_largest(block, oh * kh, ow * kw, y[n, oh, ow:ow + run], argmax[n, oh, ow:ow + run], kh, kw,
                         conv_width(x, wide, sw, pw, dw))


@kernel(items=lambda x, packed, bias, y, *_: rows_of_output(x, y), workspace=lambda x, packed, bias, y, *_: (
    (BLOCK * (packed.size // packed.shape[2] + y.shape[3]),), x.dtype))
def conv2d_relu_max_pool2d_packed(x, packed, bias, y, argmax, sh, sw, ph, pw, dh, dw, groups, kh, kw, psh, psw, pph,
                                  ppw, pdh, pdw, space, begin, end):
    """Where patches are short: adds up along output channels. An item is a row of y."""
    tall, wide, outputs = packed.shape[0], packed.shape[1] // x.shape[3], packed.shape[2]
    patches, values = split(space, packed.size // outputs, outputs)
    weights = packed.reshape((packed.size // outputs, outputs))
    step = BLOCK // (kh * kw)
    for row in range(begin, end):
        n, oh = divmod(row, y.shape[1])
        for ow in range(0, y.shape[2], step):
            run = min(step, y.shape[2] - ow)
            block = values[:run * kh * kw]
            gather_windows(x[n], oh * kh, ow * kw, run, (tall, wide), sh, sw, ph, pw, dh, dw, kh, kw, patches)
            for p in range(run * kh * kw):
                for o in range(outputs):
                    block[p, o] = bias[o]
            add_product(patches[:run * kh * kw], weights, block, 0, outputs)
            take_largest(block, oh * kh, ow * kw, y[n, oh, ow:ow + run], argmax[n, oh, ow:ow + run], kh, kw,
                         conv_width(x, wide, sw, pw, dw))


def conv2d_relu_max_pool2d_backward(x, y, argmax, dy, dweight, dbias, *numbers):
    """Lower the gradients of weight and bias to sums over parts of the rows, and their sums."""
    parts = weight_parts(dweight, columns(dy.shape[1], 1), dy.shape[0] * dy.shape[2])
    bias_parts = temporary((parts.shape[0], dbias.size), np.float64, -(-parts.nbytes // 64) * 64)
    arrays = [view.physical() for view in (x, y, argmax, dy)]
    return [(conv2d_relu_max_pool2d_sum_weight, [*arrays, parts, bias_parts, *numbers]),
            (conv2d_add_weight, [parts, dweight.physical()]), (sum_blocks, [bias_parts, dbias, 1.0])]


@kernel(items=lambda x, y, argmax, dy, parts, *_: parts.shape[0] * columns(dy.shape[3], 1),
        workspace=lambda x, y, argmax, dy, parts, *_: (
            (BLOCK * (parts.size // parts.shape[0] // dy.shape[3] + dy.shape[3]),), x.dtype))
def conv2d_relu_max_pool2d_sum_weight(x, y, argmax, dy, parts, bias_parts, sh, sw, ph, pw, dh, dw, groups, kh, kw, psh,
                                      psw, pph, ppw, pdh, pdw, space, begin, end):
    """What the winners of positive windows receive, times what they saw. An item is some channels o of one part."""
    images, height, width, outputs = dy.shape
    count, tall, wide, channels, _ = parts.shape
    sums = parts.reshape((count, tall * wide * channels, outputs))
    patches, gradients = split(space, tall * wide * channels, outputs)
    step = BLOCK // (kh * kw)
    for item in range(begin, end):
        part, piece = divmod(item, -(-outputs // COLUMNS))
        first, last = piece * COLUMNS, min(piece * COLUMNS + COLUMNS, outputs)
        sums[part, :, first:last] = 0
        bias_parts[part, first:last] = 0
        for row in range(images * height * part // count, images * height * (part + 1) // count):
            n, oh = divmod(row, height)
            for ow in range(0, width, step):
                run = min(step, width - ow)
                block = gradients[:run * kh * kw]
                give_to_winners(y[n, oh, ow:ow + run], argmax[n, oh, ow:ow + run], dy[n, oh, ow:ow + run], oh * kh,
                                ow * kw, kh, kw, conv_width(x, wide, sw, pw, dw), first, last, block, bias_parts[part])
                gather_windows(x[n], oh * kh, ow * kw, run, (tall, wide), sh, sw, ph, pw, dh, dw, kh, kw, patches)
                add_product(patches[:run * kh * kw].T, block, sums[part], first, last)


@compiled
def split(space, depth, outputs):
    """Return the two blocks of a workspace: patches (BLOCK, K), and what belongs to them, (BLOCK, O)."""
    return space[:BLOCK * depth].reshape((BLOCK, depth)), space[BLOCK * depth:].reshape((BLOCK, outputs))


@compiled
def conv_width(x, wide, sw, pw, dw):
    """Return the width of the convolution, padding being the same on both sides."""
    return (x.shape[2] + 2 * pw - dw * (wide - 1) - 1) // sw + 1


@compiled
def gather_windows(x, top, left, run, taps, sh, sw, ph, pw, dh, dw, kh, kw, patches):
    """Fill patches with what the pixels (top + i, left + ...) of the convolution see, of `run` windows."""
    for i in range(kh):
        gather_run(x, (top + i) * sh - ph, left * sw - pw, run * kw, taps, 0, x.shape[2], sw, dh, dw,
                   patches[i * run * kw:])


@compiled
def take_largest(values, top, left, y, argmax, kh, kw, width):
    """Rectify a block of the convolution's values, and take the maximum of each window."""
    zero = values.dtype.type(0)
    run, outputs = y.shape
    for p in range(values.shape[0]):
        for o in range(outputs):
            values[p, o] = zero if values[p, o] <= zero else values[p, o]
    for window in range(run):
        argmax[window] = -1
        for i in range(kh):
            for j in range(kw):
                position = np.int32((top + i) * width + left + window * kw + j)
                take_larger(values[(i * run + window) * kw + j], position, y[window], argmax[window])


@compiled
def give_to_winners(y, argmax, dy, top, left, kh, kw, width, first, last, gradients, dbias):
    """Fill channels first ... last - 1 of a block of gradients of the convolution, and add these up."""
    zero = dy.dtype.type(0)
    run = y.shape[0]
    total = dbias[first:last]
    for window in range(run):
        values, places, given = y[window, first:last], argmax[window, first:last], dy[window, first:last]
        for o in range(last - first):
            total[o] += zero if values[o] <= zero else given[o]
        for i in range(kh):
            for j in range(kw):
                position = np.int32((top + i) * width + left + window * kw + j)
                taken = gradients[(i * run + window) * kw + j, first:last]
                for o in range(last - first):
                    taken[o] = given[o] if places[o] == position and not values[o] <= zero else zero
