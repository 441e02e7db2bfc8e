"""Batch normalisation, per channel.

The passes over x are elsewhere: norm_moments.py (statistics), norm_forward.py, norm_backward.py; columns.py cuts x into
parts.
"""
from numbacnn.kernels.channels_last import flat

from .columns import THREADS, below_of, column_sum, cut_of, joiner, joining, numbers_of, parts_of
from .compile import cuda, kernel, real
from .functions import PRIMITIVES
from .norm_backward import batch_norm_gradient, batch_norm_scale, batch_norm_sums, gradient, sums
from .norm_forward import batch_norm_apply, cut_to_write
from .norm_moments import moments

sqrt = PRIMITIVES["sqrt"]


def batch_norm_statistics(x, running_mean, running_var, mean, rstd, new_running_mean, new_running_var, momentum, eps):
    """Lower to moments of parts, and those of all."""
    cut = cut_of(x, merged=True)
    parts = parts_of(cut, 3, x.dtype)
    return [(moments, [x.flat(), parts, cut]),
            (batch_norm_join, [parts, running_mean, running_var, mean, rstd, new_running_mean, new_running_var, cut,
                               rows_of(x), float(momentum), float(eps), below_of(parts.shape[0])])]


def batch_norm(x, mean, rstd, weight, bias, y):
    """Lower to one pass."""
    return [(batch_norm_apply, [x.flat(), mean, rstd, weight, bias, y.flat(), cut_to_write(x)])]


def batch_norm_backward_weight(dy, x, mean, rstd, dweight, dbias):
    """Lower to sums over parts, and their sums."""
    return sums(batch_norm_sums, (dy, dy, dy, x), (mean, rstd, mean, mean), dy, dweight, dbias)


def batch_norm_backward_input(dy, x, mean, rstd, weight, dweight, dbias, dx, training):
    """Lower to one pass."""
    if not training:
        return [(batch_norm_scale, [dy.flat(), rstd, weight, dx.flat(), cut_to_write(dx)])]
    return gradient(batch_norm_gradient, (dy, dy, x), (mean, rstd, weight, mean, dweight, dbias), dx, training)


def rows_of(x):
    """Return how many numbers a channel has."""
    return x.size // max(x.shape[1], 1)


@kernel(blocks=joining, block=THREADS, wide=True)
def batch_norm_join(parts, running_mean, running_var, mean, rstd, new_running_mean, new_running_var, cut, rows,
                    momentum, eps, below):
    """Means are taken of differences from the first pivot, squares of differences from the mean."""
    c, first = joiner(below)
    base, total, square = 0.0, 0.0, 0.0
    if c < mean.size:
        base += parts[0, 0, c]
        for part in range(first, parts.shape[0], below):
            total += numbers_of(part, cut) * (parts[part, 0, c] - base) + parts[part, 1, c]
    center = column_sum(total, THREADS // below, below) / rows
    if c < mean.size:
        for part in range(first, parts.shape[0], below):
            count, sums = numbers_of(part, cut), 0.0 + parts[part, 1, c]
            away = parts[part, 0, c] - base + sums / count - center
            square += parts[part, 2, c] - sums * sums / count + count * away * away
    square = column_sum(square, THREADS // below, below)
    if first == 0 and c < mean.size:
        mean[c] = base + center
        rstd[c] = 1.0 / sqrt(square / rows + eps)
        new_running_mean[c] = (1 - momentum) * running_mean[c] + momentum * (base + center)
        new_running_var[c] = (1 - momentum) * running_var[c] + momentum * square / (rows - 1)


@kernel(items=lambda rstd: rstd.size)
def batch_norm_rstd(var, rstd, eps):
    c = cuda.grid(1)
    if c < rstd.size:
        rstd[c] = 1.0 / sqrt(var[c] + eps)


@kernel(items=lambda count: count.size, arrange=flat)
def increment(count, new_count):
    i = cuda.grid(1)
    if i < count.size:
        new_count[i] = count[i] + 1


@kernel(items=lambda average: average.size, arrange=flat)
def cumulative_average(average, current, count, new_average):
    i = cuda.grid(1)
    if i < average.size:
        new_average[i] = average[i] + (current[i] - average[i]) / real(count[0])
