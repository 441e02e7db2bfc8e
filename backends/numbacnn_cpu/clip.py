"""The norm of all gradients together, and their clipping: one call of a plan for all of them.

Numbers are added up in blocks, in float64, then these sums: where a block ends follows from shapes alone. The largest
magnitude is found among the bits of the numbers, without the sign: as whole numbers they have the same order, and NaN
comes last.
"""
import math

import numpy as np

from numbacnn.kernels.channels_last import flat

from .compile import Constant, kernel
from .memory import temporary

BLOCK = 8192                          # numbers whose sum is one item


def gradient_norm(*arguments):
    """Lower to sums over blocks of each gradient, and one over these."""
    *gradients, norm, order = arguments
    gradients = [g.flat() for g in gradients if g.size]
    blocks = [-(-g.size // BLOCK) for g in gradients]
    dtype = norm.dtype if order == math.inf else np.dtype(np.float64)
    partial = temporary((max(sum(blocks), 1),), dtype)
    parts = [partial._replace(offset=sum(blocks[:i]) * dtype.itemsize, shape=(n,)) for i, n in enumerate(blocks)]
    if not gradients:
        return [(set_zero, [norm.flat()])]
    if order == math.inf:
        whole = np.dtype(f"uint{8 * dtype.itemsize}")
        mask = (1 << 8 * dtype.itemsize - 1) - 1
        found = [(g, part) for g, part in zip(gradients, parts, strict=True)] + [(partial, norm.flat())]
        return [(largest, [x._replace(dtype=whole), y._replace(dtype=whole), mask]) for x, y in found]
    power = Constant(order if order in (1, 2) else 0)
    calls = [(sums_of_powers, [g, part, order, power]) for g, part in zip(gradients, parts, strict=True)]
    return [*calls, (root_of_sum, [partial, norm.flat(), order])]


def clip_by_norm(limit, norm, *gradients):
    """Lower to one call per gradient."""
    return [(scale_to_norm, flat(limit, norm, g, y)) for g, y in halves(gradients)]


def clip_by_value(limit, *gradients):
    """Lower to one call per gradient."""
    return [(clamp, flat(limit, g, y)) for g, y in halves(gradients)]


def halves(arrays):
    """Return pairs: arrays to read, and as many to write."""
    k = len(arrays) // 2
    return zip(arrays[:k], arrays[k:], strict=True)


@kernel(items=lambda norm: norm.size)
def set_zero(norm, begin, end):
    norm[begin:end] = 0


@kernel(items=lambda partial: partial.size, reassociate=True)
def sums_of_powers(x, partial, order, power, begin, end):
    blocks = partial.size
    for block in range(begin, end):
        numbers = x[x.size * block // blocks:x.size * (block + 1) // blocks]
        total = 0.0
        if power == 2:
            for i in range(numbers.size):
                total += np.float64(numbers[i]) * np.float64(numbers[i])
        elif power == 1:
            for i in range(numbers.size):
                total += abs(np.float64(numbers[i]))
        else:
            for i in range(numbers.size):
                total += abs(np.float64(numbers[i])) ** order
        partial[block] = total


@kernel(items=lambda norm: norm.size)
def root_of_sum(partial, norm, order, begin, end):
    for i in range(begin, end):
        total = 0.0
        for block in range(partial.size):
            total += partial[block]
        norm[i] = math.sqrt(total) if order == 2 else total ** (1 / order)


@kernel(items=lambda partial: partial.size)
def largest(words, partial, mask, begin, end):
    blocks, magnitude = partial.size, words.dtype.type(mask)
    for block in range(begin, end):
        numbers = words[words.size * block // blocks:words.size * (block + 1) // blocks]
        top = words.dtype.type(0)
        for i in range(numbers.size):
            top = max(top, numbers[i] & magnitude)
        partial[block] = top


@kernel(items=lambda y: y.size)
def scale_to_norm(limit, norm, g, y, begin, end):
    scale = limit[0] / (norm[0] + 1e-6)
    scale = y.dtype.type(1 if scale > 1 else scale)                     # NaN stays
    g, y = g[begin:end], y[begin:end]
    for i in range(y.size):
        y[i] = scale * g[i]


@kernel(items=lambda y: y.size)
def clamp(limit, g, y, begin, end):
    top = y.dtype.type(limit[0])
    g, y = g[begin:end], y[begin:end]
    for i in range(y.size):
        y[i] = top if g[i] > top else (-top if g[i] < -top else g[i])
