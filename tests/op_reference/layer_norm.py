"""Layer and RMS norm, by axes."""
import numpy as np

from op_reference.norm import scale_and_shift


def layer_norm(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not x.size:
        return x
    axes = tuple(range(x.ndim - len(shape), x.ndim))
    weight, bias = scale_and_shift(weight, bias, shape)
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps) * weight + bias


def rms_norm(x, normalized_shape, weight=None, eps=None):
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not x.size:
        return x
    axes = tuple(range(x.ndim - len(shape), x.ndim))
    eps = np.finfo(x.dtype).eps if eps is None else eps
    return x / np.sqrt((x ** 2).mean(axes, keepdims=True) + eps) * (1 if weight is None else weight)
