"""Pooling, images (N, H, W, C): windows are passed over with channels innermost.

n image, c channel, (h, w) pixel of x, (oh, ow) pixel of y, (i, j) place in a window of kh x kw. An item is one row of
one image of what is written: gradients are collected by the pixel that receives them, so no two workers meet.
"""
from .channels import put
from .compile import Constant, compiled, kernel
from .simd import fill, fma, lanes, load, select
from .slab import inside
from .whole import add_whole, load_whole, store_whole, whole, wins

SIDES = 2, 3              # of square windows, for which kernels are compiled anew


def rows_of_output(y):
    """Return how many rows all images of y have."""
    return y.shape[0] * y.shape[1]


def rows_of_input(dx):
    """Return how many rows all images of dx have."""
    return dx.shape[0] * dx.shape[1]


# --- maximum ---------------------------------------------------------------------------------------------------

def max_pool2d(x, y, argmax, *window):
    """Lower to the kernel for the window."""
    return [(max_pool, [x.physical(), y.physical(), argmax.physical(), *sides(*window)])]


def max_pool2d_backward(dy, argmax, dx, *window):
    """Lower to a kernel that writes the windows, if they lie side by side, or one that writes the pixels."""
    (kh, kw), *others = window[:2], window[2:4], window[4:]
    arrays = [dy.physical(), argmax.physical(), dx.physical()]
    if others == [(kh, kw), (0, 0, 1, 1)] and are_inside(*arrays[::2], kh, kw):
        return [(max_pool_backward_apart, [*arrays, *sides(kh, kw)])]
    return [(max_pool_backward, [*arrays, *window])]


def are_inside(dy, dx, kh, kw):
    """Whether no window of those that lie side by side leaves the image."""
    return dy.shape[1] * kh <= dx.shape[1] and dy.shape[2] * kw <= dx.shape[2]


def sides(kh, kw, *others):
    """Return the numbers of a window, its sides as constants if they are usual."""
    return (Constant(kh), Constant(kw), *others) if kh == kw and kh in SIDES else (kh, kw, *others)


