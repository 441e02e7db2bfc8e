"""Dropout."""
import numpy as np
import reference

from op_reference.made import SEED


def dropout(x, p=0.5, training=True):
    if p in (0, 1) or not training:
        return x * (1 - p if training else 1)
    y = np.empty(x.shape)
    reference.dropout(x, np.array([SEED, 0]), y, np.empty(2), p)
    return y


def mask(x, axes, p):
    """What the first axes of x are multiplied by."""
    return dropout(np.ones((*x.shape[:axes], *[1] * (x.ndim - axes))), p)


def dropout1d(x, p=0.5, training=True):
    return x * mask(x, x.ndim - 1, p) if training else x


def dropout2d(x, p=0.5, training=True):
    return x * mask(x, 2, p) if training else x


def dropout3d(x, p=0.5, training=True):
    return x * mask(x, x.ndim - 3, p) if training else x


def alpha_dropout(x, p=0.5, training=False, axes=None):
    if p in (0, 1) or not training:
        return x * (1 - p if training else 1)
    lowest = -1.0507009873554805 * 1.6732632423543772
    kept = mask(x, x.ndim if axes is None else axes, p) != 0
    scale = (p * lowest ** 2 * (1 - p) + (1 - p)) ** -0.5
    return scale * (x * kept + lowest * ~kept) - scale * p * lowest


def feature_alpha_dropout(x, p=0.5, training=False):
    return alpha_dropout(x, p, training, axes=2)
