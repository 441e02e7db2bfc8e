"""Pooling, images (N, H, W, C): windows are passed over with channels innermost.

n image, c channel, (h, w) pixel of x, (oh, ow) pixel of y, (i, j) place in a window of kh x kw. An item is one row of
one image of what is written: gradients are collected by the pixel that receives them, so no two workers meet.
"""
import numpy as np

from .compile import compiled, kernel

SUM, MEAN, MEAN_INSIDE = 0, 1, 2      # a window is divided by 1, by kh * kw, by its pixels inside x


def rows_of_output(x, y, *_):
    """Return how many rows all images of y have."""
    return y.shape[0] * y.shape[1]


# --- maximum ---------------------------------------------------------------------------------------------------

@kernel(items=rows_of_output)
def max_pool2d(x, y, argmax, kh, kw, sh, sw, ph, pw, dh, dw, begin, end):
    _, height, width, _ = x.shape
    for row in range(begin, end):
        n, oh = divmod(row, y.shape[1])
        for ow in range(y.shape[2]):
            best, where = y[n, oh, ow], argmax[n, oh, ow]
            where[:] = -1                               # nothing seen yet
            for i in range(kh):
                h = oh * sh - ph + i * dh
                for j in range(kw):
                    w = ow * sw - pw + j * dw
                    if 0 <= h < height and 0 <= w < width:
                        take_larger(x[n, h, w], np.int32(h * width + w), best, where)


@compiled
def take_larger(values, position, best, where):
    """Let values (C) win over the best so far: larger ones, NaN over all, and the first of a window over nothing."""
    for c in range(values.size):
        value = values[c]
        wins = value > best[c] or value != value or where[c] < 0
        best[c] = value if wins else best[c]
        where[c] = position if wins else where[c]


@kernel(items=lambda dy, argmax, dx, *_: dx.shape[0] * dx.shape[1])
def max_pool2d_backward(dy, argmax, dx, kh, kw, sh, sw, ph, pw, dh, dw, begin, end):
    _, height, width, channels = dx.shape
    zero = dy.dtype.type(0)
    for row in range(begin, end):
        n, h = divmod(row, height)
        dx[n, h] = 0
        for i in range(kh):
            oh, rest = divmod(h + ph - i * dh, sh)
            if rest == 0 and 0 <= oh < dy.shape[1]:
                for ow in range(dy.shape[2]):
                    for j in range(kw):
                        w = ow * sw - pw + j * dw
                        if 0 <= w < width:
                            position = np.int32(h * width + w)
                            for c in range(channels):
                                dx[n, h, w, c] += dy[n, oh, ow, c] if argmax[n, oh, ow, c] == position else zero


# --- sum and mean --------------------------------------------------------------------------------------------------

def sum_pool2d(x, y, *window):
    """Lower to sums."""
    return [(pool, [x.physical(), y.physical(), *window, SUM])]


def sum_pool2d_backward(dy, dx, *window):
    """Lower to sums of the windows that hold a pixel."""
    return [(pool_backward, [dy.physical(), dx.physical(), *window, SUM])]


def avg_pool2d(x, y, *window_and_count):
    """Lower to means."""
    *window, count_include_pad = window_and_count
    return [(pool, [x.physical(), y.physical(), *window, MEAN if count_include_pad else MEAN_INSIDE])]


def avg_pool2d_backward(dy, dx, *window_and_count):
    """Lower to sums of shares of the windows that hold a pixel."""
    *window, count_include_pad = window_and_count
    return [(pool_backward, [dy.physical(), dx.physical(), *window, MEAN if count_include_pad else MEAN_INSIDE])]


@kernel(items=rows_of_output)
def pool(x, y, kh, kw, sh, sw, ph, pw, mode, begin, end):
    _, height, width, channels = x.shape
    for row in range(begin, end):
        n, oh = divmod(row, y.shape[1])
        for ow in range(y.shape[2]):
            y[n, oh, ow] = 0
            for h in range(max(0, oh * sh - ph), min(oh * sh - ph + kh, height)):
                for w in range(max(0, ow * sw - pw), min(ow * sw - pw + kw, width)):
                    for c in range(channels):
                        y[n, oh, ow, c] += x[n, h, w, c]
            divisor = x.dtype.type(share(oh * sh - ph, ow * sw - pw, kh, kw, height, width, mode))
            for c in range(channels):
                y[n, oh, ow, c] /= divisor


@kernel(items=lambda dy, dx, *_: dx.shape[0] * dx.shape[1])
def pool_backward(dy, dx, kh, kw, sh, sw, ph, pw, mode, begin, end):
    _, height, width, channels = dx.shape
    for row in range(begin, end):
        n, h = divmod(row, height)
        dx[n, h] = 0
        for i in range(kh):
            oh, rest = divmod(h + ph - i, sh)
            if rest == 0 and 0 <= oh < dy.shape[1]:
                for ow in range(dy.shape[2]):
                    left = ow * sw - pw
                    divisor = dy.dtype.type(share(oh * sh - ph, left, kh, kw, height, width, mode))
                    for w in range(max(0, left), min(left + kw, width)):
                        for c in range(channels):
                            dx[n, h, w, c] += dy[n, oh, ow, c] / divisor


@compiled
def share(top, left, kh, kw, height, width, mode):
    """Return what the sum of the window that begins at (top, left) is divided by."""
    if mode == SUM:
        return 1
    if mode == MEAN:
        return kh * kw
    return (min(top + kh, height) - max(top, 0)) * (min(left + kw, width) - max(left, 0))


# --- windows that share out the image evenly ------------------------------------------------------------------------

@kernel(items=rows_of_output)
def adaptive_avg_pool2d(x, y, begin, end):
    _, height, width, channels = x.shape
    _, rows, columns, _ = y.shape
    for row in range(begin, end):
        n, oh = divmod(row, rows)
        top, bottom = oh * height // rows, -(-(oh + 1) * height // rows)
        for ow in range(columns):
            left, right = ow * width // columns, -(-(ow + 1) * width // columns)
            y[n, oh, ow] = 0
            for h in range(top, bottom):
                for w in range(left, right):
                    for c in range(channels):
                        y[n, oh, ow, c] += x[n, h, w, c]
            divisor = x.dtype.type((bottom - top) * (right - left))
            for c in range(channels):
                y[n, oh, ow, c] /= divisor


@kernel(items=lambda dy, dx: dx.shape[0] * dx.shape[1])
def adaptive_avg_pool2d_backward(dy, dx, begin, end):
    _, height, width, channels = dx.shape
    _, rows, columns, _ = dy.shape
    for row in range(begin, end):
        n, h = divmod(row, height)
        dx[n, h] = 0
        for oh in range(h * rows // height, -(-(h + 1) * rows // height)):      # the windows that hold row h
            tall = -(-(oh + 1) * height // rows) - oh * height // rows
            for ow in range(columns):
                left, right = ow * width // columns, -(-(ow + 1) * width // columns)
                divisor = dy.dtype.type(tall * (right - left))
                for w in range(left, right):
                    for c in range(channels):
                        dx[n, h, w, c] += dy[n, oh, ow, c] / divisor
