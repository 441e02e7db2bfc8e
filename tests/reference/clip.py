"""Clipping of gradients."""
import numpy as np


def gradient_norm(*arrays_and_numbers):
    *gradients, norm, order = arrays_and_numbers
    numbers = np.concatenate([np.abs(g.ravel()) for g in gradients])
    if order == np.inf:
        norm[...] = numbers.max(initial=0)
    else:
        norm[...] = (numbers ** order).sum() ** (1 / order)


def clip_by_norm(limit, norm, *gradients):
    k = len(gradients) // 2
    for g, y in zip(gradients[:k], gradients[k:], strict=True):
        y[...] = g * np.minimum(1, limit / (norm + 1e-6))


def clip_by_value(limit, *gradients):
    k = len(gradients) // 2
    for g, y in zip(gradients[:k], gradients[k:], strict=True):
        y[...] = np.clip(g, -limit, limit)
