"""Normalisation."""
import numpy as np
import reference

from op_reference.made import made


def scale_and_shift(weight, bias, shape):
    """What parameters are where none are given."""
    return np.ones(shape) if weight is None else weight, np.zeros(shape) if bias is None else bias


def batch_norm(x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    weight, bias = scale_and_shift(weight, bias, x.shape[1:2])
    mean, var = running_mean, running_var
    if training and x.size:
        mean, var = reference.columns(x).mean(axis=0), reference.columns(x).var(axis=0)
    if mean is None:
        mean = var = np.zeros(x.shape[1])
    return made("batch_norm", [x, mean, made("batch_norm_rstd", [var], var.shape, eps), weight, bias], x.shape)


def running_statistics(x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    """What `batch_norm` makes of its second and third argument."""
    if not training or running_mean is None or not x.size:
        return running_mean, running_var
    outputs = [np.empty(x.shape[1]) for _ in range(4)]
    reference.batch_norm_statistics(x, running_mean, running_var, *outputs, momentum, eps)
    return outputs[2:]
