"""Batch normalisation, per channel: x (N, C) or (N, C, H, W), seen as rows (R, C); of other axes as runs.

The passes over x are elsewhere: norm_moments.py (statistics), norm_forward.py, norm_backward.py; norm_runs.py.
"""
import math

from numbacnn.kernels.channels_last import flat

from .compile import kernel
from .norm_backward import DROPPED, EVERYWHERE, ONE, gradient, sums
from .norm_forward import NO_FLOOR, normalised
from .norm_moments import statistics
from .norm_runs import has_runs, run_gradient, run_normalised, run_statistics, run_sums


def batch_norm_statistics(x, running_mean, running_var, mean, rstd, new_running_mean, new_running_var, momentum, eps):
    """Lower to moments of parts of the rows, and those of all."""
    if has_runs(x):
        return run_statistics(x, running_mean, running_var, mean, rstd, new_running_mean, new_running_var, momentum,
                              eps)
    return statistics(x.rows(), running_mean, running_var, mean, rstd, new_running_mean, new_running_var, momentum, eps)


def batch_norm(x, mean, rstd, weight, bias, y):
    """Lower to one pass."""
    if has_runs(x):
        return run_normalised(x, mean, rstd, weight, bias, y)
    return normalised(x, mean, rstd, weight, bias, y, NO_FLOOR)


def batch_norm_backward_weight(dy, x, mean, rstd, dweight, dbias):
    """Lower to sums over parts of the rows, and their sums."""
    if has_runs(x):
        return run_sums(dy, x, mean, rstd, dweight, dbias)
    return sums((dy, dy, dy), x, (mean, rstd, mean, mean), dy, (dweight, dbias), (ONE, EVERYWHERE, DROPPED))


def batch_norm_backward_input(dy, x, mean, rstd, weight, dweight, dbias, dx, training):
    """Lower to one pass."""
    if has_runs(x):
        return run_gradient(dy, x, mean, rstd, weight, dweight, dbias, dx, training)
    return gradient((dy, dy), x, (mean, rstd, weight, mean, dweight, dbias), dx, (ONE, EVERYWHERE), training)


@kernel(items=lambda rstd: rstd.size)
def batch_norm_rstd(var, rstd, eps, begin, end):
    """An item is a channel."""
    for c in range(begin, end):
        rstd[c] = 1 / math.sqrt(var[c] + eps)


@kernel(items=lambda count: count.size, arrange=flat)
def increment(count, new_count, begin, end):
    """An item is one count."""
    for i in range(begin, end):
        new_count[i] = count[i] + 1


@kernel(items=lambda average: average.size, arrange=flat)
def cumulative_average(average, current, count, new_average, begin, end):
    """An item is one number."""
    for i in range(begin, end):
        new_average[i] = average[i] + (current[i] - average[i]) / count[0]
