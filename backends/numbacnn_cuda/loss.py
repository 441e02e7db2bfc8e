"""Losses whose targets are classes: scores as rows (R, C), one per target.

A group of threads side by side works on a row: some lanes of a warp, or a block where there are many classes. NaN, and
a row of which all scores are -inf, or one is inf, make all of the row NaN.
"""
import math

import numpy as np

from numbacnn.kernels.channels_last import View, flat

from .block import WARP, block_largest, block_sum, group_largest, group_sum
from .compile import BLOCK, cuda, device, kernel, real
from .elementwise import larger, renamed
from .fault import fail
from .functions import PRIMITIVES
from .memory import behind, temporary

exp, log = PRIMITIVES["exp"], PRIMITIVES["log"]
IGNORED = -1              # the target of a row that does not count
LEAST = -math.inf
EACH = 4                  # numbers of a row that a thread has in its hands at a time
MOST = 1024               # threads of a block
SUM, PARTS = 2048, 1024   # numbers of which a block makes one sum, at least; sums at most


# --- targets --------------------------------------------------------------------------------------------------------

def checking(op, name):
    """Return the kernel that checks the targets of an op, which have that name there."""
    def check(targets, weight, checked, weights, ignored, fault, launch):
        i = cuda.grid(1)
        if i < targets.size:
            target = targets[i]
            if 0 <= target < weight.size and target != ignored:
                checked[i] = target
                weights[i] = weight[target]
            else:
                checked[i] = IGNORED
                weights[i] = 0
                if target != ignored:
                    fail(fault, launch, i, target)

    def raises(i, target, targets, weight, checked, weights, ignored):
        return IndexError(f"{op}: {name} must be from 0 to {weight.size - 1}, got {target} (ignore_index is "
                          f"{ignored})")

    return kernel(items=lambda targets: targets.size, arrange=flat, raises=raises)(renamed(check, f"{op}_targets"))


cross_entropy_targets, nll_loss_targets = checking("cross_entropy", "targets"), checking("nll_loss", "target")


def rows(*arguments):
    """Arrange scores, (N, C) or (N, C, H, W), as rows; what there is one of for each, or one for all, as one axis."""
    return [each.rows() if isinstance(each, View) and each.ndim in (2, 4) else each.flat() for each in arguments]


# --- threads that work on a row: each on up to four numbers ---------------------------------------------------------

