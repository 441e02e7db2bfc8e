"""Depthwise convolution for plans, one filter per channel, and its gradients; the forward loops: depthwise_filter.py.

n image, c channel, (h, w) pixel of x, (oh, ow) pixel of y, (kh, kw) tap. packed (KH, KW, C) is the weight with channels
innermost. Arrays are read as one axis, of which `at`, `there` and `tap` are positions.

Forward, the image is read where it lies. What a strip of rows sees is copied to a slab, padding included, where it is
normalised on the way, and for gradients: there no pixel is a special case, and memory is read from front to back.
Vectors hold channels; four pixels of a row share weights and, the window being constants of the kernel, what they load.
"""
from numbacnn.kernels import Spec

from .channels import fetch, put
from .compile import Constant, compiled, kernel
from .depthwise_filter import filter_rows, seen_by_row, span
from .memory import temporary
from .norm_backward import BY_INPUT, DROPPED, ONE, sums_of
from .norm_forward import NO_FLOOR, RELU
from .norm_moments import parts_shape
from .simd import fill, fma, lanes, load
from .slab import ABSENT, copy_input, copy_normalised, copy_slab

TAPS, STRIDES, DILATION = (3, 5, 7), (1, 2), 1          # for these a kernel is compiled anew
PARTS = 16                # of the sum over rows that is a weight gradient: the same on every machine
SLAB = 1 << 16            # numbers in a slab, about: it stays in the cache of a core


def conv2d_depthwise(x, packed, bias, y, *numbers):
    """Lower to the kernel for the window."""
    return forward(x, packed, bias, y, numbers, NO_FLOOR)


def conv2d_depthwise_relu(x, packed, bias, y, *numbers):
    """Lower the same with ReLU behind it."""
    return forward(x, packed, bias, y, numbers, RELU)


def conv2d_depthwise_normalised(x, mean, rstd, scale, shift, packed, bias, y, *numbers):
    """Lower the same for the convolution of relu(batch_norm(x))."""
    return [(depthwise_normalised, [x.physical(), mean, rstd, scale, shift, packed, bias, y.physical(),
                                    *window(packed.shape, *numbers)])]


def forward(x, packed, bias, y, numbers, floor):
    """Lower to the kernel for the window."""
    return [(depthwise, [x.physical(), packed, bias, y.physical(), *window(packed.shape, *numbers), floor])]


def conv2d_depthwise_backward_input(dy, packed, dx, *numbers):
    """Lower to the kernel for the window."""
    return [(depthwise_backward_input, [dy.physical(), packed, dx.physical(), *window(packed.shape, *numbers)])]


def conv2d_depthwise_backward_input_sums(dy, packed, x, mean, rstd, scale, shift, dx, sums, *numbers):
    """Lower the same, and sums for the gradients of y = relu(batch_norm(x)), dx being that of y (norm_backward.py)."""
    return [(depthwise_backward_input_sums, [dy.physical(), packed, x.flat(), mean, rstd, scale, shift, dx.physical(),
                                             sums, *window(packed.shape, *numbers)])]


