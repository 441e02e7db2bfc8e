"""Sums over any axes.

A sum is taken in blocks, so that a few sums of many numbers keep all workers busy: partial sums (block, output) in
float64 or int64, then the sum of these. How many blocks follows from shapes alone. `kept` and `reduced` are tables of
axes of x (strided.py), `numbers` how many numbers go into one sum.
"""
from typing import NamedTuple

import numpy as np

from .compile import compiled, kernel
from .memory import temporary
from .strided import follow, table

BLOCKS, BLOCK = 64, 4096              # a sum has at most so many blocks, and a block at least so many numbers
COLUMNS = 512                         # outputs side by side that one item sums


class Split(NamedTuple):
    """How a reduction of x to y is cut: tables of axes, numbers of one result, rows or columns, how many blocks."""

    kept: np.ndarray
    reduced: np.ndarray
    numbers: int
    by_rows: bool
    blocks: int

    @property
    def lines(self):
        """Whether each result is that of numbers that lie side by side, one line of them behind the other."""
        step = self.numbers if self.kept[0, 0] > 1 else self.kept[1, 0]
        return (self.by_rows and self.blocks == 1 and self.reduced[0, 0] == self.numbers and self.reduced[1, 0] == 1
                and self.kept[0, 1:].prod() == 1 and self.kept[1, 0] == step)

    @classmethod
    def of(cls, x, y):
        """Return how; the loop inside runs over what lies side by side, reduced (rows) or kept (columns)."""
        seen, target = x.physical(), y.physical()
        gone, stay = ([axis for axis, n in enumerate(target.shape) if (n == 1) is which] for which in (True, False))
        reduced, kept = (table(view.shape, view) for view in (seen.permuted(gone), seen.permuted(stay)))
        numbers, width, step = int(reduced[0].prod()), int(kept[0, 0]), kept[1, 0]
        by_rows = step != 1 or width == 1
        items = y.size if by_rows else y.size // max(width, 1) * -(-width // COLUMNS)
        blocks = max(1, min(BLOCKS // max(items, 1), y.size * numbers // BLOCK, numbers))
        return cls(kept, reduced, numbers, by_rows, blocks)


def sum(x, y, divisor):
    """Lower to partial sums and their sum."""
    return sums(x, y, divisor, 0)


def sums(x, y, divisor, offset):
    """Return the calls of a sum whose temporaries begin so many bytes from the first."""
    split, dtype = Split.of(x, y), np.float64 if x.dtype.kind == "f" else np.int64
    if split.lines:
        return [(sum_lines, [x.flat(), y.flat(), split.numbers, np.zeros(1, dtype), float(divisor)])]
    kept, reduced, numbers, by_rows, blocks = split
    partial = temporary((blocks, y.size), dtype, offset)
    return [(sum_rows if by_rows else sum_columns, [x.flat(), partial, kept, reduced, numbers]),
            (sum_blocks, [partial, y.flat(), float(divisor)])]


@kernel(items=lambda y: y.size, reassociate=True)
def sum_lines(x, y, width, zero, divisor, begin, end):
    """Add up rows that lie one behind the other. An item is a row."""
    for row in range(begin, end):
        at, total = np.uintp(row * width), zero[0]
        for k in range(np.uintp(width)):
            total += x[at + k]
        if divisor == 1:                            # an integer stays exact
            y[row] = total
        else:
            y[row] = total / divisor


@kernel(items=lambda partial: partial.size, reassociate=True)
def sum_rows(x, partial, kept, reduced, numbers, begin, end):
    blocks, outputs = partial.shape
    width, step = reduced[0, 0], reduced[1, 0]
    for item in range(begin, end):
        block, output = divmod(item, outputs)
        base = follow(kept[0], kept[1], output)
        at, last = numbers * block // blocks, numbers * (block + 1) // blocks
        total = partial.dtype.type(0)
        while at < last:                            # runs along the innermost axis
            row, first = divmod(at, width)
            run = min(width - first, last - at)
            source = x[base + follow(reduced[0, 1:], reduced[1, 1:], row) + first * step:]
            if step == 1:                           # said as a constant, so that the loop is vectorised
                for k in range(run):
                    total += source[k]
            else:
                for k in range(run):
                    total += source[k * step]
            at += run
        partial[block, output] = total


def column_items(partial, kept):
    """Return how many blocks of how many pieces of rows there are."""
    width = max(int(kept[0, 0]), 1)
    return partial.size // width * -(-width // COLUMNS)


@kernel(items=column_items)
def sum_columns(x, partial, kept, reduced, numbers, begin, end):
    blocks, outputs = partial.shape
    columns, width, step = kept[0, 0], reduced[0, 0], reduced[1, 0]
    pieces = -(-columns // COLUMNS)
    for item in range(begin, end):
        block, place = divmod(item, outputs // columns * pieces)
        outer, piece = divmod(place, pieces)
        base = piece * COLUMNS + follow(kept[0, 1:], kept[1, 1:], outer)
        size = min(COLUMNS, columns - piece * COLUMNS)
        total = partial[block, outer * columns + piece * COLUMNS:][:size]
        total[:] = 0
        at, last = numbers * block // blocks, numbers * (block + 1) // blocks
        while at < last:                            # runs along the innermost axis
            row, first = divmod(at, width)
            run = min(width - first, last - at)
            source = base + follow(reduced[0, 1:], reduced[1, 1:], row) + first * step
            for k in range(0, run - 3, 4):          # four at a time: the sums are read and written less often
                add_four(x, source + k * step, step, total)
            for k in range(run // 4 * 4, run):
                beside = x[source + k * step:]
                for c in range(size):
                    total[c] += beside[c]
            at += run


@compiled
def add_four(x, at, step, total):
    """Add to sums the numbers from position `at`, and from the three that follow `step` apart."""
    one, apart = np.uintp(at), np.uintp(step)       # unsigned: slab.py says why
    two, three, four = one + apart, one + apart + apart, one + apart + apart + apart
    for c in range(np.uintp(total.size)):
        total[c] = total[c] + x[one + c] + x[two + c] + x[three + c] + x[four + c]


@kernel(items=lambda y: y.size)
def sum_blocks(partial, y, divisor, begin, end):
    for i in range(begin, end):
        total = partial.dtype.type(0)
        for block in range(partial.shape[0]):
            total += partial[block, i]
        if divisor == 1:
            y[i] = total
        else:
            y[i] = total / divisor
