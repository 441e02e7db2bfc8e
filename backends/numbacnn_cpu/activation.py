"""PReLU: one slope, or one per channel. An item is a row of channels. NaN takes the branch of PyTorch."""
import numpy as np

from .channels import put
from .compile import compiled, kernel
from .memory import temporary
from .simd import fill, lanes, load, select

PARTS, PART = 64, 4096                # a sum has at most so many parts, and a part at least so many numbers


def by_channel(x):
    """Return an array as rows over its innermost axis: where slopes belong to channels, these lie there."""
    return x.shaped((x.size // max(x.physical().shape[-1], 1), x.physical().shape[-1]) if x.shape else (1, 1))


def prelu_backward_weight(dy, x, dweight):
    """Lower to sums over parts of the rows, and their sum: that over all channels where there is one slope."""
    dy, x = by_channel(dy), by_channel(x)
    rows, channels = x.shape
    parts = temporary((max(1, min(PARTS, rows, x.size // PART)), channels), np.float64)
    return [(prelu_sum_weight, [dy, x, parts]), (prelu_add_weight, [parts, dweight])]


@kernel(items=lambda y: y.shape[0], arrange=lambda x, weight, y: [by_channel(x), weight, by_channel(y)])
def prelu(x, weight, y, begin, end):
    bend(x, x, weight, y, begin, end)


@kernel(items=lambda dx: dx.shape[0],
        arrange=lambda dy, x, weight, dx: [by_channel(dy), by_channel(x), weight, by_channel(dx)])
def prelu_backward_input(dy, x, weight, dx, begin, end):
    bend(dy, x, weight, dx, begin, end)


@compiled
def bend(a, x, weight, y, begin, end):
    """Write rows of a where x > 0, and of a times its slope elsewhere; with one slope, all rows are one run."""
    channels, zero = x.shape[1], fill(x, 0)
    run = max(channels if weight.size > 1 else (end - begin) * channels, 1)
    factors, signs, target = a.reshape(a.size), x.reshape(x.size), y.reshape(y.size)
    for first in range(begin * channels, end * channels, run):
        for i in range(0, run, lanes(x)):
            slope = load(weight, i) if weight.size > 1 else fill(weight, weight[0])
            value = load(factors, first + i)
            put(target, first + i, select(load(signs, first + i) > zero, value, slope * value), run - i)


@kernel(items=lambda parts: parts.shape[0])
def prelu_sum_weight(dy, x, parts, begin, end):
    """parts (P, C), each the sum of x * dy over some rows, where x <= 0. An item is a part."""
    count, rows = parts.shape[0], x.shape[0]
    zero = x.dtype.type(0)
    for part in range(begin, end):
        parts[part] = 0
        for row in range(rows * part // count, rows * (part + 1) // count):
            for c in range(x.shape[1]):
                parts[part, c] += zero if x[row, c] > zero else x[row, c] * dy[row, c]


@kernel(items=lambda dweight: dweight.size)
def prelu_add_weight(parts, dweight, begin, end):
    """Add all parts (P, C) up: by channel, or all channels too. An item is a slope."""
    for slope in range(begin, end):
        total = 0.0
        for part in range(parts.shape[0]):
            for c in range(slope if dweight.size > 1 else 0, slope + 1 if dweight.size > 1 else parts.shape[1]):
                total += parts[part, c]
        dweight[slope] = total
