"""Depthwise convolution, the loops: vectors of channels, four pixels of a row at a time.

The four share weights and, the window being constants of the kernel, what they load. The image is read where it lies:
pixels whose windows leave it at a side are computed one by one, without the taps that see nothing; what a row sees that
leaves it above or below is copied with its padding, of which zeros are multiplied. Positions are of arrays read as one
axis.
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


def seen_by_row(x, y, tall, wide, sw, dw, dh):
    """Return how many numbers a row of y sees."""
    return max(1, span(1, tall, 1, dh) * span(y.shape[2], wide, sw, dw) * x.shape[3])


@compiled
def filter_rows(image, first, count, slab, weight, bias, y, there, columns, tall, wide, sw, dw, sh, ph, pw, dh, floor):
    """Write `count` rows of y from row `first` of an image (H, W, C) on, to position `there` of y; none below `floor`.

    The slab has room for `seen_by_row` numbers.
    """
    height, width, channels = image.shape
    numbers, high, seen = image.reshape(image.size), span(1, tall, 1, dh), span(columns, wide, sw, dw)
    for row in range(count):
        top = (first + row) * sh - ph
        if top >= 0 and top + high <= height:
            x, at, left, size = numbers, top * width * channels, -pw, width
        else:
            copy_slab(image, top, -pw, high, seen, 0, channels, slab, 0)
            x, at, left, size = slab, 0, 0, seen
        filter_row(x, at, left, size, dh * size * channels, weight, bias, y, there + row * columns * channels, columns,
                   tall, wide, sw, dw, floor)


@compiled
def filter_row(x, at, left, size, down, weight, bias, y, there, columns, tall, wide, sw, dw, floor):
    """Write a row of y: the first window begins at column `left` of a row of x, of `size` pixels, at position `at`.

    `down` is from a row of taps to the next.
    """
    channels, least = bias.size, fill(x, floor)
    begin = min(max(0, (sw - 1 - left) // sw), columns)          # windows of columns begin ... end - 1 lie in the row;
    end = min((size - left - span(1, wide, 1, dw)) // sw + 1, columns)       # of none if end <= begin
    column = 0
    while column < columns:
        place = left + column * sw
        here, to = at + place * channels, there + column * channels
        if begin <= column and column + FOUR <= end:
            for _ in range((end - column) // FOUR):
                for c in range(0, channels, lanes(x)):
                    one = load(bias, c)
                    two, three, four = one, one, one
                    fetch(y, to + columns * channels + c, channels)
                    fetch(x, here + tall * down + c, channels)
                    for kh in range(tall):
                        for kw in range(wide):
                            i = here + kh * down + kw * dw * channels + c
                            factor = load(weight, (kh * wide + kw) * channels + c)
                            one = fma(load(x, i), factor, one)
                            two = fma(load(x, i + sw * channels), factor, two)
                            three = fma(load(x, i + 2 * sw * channels), factor, three)
                            four = fma(load(x, i + 3 * sw * channels), factor, four)
                    put(y, to + c, larger(least, one), channels - c)
                    put(y, to + channels + c, larger(least, two), channels - c)
                    put(y, to + 2 * channels + c, larger(least, three), channels - c)
                    put(y, to + 3 * channels + c, larger(least, four), channels - c)
                here += FOUR * sw * channels
                to += FOUR * channels
                column += FOUR
            if column < end:
                column = end - FOUR                              # the rest, and some of them again, alike
        else:
            filter_one(x, here, place, size, down, weight, bias, y, to, tall, wide, sw, dw, floor)
            column += 1


@compiled
def filter_one(x, at, place, size, down, weight, bias, y, there, tall, wide, sw, dw, floor):
    """Write a pixel of y, whose window begins at column `place` of rows of `size` pixels."""
    channels, least = bias.size, fill(x, floor)
    for c in range(0, channels, lanes(x)):
        total = load(bias, c)
        for kh in range(tall):
            for kw in range(wide):
                if 0 <= place + kw * dw < size:
                    total = fma(load(x, at + kh * down + kw * dw * channels + c),
                                load(weight, (kh * wide + kw) * channels + c), total)
        put(y, there + c, larger(least, total), channels - c)
