"""Group and instance norm of images (H * W, C) that do not stay in the cache: parts of their pixels, in two passes.

As in batch norm (norm_moments.py, whose statistics these are), but each image has parts of its own. Parts of the
gradients hold the sums of dy and of dy * (x - mean), in float64. The table is that of group_norm_images.py.
"""
import numpy as np

from .compile import kernel
from .group_norm_images import (
    add_products,
    center,
    layout,
    learn_slopes,
    passes_caches,
    table,
    write_block,
    write_gradient,
)
from .memory import temporary
from .norm_moments import AHEAD, ROWS, moments_of, parts_shape

NUMBERS = 1 << 16                     # that a part has, at least


def part_norm(x, weight, bias, y, mean, rstd, eps):
    """Return the calls for the forward pass."""
    pixels, each, _ = layout(x, mean)
    size, parts = parts_of(x, pixels, 0)
    known = table(x, 4, parts.nbytes)
    return [(group_norm_moments, [x.flat(), parts, x.shape[1], size, pixels]),
            (group_norm_learn, [parts, weight, bias, mean, rstd, known, each, eps]),
            (group_norm_apply, [x.flat(), known, y.flat(), x.shape[1], size, pixels, parts.shape[0],
                                passes_caches(y, x.shape[1], x.shape[1])])]


def part_gradients(dy, x, mean, rstd, weight, dx, sums, inputs):
    """Return the calls for the sums of each image and, where there are `inputs`, for dx."""
    pixels, each, _ = layout(x, mean)
    size, parts = parts_of(x, pixels, sums.nbytes)
    known = table(x, 5, sums.nbytes + parts.nbytes)
    calls = [(group_norm_center, [mean, known, each]),
             (group_norm_products, [dy.flat(), x.flat(), known, parts, x.shape[1], size, pixels]),
             (group_norm_slopes, [parts, rstd, weight, sums, known, each, pixels])]
    if inputs:
        calls.append((group_norm_gradient, [dy.flat(), x.flat(), known, dx.flat(), x.shape[1], size, pixels,
                                            parts.shape[0], passes_caches(dx, x.shape[1], x.shape[1])]))
    return calls


def parts_of(x, pixels, offset):
    """Return how many pixels make a part, and memory for the sums of all parts of all images."""
    size = max(ROWS, NUMBERS // x.shape[1])
    return size, temporary(parts_shape(x.shape[0] * -(-pixels // size), x.shape[1], x.dtype), np.float64, offset)


@kernel(items=lambda parts: parts.shape[0])
def group_norm_moments(x, parts, channels, size, pixels, begin, end):
    """An item is a part."""
    pieces = -(-pixels // size)
    for part in range(begin, end):
        image, piece = divmod(part, pieces)
        first = piece * size
        moments_of(x, image * pixels + first, min(size, pixels - first), channels, parts, part)


@kernel(items=lambda mean: mean.size)
def group_norm_learn(parts, weight, bias, mean, rstd, known, each, eps, begin, end):
    """Join the parts and the channels of a group: an item."""
    channels, pieces, real = weight.size, parts.shape[0] // mean.shape[0], known.dtype.type
    for item in range(begin, end):
        image, group = divmod(item, mean.shape[1])
        first, begun = group * each, image * pieces
        total, count, square = 0.0, 0.0, 0.0
        for part in range(begun, begun + pieces):
            count += each * parts[part, 0, channels]
            for c in range(first, first + each):
                total += parts[part, 0, channels] * parts[part, 0, c]
        middle = total / count
        for part in range(begun, begun + pieces):
            for c in range(first, first + each):
                square += parts[part, 1, c] + parts[part, 0, channels] * (parts[part, 0, c] - middle) ** 2
        spread = 1 / np.sqrt(square / count + eps)
        mean[image, group], rstd[image, group] = middle, spread
        center(known, image, first, each, middle)
        for c in range(first, first + each):
            known[image, 2, c], known[image, 3, c] = real(spread) * weight[c], bias[c]


@kernel(items=lambda parts: parts)
def group_norm_apply(x, known, y, channels, size, pixels, parts, past, begin, end):
    """An item is a part."""
    pieces = -(-pixels // size)
    for part in range(begin, end):
        image, piece = divmod(part, pieces)
        first = piece * size
        write_block(x, (image * pixels + first) * channels, min(size, pixels - first), channels, channels, known, image,
                    0, y, past)


@kernel(items=lambda mean: mean.size)
def group_norm_center(mean, known, each, begin, end):
    """An item is a group of an image."""
    for item in range(begin, end):
        image, group = divmod(item, mean.shape[1])
        center(known, image, group * each, each, mean[image, group])


@kernel(items=lambda parts: parts.shape[0])
def group_norm_products(dy, x, known, parts, channels, size, pixels, begin, end):
    """An item is a part."""
    pieces = -(-pixels // size)
    for part in range(begin, end):
        image, piece = divmod(part, pieces)
        first, sums = piece * size, parts[part]
        sums[:, :] = 0
        add_products(dy, x, (image * pixels + first) * channels, min(size, pixels - first), channels, channels, known,
                     image, 0, sums)


@kernel(items=lambda rstd: rstd.size)
def group_norm_slopes(parts, rstd, weight, sums, known, each, pixels, begin, end):
    """Add up the parts of the channels of a group, which is an item."""
    pieces = parts.shape[0] // rstd.shape[0]
    for item in range(begin, end):
        image, group = divmod(item, rstd.shape[1])
        for c in range(group * each, group * each + each):
            total, product = 0.0, 0.0
            for part in range(image * pieces, image * pieces + pieces):
                total += parts[part, 0, c]
                product += parts[part, 1, c]
            sums[image, 0, c], sums[image, 1, c] = total, product
        learn_slopes(rstd[image, group], weight, 0, group * each, each, pixels, sums[image], known, image)


@kernel(items=lambda parts: parts)
def group_norm_gradient(dy, x, known, dx, channels, size, pixels, parts, past, begin, end):
    """An item is a part."""
    pieces = -(-pixels // size)
    for part in range(begin, end):
        image, piece = divmod(part, pieces)
        first = piece * size
        write_gradient(dy, x, (image * pixels + first) * channels, min(size, pixels - first), channels, channels, known,
                       image, 0, dx, past, AHEAD)
