"""Batch normalisation."""
import numpy as np


def columns(x):
    """Return the numbers of each channel as a column: (R, C)."""
    return np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])


def batch_norm_statistics(x, running_mean, running_var, mean, rstd, new_running_mean, new_running_var, momentum, eps):
    mean[:] = columns(x).mean(axis=0)
    rstd[:] = 1 / np.sqrt(columns(x).var(axis=0) + eps)
    new_running_mean[:] = (1 - momentum) * running_mean + momentum * mean
    new_running_var[:] = (1 - momentum) * running_var + momentum * columns(x).var(axis=0, ddof=1)


def increment(count, new_count):
    new_count[...] = count + 1


def batch_norm(x, mean, rstd, weight, bias, y):
    columns_of_y = (columns(x) - mean) * rstd * weight + bias
    y[:] = np.moveaxis(columns_of_y.reshape(x.shape[0], *x.shape[2:], x.shape[1]), -1, 1)


def batch_norm_rstd(var, rstd, eps):
    rstd[:] = 1 / np.sqrt(var + eps)


def batch_norm_backward_weight(dy, x, mean, rstd, dweight, dbias):
    dweight[:] = (columns(dy) * (columns(x) - mean) * rstd).sum(axis=0)
    dbias[:] = columns(dy).sum(axis=0)


def batch_norm_backward_input(dy, x, mean, rstd, weight, dweight, dbias, dx, training):
    r = len(columns(x))
    through = (dbias / r + (columns(x) - mean) * rstd * dweight / r) if training else 0
    columns_of_dx = rstd * weight * (columns(dy) - through)
    dx[:] = np.moveaxis(columns_of_dx.reshape(x.shape[0], *x.shape[2:], x.shape[1]), -1, 1)


def cumulative_average(average, current, count, new_average):
    new_average[...] = average + (current - average) / count