def sums_of_strips(weight, dz, conv):
    """Return what is known of these sums: a part is a strip of rows of an image."""
    (images, channels, rows, columns), (_, _, tall, wide), (_, sw, _, _, dh, dw, _) = dz.shape, weight.shape, conv
    strips = -(-rows // strip(seeing(columns, wide, sw, dw) * channels, tall, 1, dh))
    return Spec(parts_shape(images * strips, channels, weight.dtype), "float64")


def window(packed, sh, sw, ph, pw, dh, dw, groups):
    """Return KH, KW, sw, dw, as constants if they are usual, and sh, ph, pw, dh."""
    tall, wide, _ = packed
    if tall == wide and wide in TAPS:
        tall, wide = Constant(tall), Constant(wide)
    return tall, wide, Constant(sw) if sw in STRIDES else sw, Constant(dw) if dw == DILATION else dw, sh, ph, pw, dh


@compiled
def strip(row, taps, stride, dilation):
    """Return how many rows of windows to take at a time, those seeing rows of so many numbers."""
    return max(1, (SLAB // row - span(1, taps, stride, dilation)) // stride)


def seen_by_strip(x, y, tall, wide, sw, dw, sh, dh):
    """Return shape and dtype of the slab that a strip of y sees, where x is copied."""
    row = max(1, span(y.shape[2], wide, sw, dw) * x.shape[3])
    return (row * span(min(strip(row, tall, sh, dh), y.shape[1]), tall, sh, dh),), x.dtype


@kernel(items=lambda: 1)
def conv2d_depthwise_pack(weight, packed, begin, end):
    """There is one item."""
    channels, tall, wide, _ = weight.shape
    for kh in range(tall):
        for kw in range(wide):
            for c in range(channels):
                packed[kh, kw, c] = weight[c, kh, kw, 0]


# --- forward -----------------------------------------------------------------------------------------------------

@kernel(items=lambda y: y.shape[0] * y.shape[1],
        workspace=lambda x, y, tall, wide, sw, dw, dh: ((seen_by_row(x, y, tall, wide, sw, dw, dh),), x.dtype))
def depthwise(x, packed, bias, y, tall, wide, sw, dw, sh, ph, pw, dh, floor, slab, begin, end):
    """`conv2d`, with `floor` in place of smaller numbers. An item is one row of one image of y."""
    _, rows, columns, channels = y.shape
    weight, result = packed.reshape(packed.size), y.reshape(y.size)
    row = begin
    while row < end:
        n, oh = divmod(row, rows)
        count = min(rows - oh, end - row)
        filter_rows(x[n], oh, count, slab, weight, bias, result, row * columns * channels, columns, tall, wide, sw, dw,
                    sh, ph, pw, dh, floor)
        row += count


@kernel(items=lambda y: y.shape[0] * y.shape[1], workspace=seen_by_strip)
def depthwise_normalised(x, mean, rstd, scale, shift, packed, bias, y, tall, wide, sw, dw, sh, ph, pw, dh, slab,
                         begin, end):
    """`conv2d` of relu(batch_norm(x)), of which a strip is copied at a time. An item is one row of one image of y."""
    _, rows, columns, channels = y.shape
    width = span(columns, wide, sw, dw)
    many, weight, result = strip(width * channels, tall, sh, dh), packed.reshape(packed.size), y.reshape(y.size)
    row = begin
    while row < end:
        n, oh = divmod(row, rows)
        count = min(many, rows - oh, end - row)
        height = span(count, tall, sh, dh)
        copy_normalised(x[n], oh * sh - ph, -pw, height, width, mean, rstd, scale, shift, slab, 0)
        # no row leaves what was copied: nothing is copied over it
        seen = slab[:height * width * channels].reshape((height, width, channels))
        filter_rows(seen, 0, count, slab, weight, bias, result, row * columns * channels, columns, tall, wide, sw, dw,
                    sh, 0, 0, dh, NO_FLOOR)
        row += count


# --- the gradient of x: a pixel w is seen by ow through the taps kw = w + pw - ow * sw (without dilation) -------------

def seeing_strip(dy, dx, tall, wide, sw, dw, sh, dh):
    """Return shape and dtype of the slab of what sees a strip of dx."""
    row = max(1, seeing(dx.shape[2], wide, sw, dw) * dy.shape[3])
    return (row * seeing(min(strip(row, tall, 1, dh), dx.shape[1]), tall, sh, dh),), dy.dtype


@compiled
def seeing(count, taps, stride, dilation):
    """Return how many pixels of an axis of dy may see so many of dx."""
    return (count + 2 + (taps - 1) * dilation) // stride + 2


@kernel(items=lambda dx: dx.shape[0] * dx.shape[1], workspace=seeing_strip)
def depthwise_backward_input(dy, packed, dx, tall, wide, sw, dw, sh, ph, pw, dh, slab, begin, end):
    """`conv2d_backward_input`. An item is one row of one image of dx."""
    unfilter(dy, packed, dx, tall, wide, sw, dw, sh, ph, pw, dh, slab, begin, end)


@kernel(items=lambda parts: parts.shape[0], workspace=seeing_strip)
def depthwise_backward_input_sums(dy, packed, x, mean, rstd, scale, shift, dx, parts, tall, wide, sw, dw, sh, ph, pw,
                                  dh, slab, begin, end):
    """The same, and sums over what is still in the cache. An item is a part: some rows of one image of dx."""
    images, rows, columns, channels = dx.shape
    strips, written = parts.shape[0] // images, dx.reshape(dx.size)
    for part in range(begin, end):
        n, number = divmod(part, strips)
        first, last = n * rows + rows * number // strips, n * rows + rows * (number + 1) // strips
        unfilter(dy, packed, dx, tall, wide, sw, dw, sh, ph, pw, dh, slab, first, last)
        sums_of(written, written, written, x, mean, rstd, scale, shift, written, parts, part, first * columns,
                last * columns, 0, channels, ONE, BY_INPUT, DROPPED, 0)


@compiled
def unfilter(dy, packed, dx, tall, wide, sw, dw, sh, ph, pw, dh, slab, begin, end):
    """Write rows begin ... end - 1 of dx, those of all images counted."""
    _, rows, columns, channels = dx.shape
    width, left = seeing(columns, wide, sw, dw), (pw - (wide - 1) * dw) // sw
    many, weight, result = strip(width * channels, tall, 1, dh), packed.reshape(packed.size), dx.reshape(dx.size)
    row = begin
    while row < end:
        n, h = divmod(row, rows)
        count, top = min(many, rows - h, end - row), (h + ph - (tall - 1) * dh) // sh
        copy_slab(dy[n], top, left, seeing(count, tall, sh, dh), width, 0, channels, slab, 0)
        unfilter_rows(slab, weight, result, h, count, row, top, left, width, columns, channels, tall, wide, sw, dw, sh,
                      ph, pw, dh)
        row += count


@compiled
def unfilter_rows(slab, weight, dx, h, count, row, top, left, width, columns, channels, tall, wide, sw, dw, sh, ph, pw,
                  dh):
    """Write `count` rows of dx from row h of an image on, row `row` of all; the slab begins at row `top` of dy."""
    for i in range(count):
        first, every, taps = seen_through(h + i + ph, sh, dh, tall)
        at = ((h + i + ph - first * dh) // sh - top) * width
        down, there = every * dh // sh * width, (row + i) * columns * channels
        if taps == tall:                                # which may be a constant
            unfilter_row(slab, at, down, weight, first, every, tall, dx, there, columns, channels, wide, sw, dw, pw,
                         left)
        else:
            unfilter_row(slab, at, down, weight, first, every, taps, dx, there, columns, channels, wide, sw, dw, pw,
                         left)


@compiled
def seen_through(position, stride, dilation, taps):
    """Return the first tap through which some row of dy sees a row of x, every how many others do, and how many."""
    first, every, count = 0, 1, 0
    for tap in range(taps):
        if (position - tap * dilation) % stride == 0:
            if count == 0:
                first = tap
            elif count == 1:
                every = tap - first
            count += 1
    return first, every, count


@compiled
def unfilter_row(dy, row, down, weight, first, every, taps, dx, there, columns, channels, wide, sw, dw, pw, left):
    """Write a row of dx: `taps` rows of dy see it, the first at pixel `row`, the others `down` before.

    A pixel that can be the first of four is seen through tap 0 where there is no dilation: which taps see them all is
    then known when the kernel is compiled.
    """
    size, zero, w = lanes(dy), dy.dtype.type(0), 0
    while w < columns:
        ow, phase = (w + pw) // sw, (w + pw) % sw
        at = (row + ow - left) * channels
        if phase == 0 and w + 4 <= columns:
            for c in range(0, channels, size):
                one = fill(dy, zero)
                two, three, four = one, one, one
                fetch(dx, there + columns * channels + c, channels)
                for k in range(taps):
                    for kw in range(wide):
                        i = at - k * down * channels + c
                        factor = load(weight, ((first + k * every) * wide + kw) * channels + c)
                        if (0 - kw * dw) % sw == 0:
                            one = fma(load(dy, i + (0 - kw * dw) // sw * channels), factor, one)
                        if (1 - kw * dw) % sw == 0:
                            two = fma(load(dy, i + (1 - kw * dw) // sw * channels), factor, two)
                        if (2 - kw * dw) % sw == 0:
                            three = fma(load(dy, i + (2 - kw * dw) // sw * channels), factor, three)
                        if (3 - kw * dw) % sw == 0:
                            four = fma(load(dy, i + (3 - kw * dw) // sw * channels), factor, four)
                put(dx, there + c, one, channels - c)
                put(dx, there + channels + c, two, channels - c)
                put(dx, there + 2 * channels + c, three, channels - c)
                put(dx, there + 3 * channels + c, four, channels - c)
            w += 4
            there += 4 * channels
        else:
            for c in range(0, channels, size):
                one = fill(dy, zero)
                for k in range(taps):
                    for kw in range(wide):
                        if (phase - kw * dw) % sw == 0:
                            one = fma(load(dy, at + ((phase - kw * dw) // sw - k * down) * channels + c),
                                      load(weight, ((first + k * every) * wide + kw) * channels + c), one)
                put(dx, there + c, one, channels - c)
            w += 1
            there += channels


# --- the gradient of the weight ----------------------------------------------------------------------------------

def conv2d_depthwise_backward_weight(x, dy, dweight, *numbers):
    """Lower `conv2d_backward_weight`."""
    return backward_weight(x, (), dy, dweight, numbers)


def conv2d_depthwise_backward_weight_normalised(x, mean, rstd, scale, shift, dy, dweight, *numbers):
    """Lower the same for the convolution of relu(batch_norm(x))."""
    return backward_weight(x, (mean, rstd, scale, shift), dy, dweight, numbers)


def backward_weight(x, norm, dy, dweight, numbers):
    """Lower to sums over parts of the rows, and their sum."""
    channels, _, tall, wide = dweight.shape
    parts = temporary((max(1, min(PARTS, dy.shape[0] * dy.shape[2])), tall, wide, channels), dweight.dtype)
    return [(depthwise_sum_weight, [x.physical(), dy.physical(), parts, *window(parts.shape[1:], *numbers),
                                    *(norm or [ABSENT] * 4)]),
            (depthwise_add_weight, [parts, dweight.physical()])]


@kernel(items=lambda parts: parts.shape[0],
        workspace=lambda x, dy, tall, wide, sw, dw, sh, dh: seen_by_strip(x, dy, tall, wide, sw, dw, sh, dh))
def depthwise_sum_weight(x, dy, parts, tall, wide, sw, dw, sh, ph, pw, dh, mean, rstd, scale, shift, slab,
                         begin, end):
    """An item is one part (KH, KW, C): the sum over some rows of dy."""
    images, rows, columns, channels = dy.shape
    count, width = parts.shape[0], span(columns, wide, sw, dw)
    many, given, sums = strip(width * channels, tall, sh, dh), dy.reshape(dy.size), parts.reshape(parts.size)
    for part in range(begin, end):
        parts[part] = 0
        row, stop = images * rows * part // count, images * rows * (part + 1) // count
        while row < stop:
            n, oh = divmod(row, rows)
            run = min(many, rows - oh, stop - row)
            copy_input(x[n], oh * sh - ph, -pw, span(run, tall, sh, dh), width, 0, channels, mean, rstd, scale, shift,
                       slab, 0)
            for i in range(run):
                add_row(slab, i * sh * width * channels, dh * width * channels, given, (row + i) * columns * channels,
                        columns, sums, part * tall * wide * channels, channels, tall, wide, sw, dw)
            row += run


@compiled
def add_row(x, at, down, dy, there, columns, sums, tap, channels, tall, wide, sw, dw):
    """Add to sums what a row of dy sees, from position `at` of x on, times its gradient."""
    for _ in range(columns // 4):
        for c in range(0, channels, lanes(x)):
            one, two = load(dy, there + c), load(dy, there + channels + c)
            three, four = load(dy, there + 2 * channels + c), load(dy, there + 3 * channels + c)
            fetch(dy, there + columns * channels + c, channels)
            for kh in range(tall):
                for kw in range(wide):
                    i, k = at + kh * down + kw * dw * channels + c, tap + (kh * wide + kw) * channels + c
                    total = fma(load(x, i), one, load(sums, k))
                    total = fma(load(x, i + sw * channels), two, total)
                    total = fma(load(x, i + 2 * sw * channels), three, total)
                    total = fma(load(x, i + 3 * sw * channels), four, total)
                    put(sums, k, total, channels - c)
        at += 4 * sw * channels
        there += 4 * channels
    for _ in range(columns % 4):
        for c in range(0, channels, lanes(x)):
            one = load(dy, there + c)
            for kh in range(tall):
                for kw in range(wide):
                    k = tap + (kh * wide + kw) * channels + c
                    put(sums, k, fma(load(x, at + kh * down + kw * dw * channels + c), one, load(sums, k)),
                        channels - c)
        at += sw * channels
        there += channels


@kernel(items=lambda dweight: dweight.shape[0])
def depthwise_add_weight(parts, dweight, begin, end):
    """dweight (C, KH, KW, 1) = the sum of all parts (P, KH, KW, C), made in the first. An item is a channel."""
    count, tall, wide, _ = parts.shape
    for kh in range(tall):
        for kw in range(wide):
            total = parts[0, kh, kw, begin:end]
            for part in range(1, count):
                added = parts[part, kh, kw, begin:end]
                for c in range(total.size):
                    total[c] += added[c]
            for c in range(total.size):
                dweight[begin + c, kh, kw, 0] = total[c]
