"""Reductions."""
import math

import numpy as np


def dims(dim):
    return tuple(dim) if isinstance(dim, list) else dim


def sum(x, dim=None, keepdim=False):
    return x.sum(axis=dims(dim), keepdims=keepdim, dtype=x.dtype if x.dtype.kind == "f" else "int64")


def mean(x, dim=None, keepdim=False):
    axes = tuple(range(x.ndim)) if dim is None else np.atleast_1d(dim)
    return sum(x, dim, keepdim) / np.int64(math.prod(x.shape[a] for a in axes))


def argmax(x, dim=None):
    return np.asarray(x.argmax(axis=dim))
