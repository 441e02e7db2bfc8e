"""Functions of mathematics."""
import numpy as np

from op_reference.activation import mapped

exp, expm1, log, log1p, log2, log10 = map(mapped, ("exp", "expm1", "log", "log1p", "log2", "log10"))
sqrt, rsqrt, reciprocal, erf, sin, cos = map(mapped, ("sqrt", "rsqrt", "reciprocal", "erf", "sin", "cos"))
floor, ceil, trunc, round = map(mapped, ("floor", "ceil", "trunc", "rint"))
square, absolute = np.square, np.absolute


def sign(x):
    return np.where(np.isnan(x), 0, np.sign(x)).astype(x.dtype)


def clamp(x, min=None, max=None):
    least, most = (None if each is None else np.asarray(each, x.dtype) for each in (min, max))
    return np.clip(x, least, most)


def clamp_min(x, min):
    return np.maximum(x, min)


def clamp_max(x, max):
    return np.minimum(x, max)


def lerp(x, end, weight):
    return np.where(weight < np.full(1, 0.5), x + weight * (end - x), end - (1 - weight) * (end - x)).reshape(
        np.broadcast_shapes(x.shape, end.shape, np.shape(weight)))


def addcmul(x, tensor1, tensor2, value=1):
    return x + value * tensor1 * tensor2


def addcdiv(x, tensor1, tensor2, value=1):
    return x + value * tensor1 / tensor2


def power(a, b):
    return np.power(a, b)
