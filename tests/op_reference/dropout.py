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
