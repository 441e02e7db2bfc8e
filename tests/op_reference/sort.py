"""What needs the order along an axis: NumPy's stable sort, NaN last; descending: that of the other order, reversed."""
import numpy as np


def argsort(x, dim=-1, descending=False):
    if not x.ndim:
        return np.array(0)
    if descending:
        return np.flip(x.shape[dim] - 1 - np.argsort(np.flip(x, dim), dim, kind="stable"), dim)
    return np.argsort(x, dim, kind="stable")


def sort(x, dim=-1, descending=False, stable=True):
    places = argsort(x, dim, descending)
    return (np.take_along_axis(x, places, dim) if x.ndim else x), places


def topk(x, k, dim=-1, largest=True, sorted=True):
    values, places = sort(x, dim, largest)
    if not x.ndim:
        return values, places
    return values.take(range(k), dim), places.take(range(k), dim)


def unique(x, sorted=True, return_inverse=False, return_counts=False, dim=None):
    found = np.unique(x, return_inverse=True, return_counts=True, axis=dim, equal_nan=False)
    inverse = found[1].reshape(x.shape) if dim is None else found[1].ravel()
    results = [found[0], *[inverse] * return_inverse, *[found[2]] * return_counts]
    return results if len(results) > 1 else results[0]


def cumsum(x, dim, dtype=None):
    x = x if dtype is None else x.astype(dtype)
    return np.cumsum(x, dim, dtype=x.dtype if x.dtype.kind == "f" else "int64") if x.ndim else x
