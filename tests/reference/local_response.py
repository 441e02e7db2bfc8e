"""Local response norm."""
import numpy as np


def bases(x, before, after, factor, k):
    """Return k + factor * sum of squares in each window."""
    sums = np.zeros_like(x)
    for c in range(x.shape[1]):
        sums[:, c] = (x[:, max(c - before, 0):c + after + 1] ** 2).sum(axis=1)
    return k + factor * sums


def local_response_norm(x, y, before, after, factor, beta, k):
    y[:] = x * bases(x, before, after, factor, k) ** -beta


def local_response_norm_backward(dy, x, dx, before, after, factor, beta, k):
    base = bases(x, before, after, factor, k)
    ratio = dy * x * base ** (-beta - 1)
    for c in range(x.shape[1]):
        inside = ratio[:, max(c - after, 0):c + before + 1].sum(axis=1)
        dx[:, c] = dy[:, c] * base[:, c] ** -beta - 2 * factor * beta * x[:, c] * inside
