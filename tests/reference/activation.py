"""Activations."""
import numpy as np

from reference.norm import columns


def relu(x, y):
    y[...] = np.where(x <= 0, 0, x)


def relu_backward(dy, y, dx):
    dx[...] = np.where(y <= 0, 0, dy)


def leaky_relu(x, y, negative_slope):
    y[...] = np.where(x > 0, x, negative_slope * x)


def leaky_relu_backward(dy, x, dx, negative_slope):
    dx[...] = np.where(x > 0, dy, negative_slope * dy)


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


def sigmoid(x, y):
    y[...] = 0.5 + 0.5 * np.tanh(x / 2)


def sigmoid_backward(dy, y, dx):
    dx[...] = dy * y * (1 - y)


def softmax(x, y, axis):
    exponentials = np.exp(x - x.max(axis=axis, keepdims=True))
    y[...] = exponentials / exponentials.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, dx, axis):
    dx[...] = y * (dy - (dy * y).sum(axis=axis, keepdims=True))
