"""Shapes and dtypes: NumPy's own."""
import math

import numpy as np


def reshape(x, *shape):
    return x.reshape(*shape)


def flatten(x, start_dim=0, end_dim=-1):
    shape, last = x.shape, end_dim % max(x.ndim, 1)
    return x.reshape(*shape[:start_dim], math.prod(shape[start_dim:last + 1]), *shape[last + 1:])


def squeeze(x, dim=None):
    return x.squeeze(dim) if dim is None or x.shape[dim] == 1 else x


def unsqueeze(x, dim):
    return np.expand_dims(x, dim)


def permute(x, *axes):
    return x.transpose(*axes)


def transpose(x, dim0, dim1):
    return x.swapaxes(dim0, dim1)


def expand(x, *shape):
    shape = shape[0] if isinstance(shape[0], tuple) else shape
    own = (1,) * (len(shape) - x.ndim) + x.shape
    return np.broadcast_to(x, [n if m == -1 else m for n, m in zip(own, shape, strict=True)])


def to(x, *targets, dtype=None, **options):
    for target in (*targets, *[dtype] * (dtype is not None)):
        x = x if isinstance(target, str) and target == "cpu" else x.astype(getattr(target, "dtype", target))
    return x
