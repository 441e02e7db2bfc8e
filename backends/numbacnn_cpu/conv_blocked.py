"""Convolution for plans: patches of a block of pixels times weights (patches.py, product.py). Any geometry.

n image, o output channel, c channel, (kh, kw) tap, p pixel, counted through all images; a patch has K = KH KW C / G
numbers. Long patches are rows, which a product adds up along; short ones are columns, whose rows it adds up.
"""
import math

from .compile import compiled, kernel
from .memory import temporary
from .patches import BLOCK, FEW, PIXELS, SPACING, gather, gather_backward, gather_columns, inside, transpose
from .product import add_dots, add_product

PARTS = 16                # of the sum over pixels that is a weight gradient: the same on every machine
ROWS, DEPTH = 64, 512     # the block of a weight gradient (O, K) that one item computes; some taps more or less
SHORT = 64                # numbers in a patch: from so many on it pays to add up along it


def is_short(weight):
    """Whether the patches that belong to a weight, of this shape, are short."""
    return math.prod(weight[1:]) < SHORT


def blocks(y, size=BLOCK):
    """Return how many blocks of pixels there are in an array (N, H, W, C)."""
    images, height, width, _ = y.shape
    return -(-images * height * width // size)


@compiled
def split(space, depth, outputs, size):
    """Return the two halves of a workspace: patches as columns (K, P), and what belongs to them, (O, P)."""
    return (space[:depth * size].reshape((depth, size)),
            space[depth * size:(depth + outputs) * size].reshape((outputs, size)))


# --- forward ---------------------------------------------------------------------------------------------------

@kernel(items=lambda x, weight, bias, y, *_: blocks(y),
        workspace=lambda x, weight, *_: ((BLOCK, weight.size // weight.shape[0]), x.dtype))
def conv2d_long(x, weight, bias, y, sh, sw, ph, pw, dh, dw, groups, patches, begin, end):
    """`conv2d` of long patches. An item is a block of pixels."""
    images, height, width, outputs = y.shape
    _, tall, wide, channels = weight.shape
    pixels, group = images * height * width, outputs // groups
    rows, weights = y.reshape((pixels, outputs)), weight.reshape((outputs, tall * wide * channels))
    for item in range(begin, end):
        first, last = item * BLOCK, min(item * BLOCK + BLOCK, pixels)
        for p in range(first, last):
            for o in range(outputs):
                rows[p, o] = bias[o]
        for g in range(groups):
            gather(x, first, last, (height, width), (wide, 0, tall * wide), g * channels, channels,
                   sh, sw, ph, pw, dh, dw, patches)
            add_dots(patches[:last - first], weights[g * group:(g + 1) * group],
                     rows[first:last, g * group:(g + 1) * group])


@kernel(items=lambda x, weight, bias, y, *_: blocks(y, PIXELS),
        workspace=lambda x, weight, *_: (((weight.size // weight.shape[0] + weight.shape[0]) * PIXELS,), x.dtype))
def conv2d_short(x, weight, bias, y, sh, sw, ph, pw, dh, dw, groups, space, begin, end):
    """`conv2d` of short patches and one group. An item is a block of pixels."""
    images, height, width, outputs = y.shape
    _, tall, wide, channels = weight.shape
    pixels, depth = images * height * width, tall * wide * channels
    rows, weights = y.reshape((pixels, outputs)), weight.reshape((outputs, depth))
    for item in range(begin, end):
        first, last = item * PIXELS, min(item * PIXELS + PIXELS, pixels)
        columns, values = split(space, depth, outputs, last - first)
        gather_columns(x, first, last, (height, width), (tall, wide), sh, sw, ph, pw, dh, dw, columns)
        for o in range(outputs):
            values[o] = bias[o]
        add_product(weights, columns, values, 0, last - first)
        transpose(values, rows[first:last])


# --- gradient of x: the patches are of dy ------------------------------------------------------------------------

@kernel(items=lambda weight, turned: turned.shape[0])
def conv2d_turn(weight, turned, begin, end):
    """turned (C, KH, KW * O / G): the weight with the channels of x outermost. An item is one of these."""
    _, tall, wide, channels = weight.shape
    group = turned.shape[2] // wide
    for c in range(begin, end):
        for kh in range(tall):
            for kw in range(wide):
                for o in range(group):
                    turned[c, kh, kw * group + o] = weight[c // channels * group + o, kh, kw, c % channels]


@kernel(items=lambda dy, turned, dx, *_: blocks(dx),
        workspace=lambda dy, turned, *_: ((BLOCK, turned.size // turned.shape[0]), dy.dtype))
def conv2d_backward_input_turned(dy, turned, dx, sh, sw, ph, pw, dh, dw, groups, patches, begin, end):
    """`conv2d_backward_input`. An item is a block of pixels of dx."""
    images, height, width, inputs = dx.shape
    channels, group = inputs // groups, dy.shape[3] // groups
    tall, wide = turned.shape[1], turned.shape[2] // group
    pixels = images * height * width
    rows, weights = dx.reshape((pixels, inputs)), turned.reshape((inputs, tall * wide * group))
    for item in range(begin, end):
        first, last = item * BLOCK, min(item * BLOCK + BLOCK, pixels)
        rows[first:last] = 0
        for g in range(groups):
            if gather_backward(dy, first, last, (height, width), (tall, wide), g * group, group,
                               sh, sw, ph, pw, dh, dw, patches):        # with strides, whole rows are seen by no tap
                add_dots(patches[:last - first], weights[g * channels:(g + 1) * channels],
                         rows[first:last, g * channels:(g + 1) * channels])


@kernel(items=lambda weight, turned: turned.shape[2])
def conv2d_turn_taps(weight, turned, begin, end):
    """turned (KH, KW * C, O): a matrix (C, O) for each tap. An item is a channel o."""
    _, tall, wide, channels = weight.shape
    for kh in range(tall):
        for kw in range(wide):
            for c in range(channels):
                for o in range(begin, end):
                    turned[kh, kw * channels + c, o] = weight[o, kh, kw, c]


@kernel(items=lambda dy, turned, dx, *_: dx.shape[0] * dx.shape[1])
def conv2d_backward_input_strided(dy, turned, dx, sh, sw, ph, pw, dh, dw, groups, begin, end):
    """`conv2d_backward_input` of one group tap by tap, for each reaches other pixels. An item is a row of dx."""
    _, height, width, channels = dx.shape
    tall, wide = turned.shape[0], turned.shape[1] // channels
    for row in range(begin, end):
        n, h = divmod(row, height)
        dx[n, h] = 0
        for kh in range(tall):
            oh, rest = divmod(h + ph - kh * dh, sh)
            if rest == 0 and 0 <= oh < dy.shape[1]:
                for kw in range(wide):
                    left = kw * dw - pw
                    first, last = inside(left, sw, dy.shape[2], width)
                    if first < last:
                        add_dots(dy[n, oh, first:last], turned[kh, kw * channels:(kw + 1) * channels],
                                 dx[n, h, left + first * sw::sw])


# --- gradient of the weight: a sum over pixels, in parts ----------------------------------------------------------

def conv2d_backward_weight_parts(x, dy, dweight, *numbers):
    """Lower `conv2d_backward_weight` to sums over parts of the pixels, and their sum."""
    x, dy, dweight = x.physical(), dy.physical(), dweight.physical()
    (outputs, tall, wide, channels), groups = dweight.shape, numbers[-1]
    cuts = -(-outputs // groups // ROWS), min(tall * wide, -(-tall * wide * channels // DEPTH))
    parts = weight_parts(dweight, min(PARTS // (groups * cuts[0] * cuts[1]), blocks(dy, PIXELS)))
    return [(conv2d_sum_weight, [x, dy, parts, *numbers, *cuts]), *add_parts(parts, dweight)]


def weight_parts(dweight, count):
    """Return memory (P, O, KH, KW, C / G) for so many parts of a weight gradient: that itself if it is one."""
    return temporary((count, *dweight.shape), dweight.dtype) if count > 1 else dweight.shaped((1, *dweight.shape))


def add_parts(parts, total):
    """Return the calls that add the parts up."""
    return [(add_rows, [parts.shaped((parts.shape[0], total.size)), total.flat()])] if parts.shape[0] > 1 else []


def scratch(x, dy, parts, *numbers):
    """Return shape and dtype of the workspace of `conv2d_sum_weight`."""
    _, _, tall, wide, channels = parts.shape
    depth = -(-tall * wide // numbers[-1]) * channels
    return ((2 * depth + SPACING + ROWS) * PIXELS,), x.dtype


@kernel(workspace=scratch, items=lambda x, dy, parts, *numbers: parts.shape[0] * math.prod(numbers[-3:]))
def conv2d_sum_weight(x, dy, parts, sh, sw, ph, pw, dh, dw, groups, row_cuts, tap_cuts, space, begin, end):
    """An item is a block of rows o and of taps, of one group of one part: its sum over some pixels."""
    images, height, width, outputs = dy.shape
    count, _, tall, wide, channels = parts.shape
    pixels, group, taps = images * height * width, outputs // groups, tall * wide
    rows, sums = dy.reshape((pixels, outputs)), parts.reshape((count, outputs, taps * channels))
    for item in range(begin, end):
        part, cut = divmod(item, groups * row_cuts * tap_cuts)
        g, cut = divmod(cut, row_cuts * tap_cuts)
        row, tap = divmod(cut, tap_cuts)
        top, bottom = g * group + group * row // row_cuts, g * group + group * (row + 1) // row_cuts
        left, right = taps * tap // tap_cuts, taps * (tap + 1) // tap_cuts
        depth = (right - left) * channels
        target = sums[part, top:bottom, left * channels:right * channels]
        target[:] = 0
        stop = pixels * (part + 1) // count
        for first in range(pixels * part // count, stop, PIXELS):
            size = min(PIXELS, stop - first)
            columns, gradients = split(space, depth, bottom - top, size)
            if groups == 1 and channels < FEW:
                gather_columns(x, first, first + size, (height, width), (tall, wide), sh, sw, ph, pw, dh, dw, columns)
            else:
                patches = space[(depth + bottom - top) * size:][:size * (depth + SPACING)].reshape(
                    (size, depth + SPACING))
                gather(x, first, first + size, (height, width), (wide, left, right), g * channels, channels,
                       sh, sw, ph, pw, dh, dw, patches)
                transpose(patches, columns)
            transpose(rows[first:first + size, top:bottom], gradients)
            add_dots(gradients, columns, target)


@kernel(items=lambda parts, total: total.size)
def add_rows(parts, total, begin, end):
    """total (I) = the sum of all parts (P, I). An item is one number."""
    total = total[begin:end]
    total[:] = 0
    for part in range(parts.shape[0]):
        row = parts[part, begin:end]
        for i in range(total.size):
            total[i] += row[i]
