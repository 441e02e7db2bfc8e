"""Numbers picked by indices."""
import numpy as np


def wrap_index(index, checked, size, negative):
    checked[...] = np.where(index < 0, index + size * negative, index)
    if not ((checked >= 0) & (checked < size)).all():
        raise IndexError("index")


def take(x, index, y, axis):
    y[...] = np.take(x, index, axis)


def take_backward(dy, index, dx, axis):
    dx[...] = 0
    dx, dy = np.moveaxis(dx, axis, 0), np.moveaxis(dy, axis, 0)
    for i, row in zip(index, dy, strict=True):
        dx[i] += row
