"""Volumes as images: what windows see along the depth lies side by side in the channels of an image.

Volumes (N, C, D, H, W) lie row by row, images (N * OD, H, W, G * KD * C / G) channels last: squares as wide as a vector
are turned in registers. n volume, d plane of x, od plane of y, k tap, g group, c channel of it, p pixel.
"""
from .compile import Constant, compiled, kernel
from .pack import lanes_of
from .planes import turn
from .shape import reshape
from .simd import lanes
from .slab import clear
from .strided import gather
from .tile import add_tiles, blank, in_steps, load_tile, steps, store_rows


def depth_windows(x, y, *numbers):
    """Lower to the kernel."""
    return [(copy_windows, [x, pixels_of(y), *numbers, Constant(lanes_of(x.dtype))])] if y.size else []


def depth_windows_backward(dy, dx, *numbers):
    """Lower to the kernel."""
    return [(add_windows, [pixels_of(dy), dx, *numbers, Constant(lanes_of(dx.dtype))])] if dx.size else []


def pixels_of(images):
    """Return images as (images, pixels, channels)."""
    count, channels, height, width = images.shape
    return images.shaped((count, height * width, channels))


@kernel(items=lambda y, size: y.shape[0] * -(-y.shape[1] // size))
def copy_windows(x, y, kd, sd, pd, dd, groups, size, begin, end):
    """An item is as many pixels of an image as make a square."""
    volumes, channels, depth, _, _ = x.shape
    images, pixels, _ = y.shape
    source, target, across = x.reshape(x.size), y.reshape(y.size), -(-pixels // lanes(x))
    each, below, step = channels // groups, depth * pixels, channels * kd
    for item in range(begin, end):
        image, p = divmod(item, across)
        (n, od), p = divmod(image, images // volumes), p * lanes(x)
        count = min(lanes(x), pixels - p)
        for k in range(kd):
            d = od * sd - pd + k * dd
            for g in range(groups):
                to = (image * pixels + p) * step + (g * kd + k) * each
                if 0 <= d < depth:
                    first = ((n * channels + g * each) * depth + d) * pixels + p
                    for c in range(0, each, lanes(x)):
                        starts = in_steps(first + c * below, below, first + (each - 1) * below, size)
                        tile = turn(load_tile(source, starts, size, 1))
                        store_rows(target, steps(to + c, step, count, size), tile, each - c, count)
                else:
                    clear_runs(target, to, step, each, count)


@compiled
def clear_runs(target, there, step, length, count):
    """Write zeros to so many runs of numbers, which begin so many numbers apart."""
    for _ in range(count):
        clear(target, there, length)
        there += step


@kernel(items=lambda dx, dy, size: dx.shape[0] * dx.shape[2] * -(-dy.shape[1] // size))
def add_windows(dy, dx, kd, sd, pd, dd, groups, size, begin, end):
    """An item is as many pixels of a plane as make a square."""
    volumes, channels, depth, _, _ = dx.shape
    images, pixels, _ = dy.shape
    source, target, across = dy.reshape(dy.size), dx.reshape(dx.size), -(-pixels // lanes(dx))
    planes, each, below, step = images // volumes, channels // groups, depth * pixels, channels * kd
    for item in range(begin, end):
        plane, p = divmod(item, across)
        (n, d), p = divmod(plane, depth), p * lanes(dx)
        count = min(lanes(dx), pixels - p)
        for g in range(groups):
            for c in range(0, each, lanes(dx)):
                tile = blank(dx, size, 1)
                for k in range(kd):
                    od, rest = divmod(d + pd - k * dd, sd)
                    if rest == 0 and 0 <= od < planes:
                        first = ((n * planes + od) * pixels + p) * step + (g * kd + k) * each + c
                        tile = add_tiles(tile, load_tile(source, steps(first, step, count, size), size, 1))
                rows = min(each - c, lanes(dx))
                to = ((n * channels + g * each + c) * depth + d) * pixels + p
                store_rows(target, steps(to, below, rows, size), turn(tile), count, rows)


def conv_filters(weight, y):
    """Lower to a copy: of filters over depth, or along one axis."""
    if weight.ndim == 3:
        return reshape(weight, y)
    return [gather(weight, weight.permuted((0, 3, 4, 2, 1)), by_tap(y, weight.shape))]


def conv_filters_backward(dy, dweight):
    """Lower to the copy back."""
    if dweight.ndim == 3:
        return reshape(dy, dweight)
    return [gather(dy, by_tap(dy, dweight.shape).permuted((0, 4, 3, 1, 2)), dweight)]


def by_tap(filters, shape):
    """Return filters of images as (O, KH, KW, KD, C), given the shape of those over depth."""
    outputs, channels, taps, tall, wide = shape
    return filters.shaped((outputs, tall, wide, taps, channels))
