"""Depthwise convolution for plans, one filter per channel: one pass over rows of channels per tap.

n image, c channel, (h, w) pixel of x, (oh, ow) pixel of y, (kh, kw) tap. packed (KH, KW, C) is the weight with channels
innermost.
"""
from .compile import kernel
from .conv_blocked import PARTS
from .memory import temporary


@kernel(items=lambda weight, packed: 1)
def conv2d_depthwise_pack(weight, packed, begin, end):
    """There is one item."""
    channels, tall, wide, _ = weight.shape
    for c in range(channels):
        for kh in range(tall):
            for kw in range(wide):
                packed[kh, kw, c] = weight[c, kh, kw, 0]


@kernel(items=lambda x, packed, bias, y, *_: y.shape[0] * y.shape[1])
def conv2d_depthwise(x, packed, bias, y, sh, sw, ph, pw, dh, dw, groups, begin, end):
    """An item is one row of one image of y."""
    _, height, width, channels = x.shape
    tall, wide, _ = packed.shape
    for row in range(begin, end):
        n, oh = divmod(row, y.shape[1])
        for ow in range(y.shape[2]):
            for c in range(channels):
                y[n, oh, ow, c] = bias[c]
            for kh in range(tall):
                h = oh * sh - ph + kh * dh
                for kw in range(wide):
                    w = ow * sw - pw + kw * dw
                    if 0 <= h < height and 0 <= w < width:
                        for c in range(channels):
                            y[n, oh, ow, c] += x[n, h, w, c] * packed[kh, kw, c]


@kernel(items=lambda dy, packed, dx, *_: dx.shape[0] * dx.shape[1])
def conv2d_depthwise_backward_input(dy, packed, dx, sh, sw, ph, pw, dh, dw, groups, begin, end):
    """An item is one row of one image of dx."""
    _, height, width, channels = dy.shape
    tall, wide, _ = packed.shape
    for row in range(begin, end):
        n, h = divmod(row, dx.shape[1])
        dx[n, h] = 0
        for kh in range(tall):
            oh, rest = divmod(h + ph - kh * dh, sh)
            if rest == 0 and 0 <= oh < height:
                for ow in range(width):
                    for kw in range(wide):
                        w = ow * sw - pw + kw * dw
                        if 0 <= w < dx.shape[2]:
                            for c in range(channels):
                                dx[n, h, w, c] += dy[n, oh, ow, c] * packed[kh, kw, c]


def conv2d_depthwise_backward_weight(x, dy, dweight, *numbers):
    """Lower to sums over parts of the rows, and their sum."""
    channels, _, tall, wide = dweight.shape
    parts = temporary((max(1, min(PARTS, dy.shape[0] * dy.shape[2])), tall, wide, channels), dweight.dtype)
    return [(conv2d_depthwise_sum_weight, [x.physical(), dy.physical(), parts, *numbers]),
            (conv2d_depthwise_add_weight, [parts, dweight.physical()])]


@kernel(items=lambda x, dy, parts, *_: parts.shape[0])
def conv2d_depthwise_sum_weight(x, dy, parts, sh, sw, ph, pw, dh, dw, groups, begin, end):
    """An item is one part (KH, KW, C): the sum over some rows of dy."""
    _, height, width, channels = x.shape
    images, rows, columns, _ = dy.shape
    count, tall, wide, _ = parts.shape
    for part in range(begin, end):
        parts[part] = 0
        for row in range(images * rows * part // count, images * rows * (part + 1) // count):
            n, oh = divmod(row, rows)
            for kh in range(tall):
                h = oh * sh - ph + kh * dh
                if 0 <= h < height:
                    for ow in range(columns):
                        for kw in range(wide):
                            w = ow * sw - pw + kw * dw
                            if 0 <= w < width:
                                for c in range(channels):
                                    parts[part, kh, kw, c] += x[n, h, w, c] * dy[n, oh, ow, c]


@kernel(items=lambda parts, dweight: dweight.shape[0])
def conv2d_depthwise_add_weight(parts, dweight, begin, end):
    """dweight (C, KH, KW, 1) = the sum of all parts (P, KH, KW, C). An item is a channel."""
    count, tall, wide, _ = parts.shape
    for c in range(begin, end):
        for kh in range(tall):
            for kw in range(wide):
                total = parts[0, kh, kw, c]
                for part in range(1, count):
                    total += parts[part, kh, kw, c]
                dweight[c, kh, kw, 0] = total