def bits_of(classes):
    """Return the binary logarithm of how many threads have a row to share among them."""
    return max(-(-classes // EACH) - 1, 0).bit_length()


def shared_rows(*arguments):
    """Arrange as rows, and tell the binary logarithm of the threads for each."""
    arguments = rows(*arguments)
    return [*arguments, bits_of(arguments[-1].shape[1])]


@device
def read(x, row, first, step, values):
    """Read four numbers of a row; -inf behind its end."""
    for j in range(EACH):
        c = first + j * step
        values[j] = x[row, c] if c < x.shape[1] else LEAST


@device
def largest_of(values):
    """Return the largest of four numbers, NaN where one is NaN."""
    return larger(larger(values[0], values[1]), larger(values[2], values[3]))


@device
def powers(values, top):
    """Put exp(number - top) in place of four numbers; return the sum."""
    for j in range(EACH):
        values[j] = exp(values[j] - top)
    return values[0] + values[1] + (values[2] + values[3])


@device
def write_shares(values, total, row, first, step, y):
    """Write four numbers, divided by total, to a row."""
    for j in range(EACH):
        c = first + j * step
        if c < y.shape[1]:
            y[row, c] = values[j] / total


@device
def write_loss(logits, targets, weights, losses, row, top, total):
    """Write the loss of a row."""
    target = targets[row]
    losses[row] = weights[row] * (log(total) + (top - logits[row, target])) if target >= 0 else 0.0


# --- cross entropy --------------------------------------------------------------------------------------------------

def cross_entropy(*arguments):
    """Lower to one kernel: lanes of a warp work on a row, or a block, in one go or in several."""
    *arguments, bits = shared_rows(*arguments)
    if 1 << bits <= WARP:
        return [(cross_entropy_by_lanes, [*arguments, bits])]
    return [(cross_entropy_by_blocks if 1 << bits <= MOST else cross_entropy_in_turns, arguments)]


@kernel(items=lambda logits, bits: logits.shape[0] << bits)
def cross_entropy_by_lanes(logits, targets, weights, losses, probabilities, bits):
    thread, lanes = cuda.grid(1), 1 << bits
    row, lane = thread >> bits, thread & (lanes - 1)
    mine, row = row < logits.shape[0], min(row, logits.shape[0] - 1)    # all lanes of a warp exchange numbers
    values = cuda.local.array(EACH, real)
    read(logits, row, lane, lanes, values)
    top = group_largest(largest_of(values), lanes)
    total = group_sum(powers(values, top), lanes)
    if mine:
        write_shares(values, total, row, lane, lanes, probabilities)
        if lane == 0:
            write_loss(logits, targets, weights, losses, row, top, total)


@kernel(blocks=lambda logits: logits.shape[0], block=lambda logits: 1 << bits_of(logits.shape[1]))
def cross_entropy_by_blocks(logits, targets, weights, losses, probabilities):
    row, thread, threads = cuda.blockIdx.x, cuda.threadIdx.x, cuda.blockDim.x
    values = cuda.local.array(EACH, real)
    read(logits, row, thread, threads, values)
    top = block_largest(largest_of(values))
    total = block_sum(powers(values, top))
    write_shares(values, total, row, thread, threads, probabilities)
    if thread == 0:
        write_loss(logits, targets, weights, losses, row, top, total)


@kernel(blocks=lambda logits: logits.shape[0], block=MOST)
def cross_entropy_in_turns(logits, targets, weights, losses, probabilities):
    row, thread = cuda.blockIdx.x, cuda.threadIdx.x
    values = cuda.local.array(EACH, real)
    own, part = LEAST, real(0)                           # the largest that this thread has seen, and its sum
    for first in range(thread, logits.shape[1], EACH * MOST):
        read(logits, row, first, MOST, values)
        new = larger(own, largest_of(values))
        if new != LEAST:
            part = part * exp(own - new) + powers(values, new)
        own = new
    top = block_largest(own)
    total = block_sum(part * exp(own - top))
    for first in range(thread, logits.shape[1], EACH * MOST):
        read(logits, row, first, MOST, values)
        powers(values, top)
        write_shares(values, total, row, first, MOST, probabilities)
    if thread == 0:
        write_loss(logits, targets, weights, losses, row, top, total)


@kernel(items=lambda dlogits, bits: dlogits.shape[0] << bits, arrange=shared_rows)
def cross_entropy_backward(dlosses, probabilities, targets, weights, divisor, dlogits, bits):
    thread, step = cuda.grid(1), 1 << bits
    row, first = thread >> bits, thread & (step - 1)
    if row < dlogits.shape[0]:
        values = cuda.local.array(EACH, real)
        read(probabilities, row, first, step, values)
        target = targets[row]
        scale = dlosses[row if dlosses.size > 1 else 0] * weights[row] / divisor[0] if target >= 0 else 0.0
        for j in range(EACH):
            c = first + j * step
            if c < dlogits.shape[1]:
                dlogits[row, c] = (values[j] - 1.0 if c == target else values[j]) * scale


# --- negative logarithmic likelihood --------------------------------------------------------------------------------

@kernel(items=lambda x: x.shape[0], arrange=rows)
def nll_loss(x, targets, weights, losses):
    row = cuda.grid(1)
    if row < x.shape[0]:
        losses[row] = -weights[row] * x[row, targets[row]] if targets[row] >= 0 else 0.0


@kernel(items=lambda dx, bits: dx.shape[0] << bits, arrange=shared_rows)
def nll_loss_backward(dlosses, targets, weights, divisor, dx, bits):
    thread, step = cuda.grid(1), 1 << bits
    row, first = thread >> bits, thread & (step - 1)
    if row < dx.shape[0]:
        target = targets[row]
        value = -weights[row] * dlosses[row if dlosses.size > 1 else 0] / divisor[0] if target >= 0 else 0.0
        for j in range(EACH):
            c = first + j * step
            if c < dx.shape[1]:
                dx[row, c] = value if c == target else 0.0


# --- their mean -----------------------------------------------------------------------------------------------------

def weighted_mean(x, weights, mean, total):
    """Lower to one kernel, or to sums by blocks and what they add up to; in float64, for losses may cancel."""
    length = max(SUM, -(-x.size // PARTS))
    blocks = -(-x.size // length)
    if blocks <= 1:
        return [(divide_sums, flat(x, weights, mean, total))]
    sums = temporary((blocks,), np.float64)
    totals = temporary((blocks,), np.float64, behind(sums))
    return [(add_weighted, [*flat(x, weights), sums, totals, length]),
            (divide_sums, [sums, totals, *flat(mean, total)])]


@device
def sum_of(x, begin, end):
    """Return the sum of numbers, to all threads of the block."""
    total = real(0)
    for i in range(begin + cuda.threadIdx.x, end, BLOCK):
        total += x[i]
    return block_sum(total)


@kernel(blocks=lambda sums: sums.size, block=BLOCK, wide=True)
def add_weighted(x, weights, sums, totals, length):
    block = cuda.blockIdx.x
    begin, end = block * length, min(x.size, (block + 1) * length)
    numbers, shares = sum_of(x, begin, end), sum_of(weights, begin, end)
    if cuda.threadIdx.x == 0:
        sums[block], totals[block] = numbers, shares


@kernel(blocks=lambda mean: 1, block=BLOCK, wide=True)
def divide_sums(x, weights, mean, total):
    numbers, shares = sum_of(x, 0, x.size), sum_of(weights, 0, x.size)
    if cuda.threadIdx.x == 0:
        mean[0], total[0] = numbers / shares, shares
