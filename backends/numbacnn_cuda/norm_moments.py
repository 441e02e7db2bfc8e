"""Moments of parts of an array (columns.py), in one pass over memory, for batch and group norm.

Of each part there are the pivot, one of its numbers, and the sums of differences from it and of their squares. They
are joined in float64, as in T. Chan, G. Golub, R. LeVeque, Algorithms for computing the sample variance (1983), section
2. So how far numbers are from zero plays no role. What is then subtracted from numbers has two parts, if the contract
has means in float64: the number of the dtype computed in that is nearest to it, and what that lacks.
"""
from .columns import ROWS, blocks_of, column_sum, completed, is_first, load, own_numbers, precisely, threads_of
from .compile import cuda, device, kernel, real
from .dtypes import computed
from .memory import temporary


@device
def finite(value):
    """Return a number, 0 in place of NaN and infinity."""
    return value if value - value == 0 else real(0)


def known_of(mean, rstd, dtype, offset=0):
    """Return memory for what passes over x know of each of its means, and the call that writes it."""
    known = temporary((mean.size, 3), computed(dtype), offset)
    return known, (split_means, [mean.flat(), rstd.flat(), known])


@kernel(items=lambda mean: mean.size, wide=True)
def split_means(mean, rstd, known):
    """known (R, 3): the number that is nearest to a mean, what that lacks, and rstd."""
    row = cuda.grid(1)
    if row < mean.size:
        write_known(known, row, mean[row], rstd[row])


@device
def write_known(known, row, mean, rstd):
    """Write what is known of a mean; the first number is rounded, and read again."""
    known[row, 0] = mean
    known[row, 1] = mean - known[row, 0]
    known[row, 2] = rstd


@kernel(blocks=blocks_of, block=threads_of)
def moments(x, parts, cut):
    """parts (P, 3, C): pivots, sums of differences, sums of their squares."""
    _, part, c, begin, end, step, middle = own_numbers(cut)
    pivot = finite(x[middle])
    total, rest, square, rest_of_squares = real(0), real(0), real(0), real(0)
    values = cuda.local.array(ROWS, real)
    for start in range(begin, end, ROWS * step):
        load(x, start, end, step, values)
        sums, squares = real(0), real(0)
        for k in range(ROWS):
            if start + k * step < end:
                difference = values[k] - pivot
                sums += difference
                squares += difference * difference
        total, rest = precisely(total, rest, sums)
        square, rest_of_squares = precisely(square, rest_of_squares, squares)
    columns, together = cut[5], cut[6]
    total = column_sum(completed(total, rest), columns, together)
    square = column_sum(completed(square, rest_of_squares), columns, together)
    if is_first(cut):
        parts[part, 0, c], parts[part, 1, c], parts[part, 2, c] = pivot, total, square
