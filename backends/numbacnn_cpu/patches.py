"""What pixels of a convolution's output see of its input: convolution becomes a product of matrices.

A patch holds K = KH * KW * C numbers, the taps in the order of the weight (KH, KW, C); zeros where it leaves the image.
It is a row of `patches`, or a column of `columns`. Pixels p of all images are counted through.

Indices are unsigned where they start at an offset: Numba makes signed ones count from the end when negative, and LLVM
does not vectorise that.
"""
import numpy as np

from .compile import compiled

BLOCK = 16                # rows that are multiplied at a time: they stay in the cache while the weight streams by
PIXELS = 128              # columns that are multiplied at a time: many, for sums are made along them
FEW = 8                   # channels, from which on rows are faster filled, even if they must then be transposed
SPACING = 16              # numbers between rows that are transposed: at a power of two, they would share cache lines


@compiled
def place(p, pixels):
    """Return image, row and column of pixel p, images having (height, width) pixels."""
    height, width = pixels
    return p // (height * width), p // width % height, p % width


@compiled
def inside(start, step, run, size):
    """Return from which to before which of the places start, start + step, ... lie in 0 ... size - 1: of so many."""
    if start >= 0 and start + (run - 1) * step < size:     # the usual case, without divisions
        return 0, run
    first = min(max(0, -(start // step)), run)
    return first, max(first, min(run, -((start - size) // step)))


@compiled
def gather(x, begin, end, pixels, taps, first, channels, sh, sw, ph, pw, dh, dw, patches):
    """Fill rows with what pixels begin ... end - 1 see of some channels, from the first on.

    taps: (KW, the first tap, the one after the last).
    """
    p = begin
    while p < end:
        n, oh, ow = place(p, pixels)
        run = min(end - p, pixels[1] - ow)
        gather_run(x[n], oh * sh - ph, ow * sw - pw, sw, run, taps, first, channels, dh, dw, patches[p - begin:])
        p += run


@compiled
def gather_run(x, top, left, step, run, taps, first, channels, dh, dw, patches):
    """Fill rows with windows of one image: the first begins at (top, left), the next at left + step."""
    height, width, _ = x.shape
    source, k, depth = np.uintp(first), np.uintp(0), np.uintp(channels)
    for tap in range(taps[1], taps[2]):
        h, w = top + tap // taps[0] * dh, left + tap % taps[0] * dw
        begin, end = inside(w, step, run if 0 <= h < height else 0, width)
        for p in range(run):
            if begin <= p < end:
                for c in range(depth):
                    patches[p, k + c] = x[h, w + p * step, source + c]
            else:
                for c in range(depth):
                    patches[p, k + c] = 0
        k += depth


@compiled
def gather_columns(x, begin, end, pixels, taps, sh, sw, ph, pw, dh, dw, columns):
    """Fill columns with what pixels begin ... end - 1 see through (KH, KW) taps, of all channels: for few channels."""
    p = begin
    while p < end:
        n, oh, ow = place(p, pixels)
        run = min(end - p, pixels[1] - ow)
        gather_columns_run(x[n], oh * sh - ph, ow * sw - pw, sw, run, taps, dh, dw, columns, p - begin)
        p += run


@compiled
def gather_columns_run(x, top, left, step, run, taps, dh, dw, columns, at):
    """Fill columns from `at` on with windows of one image, as `gather_run` fills rows."""
    height, width, channels = x.shape
    tall, wide = taps
    source, stride, at = x.reshape(x.size), np.uintp(step * channels), np.uintp(at)
    k = 0
    for kh in range(tall):
        h = top + kh * dh
        for kw in range(wide):
            w = left + kw * dw
            begin, end = inside(w, step, run if 0 <= h < height else 0, width)
            start = np.uintp(max(0, (h * width + w + begin * step) * channels))     # unused where it is negative
            before, count = np.uintp(begin), np.uintp(end - begin)
            for c in range(np.uintp(channels)):
                if end - begin < run:
                    for p in range(np.uintp(run)):
                        columns[k, at + p] = 0
                if stride == 1:                         # said as a constant, so that the loop is vectorised
                    for p in range(count):
                        columns[k, at + before + p] = source[start + c + p]
                else:
                    for p in range(count):
                        columns[k, at + before + p] = source[start + c + p * stride]
                k += 1


@compiled
def transpose(a, y):
    """y (J, I) = a (I, J) transposed."""
    for j in range(y.shape[0]):
        for i in range(y.shape[1]):
            y[j, i] = a[i, j]


@compiled
def gather_backward(dy, begin, end, pixels, taps, first, outputs, sh, sw, ph, pw, dh, dw, patches):
    """Fill rows with what pixels begin ... end - 1 of dx see of dy: for each tap, the pixel that saw it, if any.

    Returns whether there was any.
    """
    _, rows, columns, _ = dy.shape
    tall, wide = taps
    source, depth = np.uintp(first), np.uintp(outputs)
    found = False
    for p in range(begin, end):
        n, h, w = place(p, pixels)
        k = np.uintp(0)
        for kh in range(tall):
            oh, rest_h = divmod(h + ph - kh * dh, sh)
            for kw in range(wide):
                ow, rest_w = divmod(w + pw - kw * dw, sw)
                if rest_h == 0 and rest_w == 0 and 0 <= oh < rows and 0 <= ow < columns:
                    found = True
                    for o in range(depth):
                        patches[p - begin, k + o] = dy[n, oh, ow, source + o]
                else:
                    for o in range(depth):
                        patches[p - begin, k + o] = 0
                k += depth
    return found
