"""Slabs: a part of an image, its padding written out, copied to where one worker reads it many times.

What comes after needs no case for the border. A slab is (height, width, channels) in C order, at a position of a flat
array; the window it shows begins at row `top` and column `left` of the image, either of which may be negative.

Indices are unsigned where they start at an offset: Numba makes signed ones count from the end when negative, and LLVM
does not vectorise that.
"""
import numpy as np

from .compile import compiled
from .norm_forward import RELU, apply_to
from .norm_moments import AHEAD
from .simd import fill, lanes, load, prefetch, store

ABSENT = np.zeros((0, 0))      # in place of an array of 1 or 3 axes: what asks for `ndim` is then not even compiled


@compiled
def copy_slab(image, top, left, height, width, first, channels, slab, at):
    """Copy channels first ... first + channels - 1 of a window of an image (H, W, C), zeros where it leaves it."""
    rows, columns, total = image.shape
    numbers = image.reshape(image.size)
    begin, end = inside(left, 1, width, columns)
    for row in range(top, top + height):
        if row < 0 or row >= rows or end <= begin:
            clear(slab, at, width * channels)
        else:
            clear(slab, at, begin * channels)
            source, target = ((row * columns) + left + begin) * total + first, at + begin * channels
            if channels == total:
                copy(numbers, source, slab, target, (end - begin) * channels)
            else:
                for _ in range(end - begin):
                    copy(numbers, source, slab, target, channels)
                    source += total
                    target += channels
            clear(slab, at + end * channels, (width - end) * channels)
        at += width * channels


@compiled
def copy_window(image, top, left, height, width, slab):
    """Copy a window of an image (H, W, C) to the beginning of a slab, zeros where it leaves it.

    In whole vectors: where one reaches too far, the next overwrites it. The slab has room for one behind its end.
    """
    rows, columns, channels = image.shape
    numbers, zero = image.reshape(image.size), fill(slab, 0)
    begin, end = inside(left, 1, width, columns)
    at = 0
    for row in range(top, top + height):
        inner, outer = at + begin * channels, at + end * channels
        if row < 0 or row >= rows or end <= begin:
            inner = outer = at + width * channels
        for i in range(at, inner, lanes(slab)):
            store(slab, i, zero)
        offset = (row * columns + left) * channels - at
        for i in range(inner, outer, lanes(slab)):
            store(slab, i, load(numbers, i + offset))
        at += width * channels
        for i in range(outer, at, lanes(slab)):
            store(slab, i, zero)


@compiled
def copy_normalised(image, top, left, height, width, mean, rstd, weight, bias, slab, at):
    """Copy a window of relu(batch_norm(image)), with all its channels, zeros where it leaves the image."""
    rows, columns, channels = image.shape
    numbers = image.reshape(image.size)
    begin, end = inside(left, 1, width, columns)
    for row in range(top, top + height):
        if row < 0 or row >= rows or end <= begin:
            clear(slab, at, width * channels)
        else:
            clear(slab, at, begin * channels)
            apply_to(numbers, (row * columns + left + begin) * channels, end - begin, mean, rstd, weight, bias,
                     slab, at + begin * channels, RELU, 0)
            clear(slab, at + end * channels, (width - end) * channels)
        at += width * channels


@compiled
def copy_input(image, top, left, height, width, first, channels, mean, rstd, weight, bias, slab, at):
    """Copy a window of relu(batch_norm(image)), or, where there is no mean, of some channels of an image."""
    if mean.ndim == 1:
        copy_normalised(image, top, left, height, width, mean, rstd, weight, bias, slab, at)
    else:
        copy_slab(image, top, left, height, width, first, channels, slab, at)


@compiled
def copy_panel(source, at, step, count, vectors, panel, to):
    """Copy the first numbers of some pixels, as many as `vectors` hold, so that they lie side by side.

    The first pixel begins at position `at`, and they are `step` apart.
    """
    for _ in range(count):
        for c in range(0, vectors * lanes(source), lanes(source)):
            store(panel, to + c, load(source, at + c))
        at += step
        to += vectors * lanes(source)


@compiled
def copy(source, first, target, at, count):
    """Copy numbers of one flat array into another."""
    whole = count // lanes(source) * lanes(source)
    for i in range(0, whole, lanes(source)):
        prefetch(source, first + i + AHEAD)
        store(target, at + i, load(source, first + i))
    for i in range(whole, count):
        target[at + i] = source[first + i]


@compiled
def clear(target, at, count):
    """Write zeros."""
    at = np.uintp(at)
    for i in range(np.uintp(count)):
        target[at + i] = 0


@compiled
def inside(start, step, run, size):
    """Return from which to before which of the places start, start + step, ... lie in 0 ... size - 1: of so many."""
    if start >= 0 and start + (run - 1) * step < size:     # the usual case, without divisions
        return 0, run
    first = min(max(0, -(start // step)), run)
    return first, max(first, min(run, -((start - size) // step)))
