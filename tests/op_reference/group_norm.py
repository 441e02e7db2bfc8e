"""Group and instance norm, by axes."""
import numpy as np

from op_reference.norm import batch_norm, scale_and_shift


def group_norm(x, num_groups, weight=None, bias=None, eps=1e-5):
    if not x.size:
        return x
    weight, bias = (each.reshape(-1, *[1] * (x.ndim - 2)) for each in scale_and_shift(weight, bias, x.shape[1:2]))
    groups = x.reshape(x.shape[0], num_groups, x.shape[1] // num_groups, *x.shape[2:])
    axes = tuple(range(2, groups.ndim))
    normal = (groups - groups.mean(axes, keepdims=True)) / np.sqrt(groups.var(axes, keepdims=True) + eps)
    return normal.reshape(x.shape) * weight + bias


def instance_norm(x, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1,
                  eps=1e-5):
    if use_input_stats:
        return group_norm(x, x.shape[1], weight, bias, eps)
    return batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)


def instance_statistics(x, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True,
                        momentum=0.1, eps=1e-5):
    """What `instance_norm` makes of its second and third argument."""
    if not use_input_stats or running_mean is None or not x.size:
        return running_mean, running_var
    axes = tuple(range(2, x.ndim))
    mean, var = x.mean(axes).mean(axis=0), x.var(axes, ddof=1).mean(axis=0)
    return (1 - momentum) * running_mean + momentum * mean, (1 - momentum) * running_var + momentum * var
