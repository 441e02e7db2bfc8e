"""Batch normalisation applied, alone and with what follows it: x as columns.py cuts it, in one pass over memory.

What ReLU lets through is decided here, and again where gradients are computed from x: by one function, which rounds in
one way wherever it is compiled.
"""
import numpy as np

from .columns import ROWS, WRITES, blocks_of, cut_of, load, own_numbers, threads_of
from .compile import cuda, device, kernel, real
from .elementwise import renamed


def batch_norm_relu(x, mean, rstd, weight, bias, y):
    """Lower y = relu(batch_norm(x)) to one pass."""
    return [(batch_norm_relu_apply, [x.flat(), mean, rstd, weight, bias, y.flat(), cut_to_write(x)])]


def batch_norm_add_relu(x, mean, rstd, weight, bias, r, y):
    """Lower y = relu(batch_norm(x) + r) to one pass."""
    return [(batch_norm_add_apply, [x.flat(), mean, rstd, weight, bias, r.flat(), y.flat(), cut_to_write(x)])]


def add_batch_norm_relu(r, x, mean, rstd, weight, bias, y):
    """Lower y = relu(r + batch_norm(x)) to the same pass."""
    return batch_norm_add_relu(x, mean, rstd, weight, bias, r, y)


def batch_norms_add_relu(x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2, y):
    """Lower y = relu(batch_norm(x) + batch_norm(x2)) to one pass."""
    return [(batch_norms_add_apply, [x.flat(), mean, rstd, weight, bias, x2.flat(), mean2, rstd2, weight2, bias2,
                                     y.flat(), cut_to_write(x)])]


def cut_to_write(x):
    """Return the cut of x for a pass that leaves no sums."""
    return cut_of(x, merged=True, blocks=WRITES)


@device
def normal(difference, scale, shift):
    """Return a number normalised, from its difference from the mean; rounded once."""
    return cuda.fma(difference, scale, shift)


@device
def unchanged(value):
    """Return a number."""
    return value


@device
def rectified(value):
    """Return a number, 0 if it is smaller; NaN stays."""
    return 0.0 if value <= 0.0 else value


@device
def passed(dy, value):
    """Return the gradient of a number that was rectified; NaN lets it through."""
    return 0.0 if value <= 0.0 else dy


def applying(then, name):
    """Return the kernel of y = then(batch_norm(x))."""
    def apply(x, mean, rstd, weight, bias, y, cut):
        _, _, c, begin, end, step, _ = own_numbers(cut)
        if begin < end:
            center, scale, shift = mean[c], rstd[c] * weight[c], bias[c]
            values = cuda.local.array(ROWS, real)
            for start in range(begin, end, ROWS * step):
                load(x, start, end, step, values)
                for k in range(ROWS):
                    if start + k * step < end:
                        y[np.uintp(start + k * step)] = then(normal(values[k] - center, scale, shift))

    return kernel(blocks=blocks_of, block=threads_of)(renamed(apply, name))


batch_norm_apply, batch_norm_relu_apply = (
    applying(then, name) for then, name in ((unchanged, "batch_norm_apply"), (rectified, "batch_norm_relu_apply")))


@kernel(blocks=blocks_of, block=threads_of)
def batch_norm_add_apply(x, mean, rstd, weight, bias, r, y, cut):
    _, _, c, begin, end, step, _ = own_numbers(cut)
    if begin < end:
        center, scale, shift = mean[c], rstd[c] * weight[c], bias[c]
        values, others = cuda.local.array(ROWS, real), cuda.local.array(ROWS, real)
        for start in range(begin, end, ROWS * step):
            load(x, start, end, step, values)
            load(r, start, end, step, others)
            for k in range(ROWS):
                if start + k * step < end:
                    y[np.uintp(start + k * step)] = rectified(normal(values[k] - center, scale, shift) + others[k])


@kernel(blocks=blocks_of, block=threads_of)
def batch_norms_add_apply(x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2, y, cut):
    _, _, c, begin, end, step, _ = own_numbers(cut)
    if begin < end:
        center, scale, shift = mean[c], rstd[c] * weight[c], bias[c]
        center2, scale2, shift2 = mean2[c], rstd2[c] * weight2[c], bias2[c]
        values, others = cuda.local.array(ROWS, real), cuda.local.array(ROWS, real)
        for start in range(begin, end, ROWS * step):
            load(x, start, end, step, values)
            load(x2, start, end, step, others)
            for k in range(ROWS):
                if start + k * step < end:
                    y[np.uintp(start + k * step)] = rectified(normal(values[k] - center, scale, shift)
                                                    + normal(others[k] - center2, scale2, shift2))
