"""Activations."""
import numpy as np

from reference.norm import columns


def by_channel(weight, x):
    """Give weight (1) or (C) the axes of x."""
    return weight.reshape((1, -1, *(1,) * (x.ndim - 2))) if weight.size > 1 else weight[0]


def prelu(x, weight, y):
    y[...] = np.where(x > 0, x, by_channel(weight, x) * x)


def prelu_backward_input(dy, x, weight, dx):
    dx[...] = np.where(x > 0, dy, by_channel(weight, x) * dy)


def prelu_backward_weight(dy, x, dweight):
    products = np.where(x > 0, 0, x * dy)
    dweight[:] = products.sum() if dweight.size == 1 else columns(products).sum(axis=0)


def softmax(x, y, axis):
    exponentials = np.exp(x - x.max(axis=axis, keepdims=True))
    y[...] = exponentials / exponentials.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, dx, axis):
    dx[...] = y * (dy - (dy * y).sum(axis=axis, keepdims=True))


def log_softmax(x, y, axis):
    top = x.max(axis, keepdims=True) if x.size else x
    y[...] = x - top - np.log(np.exp(x - top).sum(axis, keepdims=True))


def log_softmax_backward(dy, y, dx, axis):
    dx[...] = dy - np.exp(y) * dy.sum(axis, keepdims=True)
