"""Depthwise convolution, the loops: vectors of channels, four pixels of a row at a time.

The four share weights and, the window being constants of the kernel, what they load. The image is read where it lies;
what leaves it is copied with its padding, a window at a time. Positions are of arrays read as one axis.
"""
from .channels import fetch, put
from .compile import compiled
from .simd import fill, fma, lanes, larger, load
from .slab import copy_slab

FOUR = 4                  # pixels


@compiled
def span(count, taps, stride, dilation):
    """Return how many pixels of an axis so many windows see together."""
    return (count - 1) * stride + (taps - 1) * dilation + 1


def seen_by_four(x, tall, wide, sw, dw, dh):
    """Return how many numbers four pixels see."""
    return span(1, tall, 1, dh) * span(FOUR, wide, sw, dw) * x.shape[3]


@compiled
def filter_rows(image, first, count, slab, weight, bias, y, there, columns, tall, wide, sw, dw, sh, ph, pw, dh, floor):
    """Write `count` rows of y from row `first` of an image (H, W, C) on, to position `there` of y; none below `floor`.

    The slab, of `seen_by_four` numbers, is for windows that leave the image.
    """
    height, width, channels = image.shape
    numbers, high, seen = image.reshape(image.size), span(1, tall, 1, dh), span(FOUR, wide, sw, dw)
    for row in range(count):
        top = (first + row) * sh - ph
        for group in range(0, columns, FOUR):
            column = max(0, min(group, columns - FOUR))          # the last four, where fewer are left
            left, to = column * sw - pw, there + (row * columns + column) * channels
            if top >= 0 and top + high <= height and left >= 0 and left + seen <= width:
                x, at, pitch = numbers, (top * width + left) * channels, width * channels
            else:
                copy_slab(image, top, left, high, seen, 0, channels, slab, 0)
                x, at, pitch = slab, 0, seen * channels
            filter_four(x, at, dh * pitch, weight, bias, y, to, columns, tall, wide, sw, dw, floor)


@compiled
def filter_four(x, at, down, weight, bias, y, there, columns, tall, wide, sw, dw, floor):
    """Write four pixels of y, or all of a row of fewer; their windows begin at `at`, `down` is from tap to tap below."""
    channels, least = bias.size, fill(x, floor)
    for c in range(0, channels, lanes(x)):
        one = load(bias, c)
        two, three, four = one, one, one
        fetch(y, there + columns * channels + c, channels)
        for kh in range(tall):
            for kw in range(wide):
                i = at + kh * down + kw * dw * channels + c
                factor = load(weight, (kh * wide + kw) * channels + c)
                one = fma(load(x, i), factor, one)
                two = fma(load(x, i + sw * channels), factor, two)
                three = fma(load(x, i + 2 * sw * channels), factor, three)
                four = fma(load(x, i + 3 * sw * channels), factor, four)
        put(y, there + c, larger(least, one), channels - c)
        if columns > 1:
            put(y, there + channels + c, larger(least, two), channels - c)
        if columns > 2:
            put(y, there + 2 * channels + c, larger(least, three), channels - c)
        if columns > 3:
            put(y, there + 3 * channels + c, larger(least, four), channels - c)
