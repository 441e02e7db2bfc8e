"""Convolution as the formula says: images (N, H, W, C), weights (O, KH, KW, C / G), channels innermost.

n image, o output channel, c channel, (h, w) pixel of x, (oh, ow) pixel of y, (kh, kw) tap. These kernels take any
geometry and serve eager mode; plans run the variants that conv_rules.py chooses.
"""
from .compile import kernel
from .elementwise import add
from .functions import relu
from .reduce import sum


@kernel(items=lambda y: y.shape[0] * y.shape[1], reassociate=True)
def conv2d(x, weight, bias, y, sh, sw, ph, pw, dh, dw, groups, begin, end):
    """An item is one row of one image of y."""
    _, height, width, _ = x.shape
    outputs, tall, wide, channels = weight.shape
    for row in range(begin, end):
        n, oh = divmod(row, y.shape[1])
        for ow in range(y.shape[2]):
            for o in range(outputs):
                first = o // (outputs // groups) * channels
                total = bias[o]
                for kh in range(tall):
                    h = oh * sh - ph + kh * dh
                    for kw in range(wide):
                        w = ow * sw - pw + kw * dw
                        if 0 <= h < height and 0 <= w < width:
                            seen = x[n, h, w, first:first + channels]
                            for c in range(channels):
                                total += seen[c] * weight[o, kh, kw, c]
                y[n, oh, ow, o] = total


@kernel(items=lambda dx: dx.shape[0] * dx.shape[1])
def conv2d_backward_input(dy, weight, dx, sh, sw, ph, pw, dh, dw, groups, begin, end):
    """An item is one row of one image of dx: the rows of dy that touch it are added up there."""
    _, height, width, outputs = dy.shape
    _, tall, wide, channels = weight.shape
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
                            for o in range(outputs):
                                first = o // (outputs // groups) * channels
                                target = dx[n, h, w, first:first + channels]
                                for c in range(channels):
                                    target[c] += dy[n, oh, ow, o] * weight[o, kh, kw, c]


@kernel(items=lambda dweight: dweight.shape[0])
def conv2d_backward_weight(x, dy, dweight, sh, sw, ph, pw, dh, dw, groups, begin, end):
    """An item is one output channel."""
    _, height, width, _ = x.shape
    images, rows, columns, outputs = dy.shape
    _, tall, wide, channels = dweight.shape
    for o in range(begin, end):
        first = o // (outputs // groups) * channels
        dweight[o] = 0
        for n in range(images):
            for oh in range(rows):
                for ow in range(columns):
                    for kh in range(tall):
                        h = oh * sh - ph + kh * dh
                        for kw in range(wide):
                            w = ow * sw - pw + kw * dw
                            if 0 <= h < height and 0 <= w < width:
                                seen = x[n, h, w, first:first + channels]
                                for c in range(channels):
                                    dweight[o, kh, kw, c] += dy[n, oh, ow, o] * seen[c]


def conv2d_backward_bias(dy, dbias):
    """Lower to a sum over images and pixels."""
    return sum(dy, dbias.shaped((1, 1, 1, dbias.size)).permuted((0, 3, 1, 2)), 1.0)


def conv2d_relu(x, weight, bias, y, *numbers):
    """Lower `conv2d` and `relu`."""
    return [(conv2d, conv2d.arrange(x, weight, bias, y, *numbers)), (relu, relu.arrange(y, y))]


def conv2d_add(x, weight, bias, other, y, *numbers):
    """Lower `conv2d` and `add`."""
    return [(conv2d, conv2d.arrange(x, weight, bias, y, *numbers)), *add(y, other, y)]


def conv2d_add_relu(x, weight, bias, other, y, *numbers):
    """Lower `conv2d`, `add` and `relu`."""
    return [*conv2d_add(x, weight, bias, other, y, *numbers), (relu, relu.arrange(y, y))]
