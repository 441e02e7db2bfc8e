"""Layer and RMS norm."""
import numpy as np


def per_row(values, x):
    """Return one number for each row, to be combined with rows."""
    return values.reshape(-1, *[1] * (x.ndim - 1))


def layer_norm(x, weight, bias, y, mean, rstd, eps, centered):
    if not x.size:
        return
    axes = tuple(range(1, x.ndim))
    mean[:] = x.mean(axis=axes) if centered else 0
    rstd[:] = 1 / np.sqrt(((x - per_row(mean, x)) ** 2).mean(axis=axes) + eps)
    y[:] = (x - per_row(mean, x)) * per_row(rstd, x) * weight + bias


def layer_norm_backward_input(dy, x, mean, rstd, weight, dx, centered):
    if not x.size:
        return
    axes = tuple(range(1, x.ndim))
    g, z = dy * weight, (x - per_row(mean, x)) * per_row(rstd, x)
    along = g - z * (g * z).mean(axis=axes, keepdims=True)
    dx[:] = per_row(rstd, x) * (along - (g.mean(axis=axes, keepdims=True) if centered else 0))


def layer_norm_backward_weight(dy, x, mean, rstd, dweight, dbias):
    z = (x - per_row(mean, x)) * per_row(rstd, x)
    dweight[:] = (dy * z).sum(axis=0).reshape(dweight.shape)
    dbias[:] = dy.sum(axis=0).reshape(dbias.shape)
