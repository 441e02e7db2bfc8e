"""Batch normalisation, per channel: x (N, C) or (N, C, H, W), seen as rows (R, C).

The passes over x are elsewhere: norm_moments.py (statistics), norm_forward.py, norm_backward.py.
"""
import math

from .compile import kernel
from .memory import flat
from .norm_moments import statistics


def batch_norm_statistics(x, running_mean, running_var, mean, rstd, new_running_mean, new_running_var, momentum, eps):
    """Lower to moments of parts of the rows, and those of all."""
    return statistics(x.rows(), running_mean, running_var, mean, rstd, new_running_mean, new_running_var, momentum, eps)


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
