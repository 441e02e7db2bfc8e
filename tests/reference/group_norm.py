"""Group and instance norm."""
import numpy as np


def grouped(x, mean):
    """Return the numbers of each group side by side: (N, G, M)."""
    return x.reshape(*mean.shape, x.size // max(mean.size, 1))


def of_groups(values, x):
    """Return one number for each group, to be combined with x."""
    each = np.repeat(values, x.shape[1] // values.shape[1], axis=1)
    return each.reshape(*x.shape[:2], *[1] * (x.ndim - 2))


def of_channels(values, x):
    """Return one number for each channel, to be combined with x."""
    return values.reshape(1, -1, *[1] * (x.ndim - 2))


def group_norm(x, weight, bias, y, mean, rstd, eps):
    if not x.size:
        return
    mean[:] = grouped(x, mean).mean(axis=2)
    rstd[:] = 1 / np.sqrt(grouped(x, mean).var(axis=2) + eps)
    y[:] = (x - of_groups(mean, x)) * of_groups(rstd, x) * of_channels(weight, x) + of_channels(bias, x)


def group_norm_backward_input(dy, x, mean, rstd, weight, dx):
    if not x.size:
        return
    g, z = dy * of_channels(weight, x), (x - of_groups(mean, x)) * of_groups(rstd, x)
    shares = [of_groups(grouped(each, mean).mean(axis=2), x) for each in (g, g * z)]
    dx[:] = of_groups(rstd, x) * (g - shares[0] - z * shares[1])


def group_norm_backward_weight(dy, x, mean, rstd, dweight, dbias):
    others = (0, *range(2, x.ndim))
    dweight[:] = (dy * (x - of_groups(mean, x)) * of_groups(rstd, x)).sum(axis=others)
    dbias[:] = dy.sum(axis=others)


def instance_norm_running(mean, rstd, running_mean, running_var, new_running_mean, new_running_var, momentum, eps,
                          count):
    variance = (1 / rstd ** 2 - eps) * count / (count - 1)
    new_running_mean[:] = (1 - momentum) * running_mean + momentum * mean.mean(axis=0)
    new_running_var[:] = (1 - momentum) * running_var + momentum * variance.mean(axis=0)
