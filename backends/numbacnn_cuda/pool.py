"""Pooling of images, (N, H, W, C): a thread computes one number.

n image, c channel, (h, w) pixel of x, (oh, ow) pixel of y, a window of kh x kw. Gradients are collected by the pixel
that receives them, from the windows that may hold it, in row-major order: so they are the same at each run.
"""
from .compile import cuda, device, kernel, real
from .division import dividers, quotient, split
from .elementwise import renamed

SIDES = 2, 3              # of square windows that have kernels of their own


# --- maximum --------------------------------------------------------------------------------------------------------

def max_pool2d(x, y, argmax, *window):
    """Lower to the kernel for the window."""
    kh, kw, sh, sw, ph, pw, dh, dw = window
    square = kh == kw and kh in SIDES and (dh, dw) == (1, 1)
    return [(max_squares[kh] if square else max_windows, [x.flat(), y.flat(), argmax.flat(), x.shape[2:],
                                                          (sh, sw, ph, pw), (kh, kw, dh, dw), *pixels_of(y)])]


def pixels_of(y):
    """Return dividers that find the channel, column and row of a number of an image."""
    return dividers(y.shape[1], y.shape[3], y.shape[2])


@device
def pixel_at(i, channels, columns, rows):
    """Return image, row, column and channel of number i."""
    pixel, c = split(i, channels)
    row, column = split(pixel, columns)
    n, row = split(row, rows)
    return n, row, column, c


@device
def largest_inside(x, base, top, left, window, image, channels):
    """Return the largest of the places of a window that are inside an image, and where it is.

    The first of them stands at the beginning, and wins over itself only if it is NaN.
    """
    height, width = image
    kh, kw, dh, dw = window
    bottom, right = min(height, top + kh * dh), min(width, left + kw * dw)
    h, left = first_inside(top, dh), first_inside(left, dw)
    where = h * width + left
    best = x[base + where * channels]
    while h < bottom:
        w = left
        while w < right:
            value = x[base + (h * width + w) * channels]
            if value > best or value != value:
                best, where = value, h * width + w
            w += dw
        h += dh
    return best, where


@device
def first_inside(at, step):
    """Return the first place of a window from 0 on."""
    while at < 0:
        at += step
    return at


@kernel(items=lambda y: y.size)
def max_windows(x, y, argmax, image, steps, window, channels, columns, rows):
    i = cuda.grid(1)
    if i < y.size:
        n, oh, ow, c = pixel_at(i, channels, columns, rows)
        base = n * image[0] * image[1] * channels[0] + c
        best, where = largest_inside(x, base, oh * steps[0] - steps[2], ow * steps[1] - steps[3], window, image,
                                     channels[0])
        y[i] = best
        argmax[i] = where


