"""Every public op in NumPy, float64: the naive kernels of `reference.py`, with shapes found by counting.

Arguments are those of `numbacnn.ops`, with arrays for tensors. A window's positions are listed, not calculated.
"""
import math

import numpy as np
import reference

SEED = 0                  # of dropout: the first state after numbacnn.manual_seed(SEED)


def pair(value):
    return (value, value) if isinstance(value, int) else value


def positions(size, window, stride, dilation=1):
    """Where windows begin, along an axis with its padding."""
    return [at for at in range(0, size, stride) if at + dilation * (window - 1) < size]


def made(kernel, arrays, shape, *numbers, dtype="float64"):
    """What a kernel of one output writes."""
    y = np.full(shape, 99, dtype)
    getattr(reference, kernel)(*arrays, y, *numbers)
    return y


# --- convolution and pooling ---------------------------------------------------------------------------------------


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    stride, dilation, window = pair(stride), pair(dilation), weight.shape[2:]
    both = [2 * p for p in pair(padding)] if not isinstance(padding, str) else (0, 0)
    if padding == "same":
        both = [d * (k - 1) for k, d in zip(window, dilation, strict=True)]
    size = [len(positions(x.shape[2 + a] + both[a], window[a], stride[a], dilation[a])) for a in (0, 1)]
    bias = np.zeros(len(weight)) if bias is None else bias
    return made("conv2d", [x, weight, bias], (len(x), len(weight), *size), *stride, both[0] // 2, both[1] // 2,
                *dilation, groups)


def pool(kernel, x, kernel_size, stride=None, padding=0, dilation=1):
    """Numbers of a pooling kernel, and the shape of its output."""
    window, padding, dilation = pair(kernel_size), pair(padding), pair(dilation)
    stride = window if stride is None else pair(stride)
    size = [len(positions(x.shape[2 + a] + 2 * padding[a], window[a], stride[a], dilation[a])) for a in (0, 1)]
    return (*x.shape[:2], *size), (*window, *stride, *padding, *dilation)


def max_pool2d(x, *window, **options):
    shape, numbers = pool("max_pool2d", x, *window, **options)
    y, argmax = np.full(shape, 99.0), np.full(shape, 99)
    reference.max_pool2d(x, y, argmax, *numbers)
    return y


def sum_pool2d(x, *window, **options):
    shape, numbers = pool("sum_pool2d", x, *window, **options)
    return made("sum_pool2d", [x], shape, *numbers[:6])


def avg_pool2d(x, *window, count_include_pad=True, **options):
    shape, numbers = pool("avg_pool2d", x, *window, **options)
    return made("avg_pool2d", [x], shape, *numbers[:6], int(count_include_pad))


def adaptive_avg_pool2d(x, output_size):
    size = [n if m is None else m for n, m in zip(x.shape[2:], pair(output_size), strict=True)]
    return made("adaptive_avg_pool2d", [x], (*x.shape[:2], *size))


# --- activations, normalisation, dropout -----------------------------------------------------------------------------


def relu(x):
    return made("relu", [x], x.shape)


def leaky_relu(x, negative_slope=0.01):
    return made("leaky_relu", [x], x.shape, negative_slope)


def prelu(x, weight):
    return made("prelu", [x, weight], x.shape)


def sigmoid(x):
    return made("sigmoid", [x], x.shape)


def softmax(x, dim=-1):
    return made("softmax", [x], x.shape, dim)


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


def dropout(x, p=0.5, training=True):
    if p in (0, 1) or not training:
        return x * (1 - p if training else 1)
    y = np.empty(x.shape)
    reference.dropout(x, np.array([SEED, 0]), y, np.empty(2), p)
    return y


# --- dense layers and losses -----------------------------------------------------------------------------------------


def linear(x, weight, bias=None):
    bias = np.zeros(len(weight)) if bias is None else bias
    rows = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
    return made("linear", [rows, weight, bias], (len(rows), len(weight))).reshape(*x.shape[:-1], len(weight))


def cross_entropy(logits, targets, reduction="mean"):
    losses = np.empty(targets.shape)
    reference.cross_entropy(logits, targets, losses, np.empty(logits.shape))
    if reduction == "none":
        return losses
    return losses.sum() / (losses.size if reduction == "mean" else 1)


# --- arithmetic, reductions, shapes: NumPy's own --------------------------------------------------------------------


add, subtract, multiply, divide = np.add, np.subtract, np.multiply, np.divide


def negative(x):
    return -x


def dims(dim):
    return tuple(dim) if isinstance(dim, list) else dim


def sum(x, dim=None, keepdim=False):
    return x.sum(axis=dims(dim), keepdims=keepdim, dtype=x.dtype if x.dtype.kind == "f" else "int64")


def mean(x, dim=None, keepdim=False):
    axes = tuple(range(x.ndim)) if dim is None else np.atleast_1d(dim)
    return sum(x, dim, keepdim) / np.int64(math.prod(x.shape[a] for a in axes))


def argmax(x, dim=None):
    return np.asarray(x.argmax(axis=dim))


def reshape(x, *shape):
    return x.reshape(*shape)


def flatten(x, start_dim=0, end_dim=-1):
    shape, last = x.shape, end_dim % max(x.ndim, 1)
    return x.reshape(*shape[:start_dim], math.prod(shape[start_dim:last + 1]), *shape[last + 1:])


def squeeze(x, dim=None):
    return x.squeeze(dim) if dim is None or x.shape[dim] == 1 else x


def unsqueeze(x, dim):
    return np.expand_dims(x, dim)


def permute(x, *axes):
    return x.transpose(*axes)


def transpose(x, dim0, dim1):
    return x.swapaxes(dim0, dim1)


def expand(x, *shape):
    shape = shape[0] if isinstance(shape[0], tuple) else shape
    own = (1,) * (len(shape) - x.ndim) + x.shape
    return np.broadcast_to(x, [n if m == -1 else m for n, m in zip(own, shape, strict=True)])


def to(x, *targets):
    for target in targets:
        x = x if target == "cpu" else x.astype(target)
    return x
