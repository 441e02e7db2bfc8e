"""Parts of arrays, and arrays with a border."""
import math

import numpy as np


def narrow(x, dim, start, length):
    places = np.arange(x.shape[dim])
    return x.take(places[start:] if start + length == 0 and start else places[start:start + length], dim)


def select(x, dim, index):
    return x.take(index, dim)


def flip(x, *dims):
    return np.flip(x, dims[0] if dims and isinstance(dims[0], tuple) else dims)


def rot90(x, k=1, dims=(0, 1)):
    return np.rot90(x, k, dims)


def unbind(x, dim=0):
    return list(np.moveaxis(x, dim, 0))


def split(x, split_size_or_sections, dim=0):
    sizes = split_size_or_sections
    if isinstance(sizes, int):
        return np.split(x, range(sizes, x.shape[dim], sizes), dim) if sizes else [x]
    return np.split(x, np.cumsum(sizes)[:-1], dim)


def chunk(x, chunks, dim=0):
    return split(x, math.ceil(x.shape[dim] / chunks), dim) if x.shape[dim] else [x] * chunks


def tensor_split(x, indices_or_sections, dim=0):
    return np.array_split(x, indices_or_sections, dim)


def pad(x, pad, mode="constant", value=None):
    borders = [(0, 0)] * (x.ndim - len(pad) // 2) + [pad[i:i + 2] for i in range(0, len(pad), 2)][::-1]
    cut = tuple(slice(max(0, -before), n - max(0, -after)) for n, (before, after) in zip(x.shape, borders, strict=True))
    borders = [(max(0, before), max(0, after)) for before, after in borders]
    if mode == "constant":
        return np.pad(x[cut], borders, constant_values=value or 0)
    return np.pad(x, borders, {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode])
