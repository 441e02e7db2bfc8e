"""Softmax and its relatives."""
import numpy as np

from op_reference.made import made


def softmax(x, dim=-1, dtype=None):
    return made("softmax", [x if dtype is None else x.astype(dtype)], x.shape, dim, dtype=dtype or "float64")


def log_softmax(x, dim=-1, dtype=None):
    return made("log_softmax", [x if dtype is None else x.astype(dtype)], x.shape, dim, dtype=dtype or "float64")


def softmin(x, dim=-1):
    return softmax(-x, dim)


def glu(x, dim=-1):
    first, second = np.split(x, 2, dim)
    return first / (1 + np.exp(-second))