@compiled
def whole_windows(start, stride, dilation, taps, size, count):
    """Return from which to before which of so many windows, the first at `start`, all taps are inside an axis."""
    first = min(count, max(0, -(start // stride)))
    return first, max(first, min(count, (size - 1 - (taps - 1) * dilation - start) // stride + 1))


@kernel(items=rows_of_output)
def max_pool(x, y, argmax, kh, kw, sh, sw, ph, pw, dh, dw, begin, end):
    _, height, width, channels = x.shape
    _, rows, columns, _ = y.shape
    values, best, where = x.reshape(x.size), y.reshape(y.size), argmax.reshape(argmax.size)
    first, last = whole_windows(-pw, sw, dw, kw, width, columns)
    for row in range(begin, end):
        n, oh = divmod(row, rows)
        top, ow = oh * sh - ph, 0
        above, below = inside(top, dh, kh, height)
        while ow < columns:
            left = ow * sw - pw
            before, after = inside(left, dw, kw, width)
            h, w, there = top + above * dh, left + before * dw, (row * columns + ow) * channels
            at = ((n * height + h) * width + w) * channels
            if below - above == kh and ow == first and first < last:
                take_largest(values, at, kh, kw, dh, dw, h, w, sw, width, best, where, there, last - first, channels)
                ow = last
            else:
                take_largest(values, at, below - above, after - before, dh, dw, h, w, sw, width, best, where, there, 1,
                             channels)
                ow += 1


@compiled
def take_largest(x, at, tall, wide, dh, dw, h, w, apart, width, y, argmax, there, count, channels):
    """Write so many pixels of y and argmax: the first window begins at pixel (h, w), the next `apart` further.

    The first of a window stands at the beginning, and wins over itself only if it is NaN.
    """
    for p in range(count):
        for c in range(0, channels, lanes(x)):
            best, where = load(x, at + c), whole(x, 0)
            for i in range(tall):
                for j in range(wide):
                    value = load(x, at + (i * dh * width + j * dw) * channels + c)
                    won = wins(value, best)
                    best = select(won, value, best)
                    where = select(won, whole(x, i * dh * width + j * dw), where)
            put(y, there + c, best, channels - c)
            store_whole(argmax, there + c, add_whole(where, h * width + w + p * apart), channels - c)
        at += apart * channels
        there += channels


@kernel(items=rows_of_input)
def max_pool_backward(dy, argmax, dx, kh, kw, sh, sw, ph, pw, dh, dw, begin, end):
    """A window that spans a pixel without seeing it, for it is dilated, is not asked in vain: argmax tells."""
    _, height, width, channels = dx.shape
    _, rows, columns, _ = dy.shape
    given, where, result = dy.reshape(dy.size), argmax.reshape(argmax.size), dx.reshape(dx.size)
    for row in range(begin, end):
        n, h = divmod(row, height)
        top, bottom = spanning(h + ph, sh, dh, kh, rows)
        left = right = 0
        for w in range(width):
            left, right = moved_on(left, right, w + pw, sw, dw, kw, columns)
            position = whole(dy, h * width + w)
            for c in range(0, channels, lanes(dy)):
                total = fill(dy, 0)
                for oh in range(top, bottom):
                    for ow in range(left, right):
                        i = ((n * rows + oh) * columns + ow) * channels + c
                        won = load_whole(where, i, dy) == position
                        total = total + select(won, load(given, i), fill(dy, 0))
                put(result, (row * width + w) * channels + c, total, channels - c)


@compiled
def spanning(position, stride, dilation, taps, size):
    """Return from which to before which window, of so many, a pixel (padding counted) lies between the ends of one."""
    return max(0, position - (taps - 1) * dilation + stride - 1) // stride, min(size, position // stride + 1)


@compiled
def moved_on(first, last, position, stride, dilation, taps, size):
    """Return the same for a position, given the windows of one before: without divisions."""
    while first < size and first * stride + (taps - 1) * dilation < position:
        first += 1
    while last < size and last * stride <= position:
        last += 1
    return first, last


@kernel(items=rows_of_input)
def max_pool_backward_apart(dy, argmax, dx, kh, kw, begin, end):
    """The same for windows side by side. Pixels after the last window receive nothing."""
    _, height, width, channels = dx.shape
    _, rows, columns, _ = dy.shape
    given, where, result = dy.reshape(dy.size), argmax.reshape(argmax.size), dx.reshape(dx.size)
    for row in range(begin, end):
        n, h = divmod(row, height)
        seen = columns if h // kh < rows else 0
        for ow in range(seen):
            i, there = ((n * rows + h // kh) * columns + ow) * channels, (row * width + ow * kw) * channels
            for c in range(0, channels, lanes(dy)):
                found, gradient = load_whole(where, i + c, dy), load(given, i + c)
                for j in range(kw):
                    won = found == whole(dy, h * width + ow * kw + j)
                    put(result, there + j * channels + c, select(won, gradient, fill(dy, 0)), channels - c)
        result[(row * width + seen * kw) * channels:(row + 1) * width * channels] = 0


# --- sum and mean --------------------------------------------------------------------------------------------------

def avg_pool2d(x, y, *window_and_divisor):
    """Lower to means."""
    x, y = x.physical(), y.physical()
    *window, count_include_pad, divisor = window_and_divisor
    return [(pool, [x, y, *sides(*window), *counted(x, y, window, count_include_pad, divisor)])]


def avg_pool2d_backward(dy, dx, *window_and_divisor):
    """Lower to a kernel that writes the windows, if they lie side by side, or one that writes pixels."""
    dy, dx = dy.physical(), dx.physical()
    *window, count_include_pad, divisor = window_and_divisor
    (kh, kw), *others = window[:2], window[2:4], window[4:]
    divisor, *border = counted(dx, dy, window, count_include_pad, divisor)
    if others == [[kh, kw], [0, 0]] and are_inside(dy, dx, kh, kw):
        return [(pool_backward_apart, [dy, dx, kh, kw, divisor])]
    return [(pool_backward, [dy, dx, *window, divisor, *border])]


def counted(x, y, window, count_include_pad, divisor):
    """Return what every sum is divided by, or 0: by its pixels in x and in a border around it, whose sides follow."""
    kh, kw, sh, sw, ph, pw = window
    border = (ph, pw) if count_include_pad else (0, 0)
    spans = ((n - 1) * s + k - p <= size + b for n, s, k, p, size, b in zip(
        y.shape[1:3], (sh, sw), (kh, kw), (ph, pw), x.shape[1:3], border, strict=True))
    if divisor == 0 and border == (ph, pw) and all(spans):
        divisor = kh * kw
    return divisor, *border


@kernel(items=rows_of_output)
def pool(x, y, kh, kw, sh, sw, ph, pw, divisor, bh, bw, begin, end):
    _, height, width, channels = x.shape
    _, rows, columns, _ = y.shape
    values, result = x.reshape(x.size), y.reshape(y.size)
    first, last = whole_windows(-pw, sw, 1, kw, width, columns)
    for row in range(begin, end):
        n, oh = divmod(row, rows)
        top, ow = oh * sh - ph, 0
        above, below = inside(top, 1, kh, height)
        while ow < columns:
            left = ow * sw - pw
            before, after = inside(left, 1, kw, width)
            at, there = ((n * height + top + above) * width + left + before) * channels, (row * columns + ow) * channels
            terms = divisor or pixels(top, left, kh, kw, height, width, bh, bw)
            if below - above == kh and ow == first and first < last:
                add_windows(values, at, kh, kw, width, sw, terms, result, there, last - first, channels)
                ow = last
            else:
                add_windows(values, at, below - above, after - before, width, sw, terms, result, there, 1, channels)
                ow += 1


@compiled
def add_windows(x, at, tall, wide, width, apart, divisor, y, there, count, channels):
    """Write so many pixels of y: the first window begins at position `at` of x, the next `apart` pixels further."""
    for _ in range(count):
        for c in range(0, channels, lanes(x)):
            total = fill(x, 0)
            for i in range(tall):
                for j in range(wide):
                    total = total + load(x, at + (i * width + j) * channels + c)
            put(y, there + c, total / fill(x, divisor), channels - c)
        at += apart * channels
        there += channels


@kernel(items=rows_of_input)
def pool_backward(dy, dx, kh, kw, sh, sw, ph, pw, divisor, bh, bw, begin, end):
    _, height, width, channels = dx.shape
    _, rows, columns, _ = dy.shape
    given, result = dy.reshape(dy.size), dx.reshape(dx.size)
    part = 1 / (divisor or 1)
    for row in range(begin, end):
        n, h = divmod(row, height)
        top, bottom = spanning(h + ph, sh, 1, kh, rows)
        left = right = 0
        for w in range(width):
            left, right = moved_on(left, right, w + pw, sw, 1, kw, columns)
            for c in range(0, channels, lanes(dy)):
                total = fill(dy, 0)
                for oh in range(top, bottom):
                    for ow in range(left, right):
                        if divisor == 0:
                            part = 1 / pixels(oh * sh - ph, ow * sw - pw, kh, kw, height, width, bh, bw)
                        at = ((n * rows + oh) * columns + ow) * channels + c
                        total = fma(load(given, at), fill(dy, part), total)
                put(result, (row * width + w) * channels + c, total, channels - c)


@kernel(items=rows_of_input)
def pool_backward_apart(dy, dx, kh, kw, divisor, begin, end):
    """The same for windows side by side, without padding. Pixels after the last window receive nothing."""
    _, height, width, channels = dx.shape
    _, rows, columns, _ = dy.shape
    given, result = dy.reshape(dy.size), dx.reshape(dx.size)
    part = fill(dy, 1 / divisor)
    for row in range(begin, end):
        n, h = divmod(row, height)
        seen = columns if h // kh < rows else 0
        for ow in range(seen):
            at, there = ((n * rows + h // kh) * columns + ow) * channels, (row * width + ow * kw) * channels
            for c in range(0, channels, lanes(dy)):
                gradient = load(given, at + c) * part
                for j in range(kw):
                    put(result, there + j * channels + c, gradient, channels - c)
        result[(row * width + seen * kw) * channels:(row + 1) * width * channels] = 0


@compiled
def pixels(top, left, kh, kw, height, width, bh, bw):
    """Return how many pixels of a window that begins at (top, left) lie in x, or in the border around it."""
    return ((min(top + kh, height + bh) - max(top, -bh)) * (min(left + kw, width + bw) - max(left, -bw)))
