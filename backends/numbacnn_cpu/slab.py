"""Slabs: a part of an image, its padding written out, copied to where one worker reads it many times.

What comes after needs no case for the border. A slab is (height, width, channels) in C order, at a position of a flat
array; the window it shows begins at row `top` and column `left` of the image, either of which may be negative.

Indices are unsigned where they start at an offset: Numba makes signed ones count from the end when negative, and LLVM
does not vectorise that.
"""
import numpy as np

from .compile import compiled


@compiled
def copy_slab(image, top, left, height, width, first, channels, slab, at):
    """Copy channels first ... first + channels - 1 of a window of an image (H, W, C), zeros where it leaves it."""
    rows, columns, total = image.shape
    numbers = image.reshape(image.size)
    begin, end = min(max(0, -left), width), max(0, min(width, columns - left))      # columns inside the image
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
def copy(source, first, target, at, count):
    """Copy numbers of one flat array into another."""
    first, at = np.uintp(first), np.uintp(at)
    for i in range(np.uintp(count)):
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
