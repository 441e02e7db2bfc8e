"""Reductions."""
import numpy as np


def reduced(x, y):
    """The axes over which x is reduced to y."""
    return tuple(axis for axis, n in enumerate(y.shape) if n == 1)


def sum(x, y, divisor):
    y[...] = x.sum(axis=reduced(x, y), keepdims=True) / divisor


def prod(x, y):
    y[...] = x.prod(axis=reduced(x, y), keepdims=True)


def amax(x, y):
    y[...] = x.max(axis=reduced(x, y), keepdims=True)


def amin(x, y):
    y[...] = x.min(axis=reduced(x, y), keepdims=True)


def p_norm(x, y, p):
    y[...] = (np.abs(x) ** p).sum(axis=reduced(x, y), keepdims=True) ** (1 / p)


def var(x, y, mean, divisor):
    mean[...] = x.mean(axis=reduced(x, y), keepdims=True)
    y[...] = np.square(x - mean).sum(axis=reduced(x, y), keepdims=True) / np.float64(divisor)


def argmax(x, y, axis):
    y[...] = x.argmax(axis=axis)


def argmin(x, y, axis):
    y[...] = x.argmin(axis=axis)


def max_along(x, y, index, axis):
    index[...] = np.expand_dims(x.argmax(axis), axis)
    y[...] = np.take_along_axis(x, np.expand_dims(x.argmax(axis), axis), axis)


def min_along(x, y, index, axis):
    index[...] = np.expand_dims(x.argmin(axis), axis)
    y[...] = np.take_along_axis(x, np.expand_dims(x.argmin(axis), axis), axis)


def spread_along(dy, index, dx, axis):
    dx[...] = 0
    np.put_along_axis(dx, index.astype(int), dy, axis)


def prod_backward(dy, x, dx, axis):
    for k in range(x.shape[axis]):
        others = np.delete(x, k, axis).prod(axis=axis, keepdims=True)
        dx[(*[slice(None)] * axis, slice(k, k + 1))] = dy * others
