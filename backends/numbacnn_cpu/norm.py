"""Batch normalisation: x as rows (R, C), every number of a channel in one column.

Statistics are summed in float64, over parts of the rows: how many follows from shapes alone.
"""
import math

import numpy as np

from .compile import kernel
from .memory import flat, temporary

PARTS, PART = 64, 4096                # a sum has at most so many parts, and a part at least so many numbers


def parts_of(x):
    """Return memory for parts (P, 2, C) of sums over the rows of x."""
    rows, channels = x.shape
    return temporary((max(1, min(PARTS, rows, x.size // PART)), 2, channels), np.float64)


def batch_norm_statistics(x, running_mean, running_var, mean, rstd, new_running_mean, new_running_var, momentum, eps):
    """Lower to means and squares of parts of the rows, and those of all."""
    x = x.rows()
    parts = parts_of(x)
    return [(batch_norm_moments, [x, parts]),
            (batch_norm_combine, [parts, running_mean, running_var, mean, rstd, new_running_mean, new_running_var,
                                  x.shape[0], momentum, eps])]


@kernel(items=lambda x, parts: parts.shape[0])
def batch_norm_moments(x, parts, begin, end):
    """parts (P, 2, C): the mean of some rows, and the sum of squares of what differs from it. An item is a part."""
    count, (rows, channels) = parts.shape[0], x.shape
    for part in range(begin, end):
        first, last = rows * part // count, rows * (part + 1) // count
        mean, squares = parts[part, 0], parts[part, 1]
        mean[:] = 0
        squares[:] = 0
        for row in range(first, last):
            for c in range(channels):
                mean[c] += x[row, c]
        for c in range(channels):
            mean[c] /= last - first
        for row in range(first, last):
            for c in range(channels):
                squares[c] += (x[row, c] - mean[c]) ** 2


@kernel(items=lambda parts, *_: parts.shape[2])
def batch_norm_combine(parts, running_mean, running_var, mean, rstd, new_running_mean, new_running_var, rows, momentum,
                       eps, begin, end):
    """Join the parts, as in T. Chan, G. Golub, R. LeVeque, Algorithms for computing the sample variance (1983), 2."""
    count = parts.shape[0]
    for c in range(begin, end):
        center, squares = 0.0, 0.0
        for part in range(count):
            center += parts[part, 0, c] * (rows * (part + 1) // count - rows * part // count) / rows
        for part in range(count):
            size = rows * (part + 1) // count - rows * part // count
            squares += parts[part, 1, c] + size * (parts[part, 0, c] - center) ** 2
        mean[c] = center
        rstd[c] = 1 / math.sqrt(squares / rows + eps)
        new_running_mean[c] = (1 - momentum) * running_mean[c] + momentum * center
        new_running_var[c] = (1 - momentum) * running_var[c] + momentum * squares / (rows - 1)


@kernel(items=lambda var, rstd, eps: rstd.size)
def batch_norm_rstd(var, rstd, eps, begin, end):
    for c in range(begin, end):
        rstd[c] = 1 / math.sqrt(var[c] + eps)


@kernel(items=lambda x, *_: x.shape[0],
        arrange=lambda x, mean, rstd, weight, bias, y: [x.rows(), mean, rstd, weight, bias, y.rows()])
def batch_norm(x, mean, rstd, weight, bias, y, begin, end):
    """An item is a row."""
    for row in range(begin, end):
        for c in range(x.shape[1]):
            y[row, c] = (x[row, c] - mean[c]) * (rstd[c] * weight[c]) + bias[c]


def batch_norm_backward_weight(dy, x, mean, rstd, dweight, dbias):
    """Lower to sums over parts of the rows, and their sums."""
    dy, x = dy.rows(), x.rows()
    parts = parts_of(x)
    return [(batch_norm_sum_weight, [dy, x, mean, rstd, parts]), (batch_norm_add_weight, [parts, dweight, dbias])]


@kernel(items=lambda dy, x, mean, rstd, parts: parts.shape[0])
def batch_norm_sum_weight(dy, x, mean, rstd, parts, begin, end):
    """parts (P, 2, C): the sums for dweight and dbias over some rows. An item is a part."""
    count, (rows, channels) = parts.shape[0], x.shape
    for part in range(begin, end):
        products, sums = parts[part, 0], parts[part, 1]
        products[:] = 0
        sums[:] = 0
        for row in range(rows * part // count, rows * (part + 1) // count):
            for c in range(channels):
                products[c] += dy[row, c] * (x[row, c] - mean[c]) * rstd[c]
                sums[c] += dy[row, c]


@kernel(items=lambda parts, *_: parts.shape[2])
def batch_norm_add_weight(parts, dweight, dbias, begin, end):
    """An item is a channel."""
    for c in range(begin, end):
        products, sums = 0.0, 0.0
        for part in range(parts.shape[0]):
            products += parts[part, 0, c]
            sums += parts[part, 1, c]
        dweight[c], dbias[c] = products, sums


def rows_and_channels(dy, x, *channels_dx_training):
    """Arrange the arguments of the gradient of x."""
    *channels, dx, training = channels_dx_training
    return [dy.rows(), x.rows(), *channels, dx.rows(), training]


@kernel(items=lambda dy, *_: dy.shape[0], arrange=rows_and_channels)
def batch_norm_backward_input(dy, x, mean, rstd, weight, dweight, dbias, dx, training, begin, end):
    """An item is a row."""
    rows, channels = x.shape
    share = x.dtype.type(1 / rows)                      # of each row in the statistics
    for row in range(begin, end):
        if training:
            for c in range(channels):
                normalised = (x[row, c] - mean[c]) * rstd[c]
                dx[row, c] = rstd[c] * weight[c] * (dy[row, c] - share * (dbias[c] + normalised * dweight[c]))
        else:
            for c in range(channels):
                dx[row, c] = rstd[c] * weight[c] * dy[row, c]


@kernel(items=lambda count, _: count.size, arrange=flat)
def increment(count, new_count, begin, end):
    """An item is one count."""
    for i in range(begin, end):
        new_count[i] = count[i] + 1
