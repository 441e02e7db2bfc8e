"""Pooling."""
import numpy as np
import reference

from op_reference.made import made, pair, positions


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
