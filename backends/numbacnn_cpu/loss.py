"""Losses whose targets are classes: scores as rows (R, C), one per target. An item is a row."""
import math

import numpy as np

from numbacnn.kernels.channels_last import View, flat

from .compile import kernel
from .elementwise import renamed
from .memory import temporary
from .reduce import BLOCK, BLOCKS
from .softmax import divide, exponentials

IGNORED = -1              # the target of a row that does not count


def checking(op, name):
    """Return the kernel that checks the targets of an op, which have that name there: an item is a target."""
    message = op + ": " + name + " must be from 0 to {}, got {} (ignore_index is {})"

    def check(targets, weight, checked, weights, ignored, begin, end):
        for row in range(begin, end):
            target = np.int64(targets[row])
            if target == ignored:
                checked[row] = IGNORED
                weights[row] = 0
            elif 0 <= target < weight.size:
                checked[row] = target
                weights[row] = weight[target]
            else:
                raise IndexError(message, weight.size - 1, target, ignored)

    return kernel(items=lambda targets: targets.size, arrange=flat, raises=True)(renamed(check, f"{op}_targets"))


cross_entropy_targets, nll_loss_targets = checking("cross_entropy", "targets"), checking("nll_loss", "target")


def rows(*arguments):
    """Arrange scores, (N, C) or (N, C, H, W), as rows; what there is one of for each, or one for all, as one axis."""
    return [each.rows() if isinstance(each, View) and each.ndim in (2, 4) else each.flat() for each in arguments]


@kernel(items=lambda logits: logits.shape[0], arrange=rows)
def cross_entropy(logits, targets, weights, losses, probabilities, begin, end):
    classes = logits.shape[1]
    scores, powers = logits.reshape(logits.size), probabilities.reshape(logits.size)
    for row in range(begin, end):
        top, sums = exponentials(scores, row * classes, classes, powers)
        divide(powers, row * classes, classes, sums)
        losses[row] = 0
        if targets[row] >= 0:
            losses[row] = weights[row] * (math.log(sums) + (top - logits[row, targets[row]]))


@kernel(items=lambda probabilities: probabilities.shape[0], arrange=rows)
def cross_entropy_backward(dlosses, probabilities, targets, weights, divisor, dlogits, begin, end):
    for row in range(begin, end):
        target, scale = targets[row], dlosses.dtype.type(0)
        if target >= 0:
            scale = dlosses[row if dlosses.size > 1 else 0] * weights[row] / divisor[0]
        for c in range(probabilities.shape[1]):
            dlogits[row, c] = probabilities[row, c] * scale
        if target >= 0:
            dlogits[row, target] = (probabilities[row, target] - 1) * scale


@kernel(items=lambda x: x.shape[0], arrange=rows)
def nll_loss(x, targets, weights, losses, begin, end):
    for row in range(begin, end):
        losses[row] = -weights[row] * x[row, targets[row]] if targets[row] >= 0 else losses.dtype.type(0)


@kernel(items=lambda dx: dx.shape[0], arrange=rows)
def nll_loss_backward(dlosses, targets, weights, divisor, dx, begin, end):
    for row in range(begin, end):
        for c in range(dx.shape[1]):
            dx[row, c] = 0
        if targets[row] >= 0:
            dx[row, targets[row]] = -weights[row] * dlosses[row if dlosses.size > 1 else 0] / divisor[0]


def weighted_mean(x, weights, mean, total):
    """Lower to sums of blocks, in float64, and what they add up to."""
    parts = temporary((2, max(1, min(BLOCKS, x.size // BLOCK))), np.float64)
    return [(add_weighted, [x.flat(), weights.flat(), parts]), (divide_sums, [parts, mean.flat(), total.flat()])]


@kernel(items=lambda parts: parts.shape[1], reassociate=True)
def add_weighted(x, weights, parts, begin, end):
    """An item is a block."""
    blocks = parts.shape[1]
    for block in range(begin, end):
        first, last = x.size * block // blocks, x.size * (block + 1) // blocks
        values, shares = x[first:last], weights[first:last]
        sums, total = parts.dtype.type(0), parts.dtype.type(0)
        for i in range(values.size):
            sums += values[i]
            total += shares[i]
        parts[0, block] = sums
        parts[1, block] = total


@kernel(items=lambda parts: 1)
def divide_sums(parts, mean, total, begin, end):
    for _ in range(begin, end):
        sums, weights = parts.dtype.type(0), parts.dtype.type(0)
        for block in range(parts.shape[1]):
            sums += parts[0, block]
            weights += parts[1, block]
        mean[0] = sums / weights
        total[0] = weights
