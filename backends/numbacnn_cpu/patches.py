"""What pixels of a convolution's output see of its input, each as one row: convolution becomes a product of matrices.

A patch holds K = KH * KW * C numbers, the taps in the order of the weight (KH, KW, C); zeros where it leaves the image.
Pixels p of all images are counted through. Indices are unsigned where they start at an offset: Numba makes signed
ones count from the end when negative, and LLVM does not vectorise that.
"""
import numpy as np

from .compile import compiled

BLOCK = 16                # patches that are multiplied at a time: they stay in the cache while the weight streams by
FEW = 8                   # channels: copy along pixels instead


@compiled
def gather(x, begin, end, pixels, taps, first, channels, sh, sw, ph, pw, dh, dw, patches):
    """Fill patches with what pixels begin ... end - 1 see through (KH, KW) taps, of channels from first on."""
    height, width = pixels
    p = begin
    while p < end:
        n, oh, ow = p // (height * width), p // width % height, p % width
        run = min(end - p, width - ow)
        gather_run(x[n], oh * sh - ph, ow * sw - pw, run, taps, first, channels, sw, dh, dw, patches[p - begin:])
        p += run


@compiled
def gather_run(x, top, left, run, taps, first, channels, sw, dh, dw, patches):
    """Fill patches with windows of one image: the first begins at (top, left), the next at left + sw."""
    height, width, _ = x.shape
    tall, wide = taps
    step = np.uintp(channels)
    source, k = np.uintp(first), np.uintp(0)
    for kh in range(tall):
        h = top + kh * dh
        for kw in range(wide):
            w = left + kw * dw
            inside, outside = min(max(0, -(w // sw)), run), min(max(0, -((w - width) // sw)), run)
            if not 0 <= h < height:
                outside = inside
            for p in range(run):
                if not inside <= p < outside:
                    for c in range(step):
                        patches[p, k + c] = 0
            if step < FEW:
                for c in range(step):
                    for p in range(inside, outside):
                        patches[p, k + c] = x[h, w + p * sw, source + c]
            else:
                for p in range(inside, outside):
                    for c in range(step):
                        patches[p, k + c] = x[h, w + p * sw, source + c]
            k += step


@compiled
def gather_backward(dy, begin, end, pixels, taps, first, outputs, sh, sw, ph, pw, dh, dw, patches):
    """Fill patches with what pixels begin ... end - 1 of dx see of dy: for each tap, the pixel that saw it, if any.

    Returns whether there was any.
    """
    _, rows, columns, _ = dy.shape
    height, width = pixels
    tall, wide = taps
    step = np.uintp(outputs)
    source = np.uintp(first)
    found = False
    for p in range(begin, end):
        n, h, w = p // (height * width), p // width % height, p % width
        k = np.uintp(0)
        for kh in range(tall):
            oh, rest_h = divmod(h + ph - kh * dh, sh)
            for kw in range(wide):
                ow, rest_w = divmod(w + pw - kw * dw, sw)
                if rest_h == 0 and rest_w == 0 and 0 <= oh < rows and 0 <= ow < columns:
                    found = True
                    for o in range(step):
                        patches[p - begin, k + o] = dy[n, oh, ow, source + o]
                else:
                    for o in range(step):
                        patches[p - begin, k + o] = 0
                k += step
    return found
