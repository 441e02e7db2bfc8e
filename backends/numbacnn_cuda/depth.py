"""Volumes as images: what windows see along the depth lies side by side in the channels of an image.

Volumes lie (N, C, D, P), images (N, OD, P, G, KD, C / G). n volume, d plane of x, od plane of y, k tap, g group, c
channel of it, p pixel.
"""
from .compile import cuda, kernel, real
from .division import dividers, split
from .shape import reshape
from .strided import gather


def arranged(volumes, images, kd, groups):
    """Return volumes and images in such shapes."""
    n, channels, depth, height, width = volumes.shape
    planes = images.shape[0] // max(n, 1)
    return (volumes.shaped((n, channels, depth, height * width)),
            images.shaped((n, planes, height * width, groups, kd, channels // groups)))


def depth_windows(x, y, kd, sd, pd, dd, groups):
    """Lower to one kernel."""
    x, y = arranged(x, y, kd, groups)
    return [(copy_windows, [x, y, *dividers(*reversed(y.shape[1:])), sd, pd, dd])]


def depth_windows_backward(dy, dx, kd, sd, pd, dd, groups):
    """Lower to one kernel."""
    dx, dy = arranged(dx, dy, kd, groups)
    return [(add_windows, [dy, dx, *dividers(*reversed(dx.shape[1:])), sd, pd, dd])]


@kernel(items=lambda y: y.size)
def copy_windows(x, y, by_channel, by_tap, by_group, by_pixel, by_plane, sd, pd, dd):
    i = cuda.grid(1)
    if i < y.size:
        i, c = split(i, by_channel)
        i, k = split(i, by_tap)
        i, g = split(i, by_group)
        i, p = split(i, by_pixel)
        n, od = split(i, by_plane)
        d = od * sd - pd + k * dd
        y[n, od, p, g, k, c] = x[n, g * y.shape[5] + c, d, p] if d >= 0 and d < x.shape[2] else real(0)


@kernel(items=lambda dx: dx.size)
def add_windows(dy, dx, by_pixel, by_plane, by_channel, sd, pd, dd):
    i = cuda.grid(1)
    if i < dx.size:
        i, p = split(i, by_pixel)
        i, d = split(i, by_plane)
        n, channel = split(i, by_channel)
        planes, taps, each = dy.shape[1], dy.shape[4], dy.shape[5]
        g = channel // each
        total = real(0)
        for k in range(taps):
            a = d + pd - k * dd
            od = a // sd
            if a >= 0 and od * sd == a and od < planes:
                total += dy[n, od, p, g, k, channel - g * each]
        dx[n, channel, d, p] = total


def conv_filters(weight, y):
    """Lower to a copy: of filters over depth, or along one axis."""
    if weight.ndim == 3:
        return reshape(weight, y)
    return [gather(weight.permuted((0, 3, 4, 2, 1)), by_tap(y, weight.shape))]


def conv_filters_backward(dy, dweight):
    """Lower to the copy back."""
    if dweight.ndim == 3:
        return reshape(dy, dweight)
    return [gather(by_tap(dy, dweight.shape).permuted((0, 4, 3, 1, 2)), dweight)]


def by_tap(filters, shape):
    """Return filters of images as (O, KH, KW, KD, C), given the shape of those over depth."""
    outputs, channels, taps, tall, wide = shape
    return filters.shaped((outputs, tall, wide, taps, channels))
