"""Channels that become pixels, and back."""
import numpy as np


def pixel_shuffle(x, y, factor):
    for n, c, h, w in np.ndindex(*y.shape):
        (h, i), (w, j) = divmod(h, factor), divmod(w, factor)
        y[n, c, h * factor + i, w * factor + j] = x[n, (c * factor + i) * factor + j, h, w]


def pixel_unshuffle(x, y, factor):
    for n, c, h, w in np.ndindex(*x.shape):
        (h, i), (w, j) = divmod(h, factor), divmod(w, factor)
        y[n, (c * factor + i) * factor + j, h, w] = x[n, c, h * factor + i, w * factor + j]
