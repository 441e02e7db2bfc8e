"""Group and instance norm: the channels of a group of an image are normalised together.

Where images lie channels last, group_norm_images.py has the passes, or group_norm_parts.py. Elsewhere a group is a run
of numbers, which holds one run for each channel (norm_runs.py): an item is a group, read once from memory. What an
image adds to the gradients of weight and bias is kept in float64, (N, 2, columns): the sums of dy, and of
dy * (x - mean).
"""
import numpy as np

from .compile import kernel
from .group_norm_images import image_gradients, image_norm
from .group_norm_parts import part_gradients, part_norm
from .norm_moments import parts_for
from .norm_runs import (
    gradient_of_run,
    has_runs,
    mean_of,
    numbers_of,
    passes_caches,
    products_of,
    scale_run,
    split,
    squares_of,
)

FITS = 1 << 19                        # bytes that stay in the cache of a core while they are read again


def group_norm(x, weight, bias, y, mean, rstd, eps):
    """Lower to one pass."""
    if not has_runs(x):
        return (image_norm if stays(x) else part_norm)(x, weight, bias, y, mean, rstd, eps)
    size = numbers_of(x)
    return [(group_norm_runs, [x.flat(), weight, bias, y.flat(), mean, rstd, size, x.shape[1] // mean.shape[1], eps,
                               passes_caches(y, size=size)])]


def group_norm_backward_input(dy, x, mean, rstd, weight, dx):
    """Lower to one pass."""
    return gradients(dy, x, mean, rstd, weight, dx, sums_for(x), 1)


def group_norm_backward_weight(dy, x, mean, rstd, dweight, dbias):
    """Lower to sums of each image, and their sums."""
    sums = sums_for(x)
    return [*gradients(dy, x, mean, rstd, dweight, dy, sums, 0), (group_norm_join, [sums, rstd, dweight, dbias])]


def group_norm_backward(dy, x, mean, rstd, weight, dx, dweight, dbias):
    """Lower all gradients to one pass, and sums."""
    sums = sums_for(x)
    return [*gradients(dy, x, mean, rstd, weight, dx, sums, 1), (group_norm_join, [sums, rstd, dweight, dbias])]


def stays(*arrays):
    """Whether an image of each array stays in the cache together."""
    return sum(array.nbytes for array in arrays) <= FITS * arrays[0].shape[0]


def sums_for(x):
    """Return memory for what each image adds to the gradients of weight and bias."""
    return parts_for(x.shape[0] if x.size else 0, x.shape[1], x.dtype)


def gradients(dy, x, mean, rstd, weight, dx, sums, inputs):
    """Return the calls for the sums of each image and, where there are `inputs`, for dx."""
    if not has_runs(x):
        return (image_gradients if stays(dy, x) else part_gradients)(dy, x, mean, rstd, weight, dx, sums, inputs)
    size = numbers_of(x)
    return [(group_norm_runs_gradients, [dy.flat(), x.flat(), mean, rstd, weight, dx.flat(), sums, size,
                                         x.shape[1] // mean.shape[1], inputs, passes_caches(dx, size=size)])]


@kernel(items=lambda y, mean: mean.size if y.size else 0)
def group_norm_runs(x, weight, bias, y, mean, rstd, size, each, eps, past, begin, end):
    """An item is a group of an image."""
    groups = mean.shape[1]
    for item in range(begin, end):
        image, group = divmod(item, groups)
        at = item * each * size
        middle = mean_of(x, at, each * size)
        center, low = split(x, middle)
        spread = 1 / np.sqrt(squares_of(x, at, each * size, center, low) / (each * size) + eps)
        mean[image, group], rstd[image, group] = middle, spread
        for c in range(group * each, group * each + each):
            scale_run(x, at, size, center, low, x.dtype.type(spread) * weight[c], bias[c], y, past)
            at += size


@kernel(items=lambda x, mean: mean.size if x.size else 0)
def group_norm_runs_gradients(dy, x, mean, rstd, weight, dx, sums, size, each, inputs, past, begin, end):
    """An item is a group of an image."""
    real, groups = x.dtype.type, mean.shape[1]
    for item in range(begin, end):
        image, group = divmod(item, groups)
        first, at = group * each, item * each * size
        center, low = split(x, mean[image, group])
        spread, total, product = rstd[image, group], 0.0, 0.0
        for c in range(first, first + each):
            own, other = products_of(dy, x, at + (c - first) * size, size, center, low)
            sums[image, 0, c], sums[image, 1, c] = own, other
            total += own * weight[c]
            product += other * weight[c]
        if inputs:
            share = spread / (each * size)
            slope, constant = real(share * spread * spread * product), real(share * total)
            for c in range(first, first + each):
                gradient_of_run(dy, x, at, size, center, low, real(spread) * weight[c], slope, constant, dx, past)
                at += size


@kernel(items=lambda dweight: dweight.size)
def group_norm_join(sums, rstd, dweight, dbias, begin, end):
    """Add up the sums of images. An item is a channel."""
    each = dweight.size // rstd.shape[1]
    for c in range(begin, end):
        total, product = 0.0, 0.0
        for image in range(sums.shape[0]):
            total += sums[image, 0, c]
            product += sums[image, 1, c] * rstd[image, c // each]
        dweight[c], dbias[c] = product, total


@kernel(items=lambda running_mean: running_mean.size)
def instance_norm_running(mean, rstd, running_mean, running_var, new_running_mean, new_running_var, momentum, eps,
                          count, begin, end):
    """An item is a channel; `count` numbers were normalised together."""
    images = mean.shape[0]
    for c in range(begin, end):
        means, variances = 0.0, 0.0
        for image in range(images):
            means += mean[image, c]
            variances += 1 / (rstd[image, c] * rstd[image, c]) - eps
        variances = variances / images * (count / (count - 1))
        new_running_mean[c] = (1 - momentum) * running_mean[c] + momentum * (means / images)
        new_running_var[c] = (1 - momentum) * running_var[c] + momentum * variances
