"""Reductions."""
import builtins
import math

import numpy as np


def dims(dim):
    return tuple(dim) if isinstance(dim, list) else dim


def sum(x, dim=None, keepdim=False):
    return x.sum(axis=dims(dim), keepdims=keepdim, dtype=x.dtype if x.dtype.kind == "f" else "int64")


def mean(x, dim=None, keepdim=False):
    axes = tuple(range(x.ndim)) if dim is None else np.atleast_1d(dim)
    return sum(x, dim, keepdim) / np.int64(math.prod(x.shape[a] for a in axes))


def argmax(x, dim=None, keepdim=False):
    return np.asarray(x.argmax(axis=dim, keepdims=keepdim))


def argmin(x, dim=None, keepdim=False):
    return np.asarray(x.argmin(axis=dim, keepdims=keepdim))


def amax(x, dim=None, keepdim=False):
    return np.asarray(x.max(axis=dims(dim), keepdims=keepdim))


def amin(x, dim=None, keepdim=False):
    return np.asarray(x.min(axis=dims(dim), keepdims=keepdim))


def max(x, dim=None, keepdim=False):
    if isinstance(dim, np.ndarray):
        return np.maximum(x, dim)
    return amax(x) if dim is None else (amax(x, dim, keepdim), argmax(x, dim, keepdim))


def min(x, dim=None, keepdim=False):
    if isinstance(dim, np.ndarray):
        return np.minimum(x, dim)
    return amin(x) if dim is None else (amin(x, dim, keepdim), argmin(x, dim, keepdim))


def prod(x, dim=None, keepdim=False):
    return np.asarray(x.prod(axis=dim, keepdims=keepdim, dtype=x.dtype if x.dtype.kind == "f" else "int64"))


def var(x, dim=None, unbiased=None, keepdim=False, correction=1):
    return var_mean(x, dim, unbiased, keepdim, correction)[0]


def std(x, dim=None, unbiased=None, keepdim=False, correction=1):
    return np.sqrt(var(x, dim, unbiased, keepdim, correction))


def var_mean(x, dim=None, unbiased=None, keepdim=False, correction=1):
    taken, axes = correction if unbiased is None else int(unbiased), dims(dim)
    center = mean(x, dim, True)
    count = x.size / center.size if center.size else 0
    squares = np.asarray(np.square(x - center).sum(axis=axes, keepdims=keepdim))
    return squares / np.float64(builtins.max(0.0, count - taken)), center.reshape(squares.shape)


def norm(x, p=2, dim=None, keepdim=False):
    sizes, axes = np.abs(x), dims(dim)
    if p == math.inf:
        return amax(sizes, dim, keepdim)
    if p == -math.inf:
        return amin(sizes, dim, keepdim)
    if p == 0:
        return np.asarray((x != 0).sum(axis=axes, keepdims=keepdim)).astype(x.dtype)
    p = 2 if p == "fro" else p
    return np.asarray((sizes ** p).sum(axis=axes, keepdims=keepdim) ** (1 / p))


def logsumexp(x, dim, keepdim=False):
    return np.asarray(np.log(np.exp(x.astype(np.longdouble)).sum(axis=dims(dim), keepdims=keepdim))).astype(x.dtype)


def any(x, dim=None, keepdim=False):
    return np.asarray((x != 0).any(axis=dims(dim), keepdims=keepdim))


def all(x, dim=None, keepdim=False):
    return np.asarray((x != 0).all(axis=dims(dim), keepdims=keepdim))


def count_nonzero(x, dim=None):
    return np.asarray(np.count_nonzero(x, axis=dims(dim)))


def normalize(x, p=2, dim=1, eps=1e-12):
    return x / np.maximum(norm(x, p, dim, True), eps)


def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    lengths = [np.maximum(norm(x, 2, dim, True), eps) for x in (x1, x2)]
    return (x1 / lengths[0] * (x2 / lengths[1])).sum(axis=dim)
