"""Convolution for plans: blocks of patches times weights (patches.py, product.py). Any geometry.

n image, o output channel, c channel, (kh, kw) tap, p pixel, counted through all images; a patch has K = KH KW C / G
numbers.
"""
from .compile import kernel
from .memory import temporary
from .patches import BLOCK, gather, gather_backward
from .product import add_product, dots

PARTS = 16                # of the sum over pixels that is a weight gradient: the same on every machine
COLUMNS = 64              # output channels of a weight gradient that one item computes


def blocks(y):
    """Return how many blocks of pixels there are in an array (N, H, W, C)."""
    images, height, width, _ = y.shape
    return -(-images * height * width // BLOCK)


# --- forward ---------------------------------------------------------------------------------------------------

@kernel(items=lambda x, weight, bias, y, *_: blocks(y),
        workspace=lambda x, weight, *_: ((BLOCK, weight.size // weight.shape[0]), x.dtype))
def conv2d_blocked(x, weight, bias, y, sh, sw, ph, pw, dh, dw, groups, patches, begin, end):
    """`conv2d` where patches are long enough to add up along them. An item is a block of pixels."""
    images, height, width, outputs = y.shape
    _, tall, wide, channels = weight.shape
    pixels, group = images * height * width, outputs // groups
    rows, weights = y.reshape((pixels, outputs)), weight.reshape((outputs, tall * wide * channels))
    for item in range(begin, end):
        first, last = item * BLOCK, min(item * BLOCK + BLOCK, pixels)
        for g in range(groups):
            gather(x, first, last, (height, width), (tall, wide), g * channels, channels,
                   sh, sw, ph, pw, dh, dw, patches)
            dots(patches[:last - first], weights[g * group:(g + 1) * group],
                 rows[first:last, g * group:(g + 1) * group])
        for p in range(first, last):
            for o in range(outputs):
                rows[p, o] += bias[o]


@kernel(items=lambda weight, packed: weight.shape[0])
def conv2d_pack(weight, packed, begin, end):
    """packed (KH, KW * C, O): the weight with output channels innermost. An item is one of these."""
    _, tall, wide, channels = weight.shape
    for kh in range(tall):
        for kw in range(wide):
            for c in range(channels):
                for o in range(begin, end):
                    packed[kh, kw * channels + c, o] = weight[o, kh, kw, c]


@kernel(items=lambda x, packed, bias, y, *_: blocks(y),
        workspace=lambda x, packed, *_: ((BLOCK, packed.size // packed.shape[2]), x.dtype))
def conv2d_packed(x, packed, bias, y, sh, sw, ph, pw, dh, dw, groups, patches, begin, end):
    """`conv2d` of one group where patches are short: adds up along output channels. An item is a block of pixels."""
    images, height, width, outputs = y.shape
    channels, tall, wide = x.shape[3], packed.shape[0], packed.shape[1] // x.shape[3]
    pixels = images * height * width
    rows, weights = y.reshape((pixels, outputs)), packed.reshape((tall * wide * channels, outputs))
    for item in range(begin, end):
        first, last = item * BLOCK, min(item * BLOCK + BLOCK, pixels)
        gather(x, first, last, (height, width), (tall, wide), 0, channels, sh, sw, ph, pw, dh, dw, patches)
        for p in range(first, last):
            for o in range(outputs):
                rows[p, o] = bias[o]
        add_product(patches[:last - first], weights, rows[first:last], 0, outputs)


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
def conv2d_backward_input_blocked(dy, turned, dx, sh, sw, ph, pw, dh, dw, groups, patches, begin, end):
    """`conv2d_backward_input`. An item is a block of pixels of dx."""
    images, height, width, inputs = dx.shape
    channels, group = inputs // groups, dy.shape[3] // groups
    tall, wide = turned.shape[1], turned.shape[2] // group
    pixels = images * height * width
    rows, weights = dx.reshape((pixels, inputs)), turned.reshape((inputs, tall * wide * group))
    for item in range(begin, end):
        first, last = item * BLOCK, min(item * BLOCK + BLOCK, pixels)
        for g in range(groups):
            found = gather_backward(dy, first, last, (height, width), (tall, wide), g * group, group,
                                    sh, sw, ph, pw, dh, dw, patches)
            target = rows[first:last, g * channels:(g + 1) * channels]
            if found:
                dots(patches[:last - first], weights[g * channels:(g + 1) * channels], target)
            else:                                       # with strides, whole rows of x may be seen by no tap
                target[:] = 0


# --- gradient of the weight: a sum over pixels, in parts ----------------------------------------------------------

def conv2d_backward_weight_blocked(x, dy, dweight, *numbers):
    """Lower `conv2d_backward_weight` to sums over parts of the pixels, and their sum."""
    parts = weight_parts(dweight, columns(dy.shape[1], numbers[-1]), blocks(dy.physical()))
    return [(conv2d_sum_weight, [x.physical(), dy.physical(), parts, *numbers]),
            (conv2d_add_weight, [parts, dweight.physical()])]


def weight_parts(dweight, items, most):
    """Return memory for at most so many parts (P, KH, KW, C / G, O), `items` items working on each."""
    outputs, channels, tall, wide = dweight.shape
    return temporary((max(1, min(PARTS // items, most)), tall, wide, channels, outputs), dweight.dtype)


def columns(outputs, groups):
    """Return how many items share the output channels of a weight gradient: none works on two groups."""
    return groups * -(-outputs // groups // COLUMNS)


@kernel(items=lambda x, dy, parts, *numbers: parts.shape[0] * columns(dy.shape[3], numbers[-1]),
        workspace=lambda x, dy, parts, *_: ((BLOCK, parts.size // parts.shape[0] // dy.shape[3]), x.dtype))
def conv2d_sum_weight(x, dy, parts, sh, sw, ph, pw, dh, dw, groups, patches, begin, end):
    """An item is some channels o of one part."""
    images, height, width, outputs = dy.shape
    count, tall, wide, channels, _ = parts.shape
    pixels, group = images * height * width, outputs // groups
    rows, sums = dy.reshape((pixels, outputs)), parts.reshape((count, tall * wide * channels, outputs))
    pieces = -(-group // COLUMNS)
    for item in range(begin, end):
        part, piece = divmod(item, groups * pieces)
        g, piece = divmod(piece, pieces)
        first = g * group + piece * COLUMNS
        last = min(first + COLUMNS, (g + 1) * group)
        sums[part, :, first:last] = 0
        stop = pixels * (part + 1) // count
        for start in range(pixels * part // count, stop, BLOCK):
            size = min(BLOCK, stop - start)
            gather(x, start, start + size, (height, width), (tall, wide), g * channels, channels,
                   sh, sw, ph, pw, dh, dw, patches)
            add_product(patches[:size].T, rows[start:start + size], sums[part], first, last)


@kernel(items=lambda parts, dweight: dweight.shape[0])
def conv2d_add_weight(parts, dweight, begin, end):
    """dweight (O, KH, KW, C / G) = the sum of all parts (P, KH, KW, C / G, O). An item is a channel o."""
    count, tall, wide, channels, _ = parts.shape
    for kh in range(tall):
        for kw in range(wide):
            for c in range(channels):
                for o in range(begin, end):
                    total = parts[0, kh, kw, c, o]
                    for part in range(1, count):
                        total += parts[part, kh, kw, c, o]
                    dweight[o, kh, kw, c] = total
