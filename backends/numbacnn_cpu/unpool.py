"""Numbers put where indices point, and taken from there: gradients of maxima, and unpooling.

Arrays are seen as (plane, place, number), C order: images and channels, places in row-major order, and one number; or
images, places, and the channels that are last. An item is a plane, or up to CHANNELS of its channels.
"""
import numpy as np

from .compile import compiled, kernel
from .slab import clear

CHANNELS = 64


def in_places(*views):
    """Arrange arrays as (plane, place, number)."""
    return [view.places() for view in views]


def pieces(x):
    """Return how many items there are."""
    return x.shape[0] * -(-x.shape[2] // CHANNELS)


def piece(item, numbers):
    """Return the plane of an item, and from which to before which number."""
    plane, number = divmod(item, -(-numbers // CHANNELS))
    return plane, number * CHANNELS, min(numbers, (number + 1) * CHANNELS)


@kernel(items=lambda dx: pieces(dx), arrange=in_places)
def max_pool_backward(dy, argmax, dx, begin, end):
    for item in range(begin, end):
        plane, first, last = piece(item, dx.shape[2])
        erase(dx, plane, first, last)
        if dx.shape[2] == 1:
            given, where, target = dy[plane, :, 0], argmax[plane, :, 0], dx[plane, :, 0]
            for place in range(given.size):
                target[np.uintp(where[place])] += given[place]
        else:
            for place in range(dy.shape[1]):
                for c in range(first, last):
                    dx[plane, np.uintp(argmax[plane, place, c]), c] += dy[plane, place, c]


@kernel(items=lambda y: pieces(y), arrange=in_places, raises=True)
def max_unpool(x, indices, y, begin, end):
    for item in range(begin, end):
        plane, first, last = piece(item, y.shape[2])
        erase(y, plane, first, last)
        for place in range(x.shape[1]):
            for c in range(first, last):
                index = indices[plane, place, c]
                if not 0 <= index < y.shape[1]:
                    raise IndexError("max_unpool: indices must be from 0 to {}, got {}", y.shape[1] - 1, index)
                y[plane, index, c] = x[plane, place, c]


@kernel(items=lambda dx: pieces(dx), arrange=in_places, raises=True)
def max_unpool_backward(dy, indices, dx, begin, end):
    for item in range(begin, end):
        plane, first, last = piece(item, dx.shape[2])
        for place in range(dx.shape[1]):
            for c in range(first, last):
                index = indices[plane, place, c]
                if not 0 <= index < dy.shape[1]:
                    raise IndexError("max_unpool: indices must be from 0 to {}, got {}", dy.shape[1] - 1, index)
                dx[plane, place, c] = dy[plane, index, c]


@compiled
def erase(x, plane, first, last):
    """Write zeros to some numbers of all places of a plane."""
    numbers, size, line = x.reshape(x.size), x.shape[1], x.shape[2]
    if last - first == line:
        clear(numbers, plane * size * line, size * line)
    else:
        for place in range(size):
            clear(numbers, (plane * size + place) * line + first, last - first)


piece = compiled(piece)
