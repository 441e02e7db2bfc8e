"""Normalisation."""
import numpy as np
import reference

from op_reference.made import made


def batch_norm(x, running_mean, running_var, weight, bias, training=False, momentum=0.1, eps=1e-5):
    mean, var = running_mean, running_var
    if training:
        mean, var = reference.columns(x).mean(axis=0), reference.columns(x).var(axis=0)
    return made("batch_norm", [x, mean, made("batch_norm_rstd", [var], var.shape, eps), weight, bias], x.shape)


def running_statistics(x, running_mean, running_var, weight, bias, training=False, momentum=0.1, eps=1e-5):
    """What `batch_norm` makes of its second and third argument."""
    if not training:
        return running_mean, running_var
    outputs = [np.empty(x.shape[1]) for _ in range(4)]
    reference.batch_norm_statistics(x, running_mean, running_var, *outputs, momentum, eps)
    return outputs[2:]
