"""Numbers joined, repeated and arranged otherwise: NumPy's own functions."""
import numpy as np


def cat(*tensors, dim=0):
    return np.concatenate(tensors, dim)


def stack(*tensors, dim=0):
    return np.stack(tensors, dim)


def hstack(*tensors):
    return np.hstack(tensors)


def vstack(*tensors):
    return np.vstack(tensors)


def clone(x):
    return x.copy()


contiguous = clone


def movedim(x, source, destination):
    return np.moveaxis(x, source, destination)


def swapaxes(x, axis0, axis1):
    return x.swapaxes(axis0, axis1)


def reshape_as(x, other):
    return x.reshape(other.shape)


def expand_as(x, other):
    return np.broadcast_to(x, other.shape)


def broadcast_to(x, shape):
    return np.broadcast_to(x, shape)


def unflatten(x, dim, sizes):
    return x.reshape(*x.shape[:dim % x.ndim], *sizes, *x.shape[dim % x.ndim + 1:])


def meshgrid(*tensors, indexing="ij"):
    return np.meshgrid(*tensors, indexing=indexing)


def roll(x, shifts, dims=None):
    return np.roll(x, shifts, dims)


def repeat(x, *sizes):
    return np.tile(x, sizes[0] if isinstance(sizes[0], tuple) else sizes)


def tile(x, *dims):
    return np.tile(x, dims[0] if dims and isinstance(dims[0], tuple) else dims)


def repeat_interleave(x, repeats, dim=None):
    return np.repeat(x, repeats, dim)


def pixel_shuffle(x, factor):
    *rest, c, h, w = x.shape
    y = x.reshape(*rest, c // factor**2, factor, factor, h, w)
    y = np.moveaxis(y, [-4, -3], [-3, -1])
    return y.reshape(*rest, c // factor**2, h * factor, w * factor)


def pixel_unshuffle(x, factor):
    *rest, c, h, w = x.shape
    y = np.moveaxis(x.reshape(*rest, c, h // factor, factor, w // factor, factor), [-3, -1], [-4, -3])
    return y.reshape(*rest, c * factor**2, h // factor, w // factor)


def channel_shuffle(x, groups):
    return np.stack(np.split(x, groups, 1), 2).reshape(x.shape)