def of_squares(side):
    """Return the kernel for windows of a side: all places of those that are inside an image are read at once."""
    def max_square(x, y, argmax, image, steps, window, channels, columns, rows):
        i = cuda.grid(1)
        if i < y.size:
            height, width = image
            n, oh, ow, c = pixel_at(i, channels, columns, rows)
            top, left = oh * steps[0] - steps[2], ow * steps[1] - steps[3]
            base = n * height * width * channels[0] + c
            if top >= 0 and left >= 0 and top + side <= height and left + side <= width:
                at = base + (top * width + left) * channels[0]
                best, where = x[at], 0
                for p in range(side):
                    for q in range(side):
                        value = x[at + (p * width + q) * channels[0]]
                        if value > best or value != value:
                            best, where = value, p * side + q
                where = (top + where // side) * width + left + where % side
            else:
                best, where = largest_inside(x, base, top, left, window, image, channels[0])
            y[i] = best
            argmax[i] = where

    return kernel(items=lambda y: y.size)(renamed(max_square, f"max_square_{side}"))


max_squares = {side: of_squares(side) for side in SIDES}


def max_pool2d_backward(dy, argmax, dx, *window):
    """Lower to one kernel. The places of a dilated window have gaps: argmax tells whether one was seen."""
    kh, kw, sh, sw, ph, pw, dh, dw = window
    return [(max_pool_gradient, [dy.flat(), argmax.flat(), dx.flat(), dy.shape[2:],
                                 ((kh - 1) * dh, (kw - 1) * dw, ph, pw), *dividers(sh, sw), *pixels_of(dx)])]


@device
def holding(position, reach, stride, count):
    """Return from which to before which of so many windows, `reach` + 1 long, a position lies, padding counted."""
    first = quotient(max(position - reach + stride[0] - 1, 0), stride)
    return first, min(quotient(position, stride) + 1, count)


@kernel(items=lambda dx: dx.size)
def max_pool_gradient(dy, argmax, dx, windows, reach, sh, sw, channels, columns, rows):
    i = cuda.grid(1)
    if i < dx.size:
        n, h, w, c = pixel_at(i, channels, columns, rows)
        tall, wide, ph, pw = reach
        top, bottom = holding(h + ph, tall, sh, windows[0])
        left, right = holding(w + pw, wide, sw, windows[1])
        place = h * columns[0] + w
        total = real(0)
        for oh in range(top, bottom):
            for ow in range(left, right):
                k = ((n * windows[0] + oh) * windows[1] + ow) * channels[0] + c
                if argmax[k] == place:
                    total += dy[k]
        dx[i] = total


# --- sum and mean ---------------------------------------------------------------------------------------------------

def avg_pool2d(x, y, *numbers):
    """Lower to sums and their division."""
    *window, _, _ = numbers
    return [(sum_windows, [x.flat(), y.flat(), x.shape[2:], tuple(window), *counted(x, y, numbers), *pixels_of(y)])]


def avg_pool2d_backward(dy, dx, *numbers):
    """Lower to one kernel."""
    *window, _, _ = numbers
    return [(sum_gradient, [dy.flat(), dx.flat(), dy.shape[2:], tuple(window), *counted(dx, dy, numbers),
                            *dividers(*window[2:4]), *pixels_of(dx)])]


def counted(x, y, numbers):
    """Return what every sum is divided by, or 0: by its pixels in x and in a border around it, whose sides follow."""
    kh, kw, sh, sw, ph, pw, count_include_pad, divisor = numbers
    border = (ph, pw) if count_include_pad else (0, 0)
    whole = all((count - 1) * step + side - padding <= size + edge for count, step, side, padding, size, edge in zip(
        y.shape[2:], (sh, sw), (kh, kw), (ph, pw), x.shape[2:], border, strict=True))
    if divisor == 0 and border == (ph, pw) and whole:
        divisor = kh * kw
    return float(divisor), border


@device
def terms(top, left, kh, kw, height, width, border):
    """Return how many pixels of the window that begins at (top, left) lie in x, or in the border around it."""
    tall = min(top + kh, height + border[0]) - max(top, -border[0])
    return tall * (min(left + kw, width + border[1]) - max(left, -border[1]))


@kernel(items=lambda y: y.size)
def sum_windows(x, y, image, window, divisor, border, channels, columns, rows):
    i = cuda.grid(1)
    if i < y.size:
        height, width = image
        kh, kw, sh, sw, ph, pw = window
        n, oh, ow, c = pixel_at(i, channels, columns, rows)
        top, left = oh * sh - ph, ow * sw - pw
        base = n * height * width * channels[0] + c
        total = real(0)
        for h in range(max(top, 0), min(top + kh, height)):
            for w in range(max(left, 0), min(left + kw, width)):
                total += x[base + (h * width + w) * channels[0]]
        if divisor == 0:
            y[i] = total / real(terms(top, left, kh, kw, height, width, border))
        else:
            y[i] = total / divisor


@kernel(items=lambda dx: dx.size)
def sum_gradient(dy, dx, windows, window, divisor, border, sh, sw, channels, columns, rows):
    i = cuda.grid(1)
    if i < dx.size:
        kh, kw, _, _, ph, pw = window
        n, h, w, c = pixel_at(i, channels, columns, rows)
        top, bottom = holding(h + ph, kh - 1, sh, windows[0])
        left, right = holding(w + pw, kw - 1, sw, windows[1])
        total = real(0)
        for oh in range(top, bottom):
            for ow in range(left, right):
                value = dy[((n * windows[0] + oh) * windows[1] + ow) * channels[0] + c]
                if divisor == 0:
                    value /= real(terms(oh * sh[0] - ph, ow * sw[0] - pw, kh, kw, rows[0], columns[0], border))
                total += value
        dx[i] = total if divisor == 0 else total / divisor
