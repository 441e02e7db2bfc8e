"""Numbers picked, put and added up by indices and masks; loops where NumPy has no function."""
import numpy as np


def index_select(x, dim, index):
    return np.take(x, np.atleast_1d(index), dim) if x.ndim else x


def gather(x, dim, index):
    y = np.empty(index.shape, x.dtype)
    for place in np.ndindex(*index.shape):
        y[place] = x[moved(place, dim, index)]
    return y


def take_along_dim(x, indices, dim=None):
    return np.take_along_axis(x, indices, dim)


def scatter(x, dim, index, src=None, value=None):
    src = value if src is None else src
    y, src = x.copy(), np.broadcast_to(src, index.shape) if np.ndim(src) == 0 else src
    for place in np.ndindex(*index.shape):
        y[moved(place, dim, index)] = src[place]
    return y


def scatter_add(x, dim, index, src):
    y = x.copy()
    for place in np.ndindex(*index.shape):
        y[moved(place, dim, index)] += src[place]
    return y


def moved(place, dim, index):
    """Where an index points."""
    if not place:
        return ()
    dim %= len(place)
    return (*place[:dim], index[place], *place[dim + 1:])


def index_add(x, dim, index, source, alpha=1):
    y = x.copy()
    for i, row in zip(index, np.moveaxis(source, dim, 0), strict=True):
        np.moveaxis(y, dim, 0)[i] += alpha * row
    return y


def index_copy(x, dim, index, source):
    y = x.copy()
    for i, row in zip(index, np.moveaxis(source, dim, 0), strict=True):
        np.moveaxis(y, dim, 0)[i] = row
    return y


def index_fill(x, dim, index, value):
    y = x.copy()
    np.moveaxis(y, dim, 0)[index] = value
    return y


def embedding(x, weight, padding_idx=None):
    return weight[x]


def one_hot(x, num_classes=-1):
    return (x[..., None] == np.arange(x.max() + 1 if num_classes == -1 else num_classes)).astype("int64")


def masked_fill(x, mask, value):
    return np.where(mask, np.asarray(value, x.dtype), x)


def masked_select(x, mask):
    x, mask = np.broadcast_arrays(x, mask)
    return np.atleast_1d(x)[np.atleast_1d(mask)]


def nonzero(x):
    return np.argwhere(x)


def tril(x, diagonal=0):
    rows, columns = np.indices(x.shape)[-2:]
    return np.where(columns <= rows + diagonal, x, np.zeros((), x.dtype))


def triu(x, diagonal=0):
    rows, columns = np.indices(x.shape)[-2:]
    return np.where(columns >= rows + diagonal, x, np.zeros((), x.dtype))


def diagonal(x, offset=0, dim1=0, dim2=1):
    return x.diagonal(offset, dim1, dim2)
