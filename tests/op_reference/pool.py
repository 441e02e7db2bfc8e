"""Pooling."""
import math

import numpy as np
import reference

from op_reference.made import made


def several(value, axes):
    return (value,) * axes if value is None or isinstance(value, int) else tuple(value)


def begins(size, kernel, stride, padding, dilation, ceil_mode):
    """Where windows begin along an axis, counted in the padded one."""
    extent, padded = dilation * (kernel - 1) + 1, size + 2 * padding
    if not ceil_mode:
        return [at for at in range(0, padded, stride) if at + extent <= padded]
    return [at for at in range(0, size + padding, stride) if at - stride + extent < padded]     # the one before ended


def pool(axes, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Numbers of a pooling kernel, and the shape of its output."""
    window, padding, dilation = several(kernel_size, axes), several(padding, axes), several(dilation, axes)
    stride = window if stride is None else several(stride, axes)
    along = zip(x.shape[-axes:], window, stride, padding, dilation, strict=True)
    size = [len(begins(*axis, ceil_mode)) for axis in along]
    return (*x.shape[:-axes], *size), (*window, *stride, *padding, *dilation)


def of_images(axes, kernel, x, shape, *numbers):
    """What a kernel writes of images, or of one without an axis of its own."""
    batch = x if x.ndim == axes + 2 else x[None]
    return made(kernel, [batch], (*batch.shape[:2], *shape[-axes:]), *numbers).reshape(shape)


def of_maxima(axes, kernel, x, shape, *numbers):
    batch = x if x.ndim == axes + 2 else x[None]
    y, argmax = (np.full((*batch.shape[:2], *shape[-axes:]), 99, dtype) for dtype in ("float64", "int32"))
    getattr(reference, kernel)(batch, y, argmax, *numbers)
    return y.reshape(shape)


def max_pool(axes):
    def op(x, *window, **options):
        shape, numbers = pool(axes, x, *window, **options)
        return of_maxima(axes, "max_pool", x, shape, *numbers)
    return op


def avg_pool(axes):
    def op(x, *window, count_include_pad=True, divisor_override=None, **options):
        shape, numbers = pool(axes, x, *window, **options)
        return of_images(axes, "avg_pool", x, shape, *numbers[:3 * axes], int(count_include_pad), divisor_override or 0)
    return op


def sum_pool(axes):
    def op(x, *window, **options):
        shape, numbers = pool(axes, x, *window, **options)
        return of_images(axes, "avg_pool", x, shape, *numbers[:3 * axes], 0, 1)
    return op


def lp_pool(axes):
    def op(x, norm_type, kernel_size, stride=None, ceil_mode=False):
        means = avg_pool(axes)(x ** norm_type, kernel_size, stride, ceil_mode=ceil_mode)
        return (np.sign(means) * np.abs(means) * math.prod(several(kernel_size, axes))) ** (1 / norm_type)
    return op


def adaptive(axes, kernel, maxima):
    def op(x, output_size):
        size = [n if m is None else m for n, m in zip(x.shape[-axes:], several(output_size, axes), strict=True)]
        return (of_maxima if maxima else of_images)(axes, kernel, x, (*x.shape[:-axes], *size))
    return op


def max_unpool(axes):
    def op(x, indices, kernel_size, stride=None, padding=0, output_size=None):
        window, padding = several(kernel_size, axes), several(padding, axes)
        stride = window if stride is None else several(stride, axes)
        size = output_size[-axes:] if output_size else [
            (n - 1) * s - 2 * p + k for n, k, s, p in zip(x.shape[-axes:], window, stride, padding, strict=True)]
        batch = [each if each.ndim == axes + 2 else each[None] for each in (x, indices)]
        return made("max_unpool", batch, (*batch[0].shape[:2], *size)).reshape(*x.shape[:-axes], *size)
    return op


max_pool1d, max_pool2d, max_pool3d = (max_pool(axes) for axes in (1, 2, 3))
avg_pool1d, avg_pool2d, avg_pool3d = (avg_pool(axes) for axes in (1, 2, 3))
sum_pool1d, sum_pool2d, sum_pool3d = (sum_pool(axes) for axes in (1, 2, 3))
lp_pool1d, lp_pool2d, lp_pool3d = (lp_pool(axes) for axes in (1, 2, 3))
max_unpool1d, max_unpool2d, max_unpool3d = (max_unpool(axes) for axes in (1, 2, 3))
adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = (
    adaptive(axes, "adaptive_avg_pool", maxima=False) for axes in (1, 2, 3))
adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = (
    adaptive(axes, "adaptive_max_pool", maxima=True) for axes in (1, 2, 3))
