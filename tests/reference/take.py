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


def assign(index, rows, x, y, axis):
    y[...] = x
    for i, row in zip(index, np.moveaxis(rows, axis, 0), strict=True):
        np.moveaxis(y, axis, 0)[i] = row


def places(index, axis):
    """Where each number of an index is, and where it points."""
    for place in np.ndindex(*index.shape):
        yield place, (*place[:axis], index[place], *place[axis + 1:])


def gather(x, index, y, axis):
    for place, there in places(index, axis):
        y[place] = x[there]


def scatter(x, index, values, y, axis):
    y[...] = x
    for place, there in places(index, axis):
        y[there] = values[place]


def scatter_add(values, index, y, axis):
    y[...] = 0
    for place, there in places(index, axis):
        y[there] += values[place]
