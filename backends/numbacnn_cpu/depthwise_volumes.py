"""Depthwise convolution of volumes (N, C, D, H, W), one filter per channel, where windows lie side by side along a row.

n volume, c channel, (d, h) row of x, (od, oh) row of y, (a, b, k) tap. What some planes of y see of a channel is copied
to a slab, padding included, so that no pixel is a special case; vectors hold pixels of a row of y, and ROWS rows at a
time share the weights. filters (KD * C, 1, KH, KW), tap by tap along the depth, and bias (KD * C) are those of images,
of which y is the sum (depth.py).
"""
import numpy as np

from .channels import put
from .compile import Constant, compiled, kernel
from .isa import REGISTER
from .simd import fill, fma, lanes, load, store
from .slab import inside

ROWS = 4
SLAB = 1 << 16            # numbers in a slab, about: it stays in the cache of a core


def conv3d_depthwise(x, filters, bias, y, kd, sd, pd, dd, _, sh, sw, ph, pw, dh, dw, wide):
    """Lower to the kernel."""
    kh, kw = filters.shape[2:]
    (_, _, _, tall, across), span = y.shape, dd * (kd - 1) + 1
    plane = ((tall - 1) * sh + dh * (kh - 1) + 1) * (across + dw * (kw - 1))
    planes = max(1, min(y.shape[2], (SLAB // plane - span) // sd + 1))
    room = ((planes - 1) * sd + span) * plane + REGISTER // x.dtype.itemsize
    taps = [Constant(taps) if taps == 3 else taps for taps in (kd, kh, kw)]
    return [(depthwise_volumes, [x, filters.physical().flat(), bias, y, taps[0], sd, pd, dd, taps[1], sh, ph, dh,
                                 taps[2], pw, dw, planes, room])] if y.size else []


@kernel(items=lambda y, planes: y.shape[0] * y.shape[1] * -(-y.shape[2] // planes),
        workspace=lambda x, room: ((room,), x.dtype))
def depthwise_volumes(x, filters, bias, y, kd, sd, pd, dd, kh, sh, ph, dh, kw, pw, dw, planes, room, slab, begin, end):
    """An item is some planes of a channel of a volume."""
    (_, channels, depth, tall, across), n = y.shape, lanes(y)
    pieces, target = -(-depth // planes), y.reshape(y.size)
    height, width = (tall - 1) * sh + dh * (kh - 1) + 1, across + dw * (kw - 1)
    for item in range(begin, end):
        line, piece = divmod(item, pieces)
        c, first, last = line % channels, piece * planes, min(piece * planes + planes, depth)
        copy_volume(x, line, first * sd - pd, (last - 1 - first) * sd + dd * (kd - 1) + 1, -ph, height, pw, width, slab)
        base = y.dtype.type(0)
        for a in range(kd):
            base += bias[a * channels + c]
        for od in range(first, last):
            for oh in range(0, tall, ROWS):
                one, two, three = min(oh + 1, tall - 1), min(oh + 2, tall - 1), min(oh + 3, tall - 1)
                for j in range(0, across, n):
                    p = q = r = s = fill(y, base)
                    for a in range(kd):
                        for b in range(kh):
                            at = (((od - first) * sd + a * dd) * height + b * dh) * width + j
                            tap = ((a * channels + c) * kh + b) * kw
                            for k in range(kw):
                                weight, i = fill(y, filters[np.uintp(tap + k)]), at + k * dw
                                p = fma(weight, load(slab, i + oh * sh * width), p)
                                q = fma(weight, load(slab, i + one * sh * width), q)
                                r = fma(weight, load(slab, i + two * sh * width), r)
                                s = fma(weight, load(slab, i + three * sh * width), s)
                    there = (line * depth + od) * tall * across + j
                    put(target, there + oh * across, p, across - j)
                    put(target, there + one * across, q, across - j)
                    put(target, there + two * across, r, across - j)
                    put(target, there + three * across, s, across - j)


@compiled
def copy_volume(x, line, front, deep, top, height, padding, width, slab):
    """Copy planes of a channel of a volume, from plane `front` and row `top`, either of which may be negative.

    In whole vectors: where one reaches too far, the next overwrites it.
    """
    _, _, depth, rows, columns = x.shape
    source, at, zero = x.reshape(x.size), 0, fill(slab, 0)
    begin, end = inside(-padding, 1, width, columns)
    for d in range(front, front + deep):
        for h in range(top, top + height):
            left, right = begin, end
            if d < 0 or d >= depth or h < 0 or h >= rows:
                left = right = width
            for i in range(at, at + left, lanes(slab)):
                store(slab, i, zero)
            apart = ((line * depth + d) * rows + h) * columns - padding - at
            for i in range(at + left, at + right, lanes(slab)):
                store(slab, i, load(source, i + apart))
            for i in range(at + right, at + width, lanes(slab)):
                store(slab, i, zero)
            at += width
