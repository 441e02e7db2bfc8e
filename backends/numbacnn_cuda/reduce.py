"""Reductions over any axes: how they are cut, the kernel that all are made of, and sums.

A block of threads computes `across` results that lie side by side, with `along` threads for each: neighbouring
threads read neighbouring numbers, be these of one result (by rows) or of many (by columns). Where that is too few
blocks to fill a GPU, the numbers of each result are cut into parts, and one more kernel reduces these. All of that
follows from shapes alone, so the bits are always the same.
"""
from typing import NamedTuple

import numpy as np
from numpy import int64

from .compile import cuda, device, kernel, real
from .dtypes import computed, is_floating
from .elementwise import renamed
from .memory import temporary
from .strided import divided, follow, walks

THREADS, WARP = 256, 32               # of a block; that read neighbouring numbers
BLOCKS = 1024                         # as many keep any GPU busy
LEAST = 32                            # numbers of a part, for each thread


class Split(NamedTuple):
    """How a reduction is cut: axes that stay, axes that go, and how many of what."""

    kept: tuple
    kept_strides: tuple
    reduced: tuple
    strides: tuple
    outputs: int                      # results
    numbers: int                      # numbers of one result
    length: int                       # numbers of one part
    across: int                       # results of a block
    along: int                        # threads for each
    groups: int                       # blocks for all results
    parts: int                        # parts of the numbers
    by_rows: int                      # whether neighbouring threads read numbers of one result

    @classmethod
    def of(cls, x, y):
        """Return how a reduction of x to y is cut."""
        seen, target = x.physical(), y.physical()
        gone, stay = ([axis for axis, n in enumerate(target.shape) if (n == 1) is which] for which in (True, False))
        kept, reduced = seen.permuted(stay), seen.permuted(gone)
        return cls.made(*walks(kept.shape, kept), *walks(reduced.shape, reduced), y.size, reduced.size, True)

    @classmethod
    def made(cls, kept, kept_strides, reduced, strides, outputs, numbers, in_parts):
        """Return how so many results of so many numbers are cut."""
        by_rows = strides[-1] == 1 or kept_strides[-1] != 1
        width = 1 if by_rows else min(WARP, power_of_two(kept[-1]))
        along = min(THREADS // width, power_of_two(-(-numbers // 4)))
        across = max(min(THREADS // along, power_of_two(outputs)), WARP // along)
        groups = -(-outputs // across)
        parts = max(1, min(BLOCKS // max(groups, 1), numbers // (along * LEAST))) if in_parts else 1
        length = max(1, -(-numbers // parts))
        return cls(kept, kept_strides, reduced, strides, outputs, numbers, length, across, along, groups,
                   max(1, -(-numbers // length)), int(by_rows))


def power_of_two(n):
    """Return the least power of two that is at least n."""
    return 1 << max(n - 1, 0).bit_length()


@device
def same(value, center, number):
    """Return what goes into a reduction as it is."""
    return value


@device
def as_it_is(total, number):
    """Return what comes out of a reduction as it is."""
    return total


def folding(name, number, start, combine, enter=same, finish=as_it_is, centred=False):
    """Return the lowering `(x, y[, a number for enter and finish, center, offset])` of a reduction.

    Parameters
    ----------
    name : str
        Of its kernels.
    number : type
        What it computes in: real, or int64.
    start : float or int
        What changes nothing.
    combine, enter, finish : Device
        `finish` of what `combine` makes of all that `enter` makes of numbers of x.
    centred : bool
        Whether `enter` needs the number of `center` that belongs to the result.
    """
    def made(name, enter, finish, centred):
        def fold(x, y, kept, kept_strides, reduced, strides, outputs, numbers, length, across, along, groups, parts,
                 by_rows, given, center):
            shared = cuda.shared.array(THREADS, number)
            part, group = divided(cuda.blockIdx.x, groups)
            if by_rows != 0:
                output, k = divided(cuda.threadIdx.x, along)
            else:
                k, output = divided(cuda.threadIdx.x, across)
            place, output = k * across + output, group * across + output
            total = number(start)
            if output < outputs:
                base, middle = follow(kept, kept_strides, output), number(center[output]) if centred else number(0)
                i, last = part * length + k, min((part + 1) * length, numbers)
                while i + 3 * along < last:              # four at a time: their loads need not wait for each other
                    a = enter(number(x[base + follow(reduced, strides, i)]), middle, given)
                    b = enter(number(x[base + follow(reduced, strides, i + along)]), middle, given)
                    c = enter(number(x[base + follow(reduced, strides, i + 2 * along)]), middle, given)
                    d = enter(number(x[base + follow(reduced, strides, i + 3 * along)]), middle, given)
                    total = combine(total, combine(combine(a, b), combine(c, d)))
                    i += 4 * along
                while i < last:
                    total = combine(total, enter(number(x[base + follow(reduced, strides, i)]), middle, given))
                    i += along
            shared[place] = total
            step = along // 2
            while step > 0:
                cuda.syncthreads()
                if k < step:
                    total = combine(total, shared[place + step * across])
                    shared[place] = total
                step //= 2
            if k == 0 and output < outputs:
                y[part * outputs + output] = finish(total, given)

        return kernel(blocks=lambda groups, parts: groups * parts, block=lambda across, along: across * along)(
            renamed(fold, name))

    whole = made(name, enter, finish, centred)
    first, second = made(f"{name}_parts", enter, as_it_is, centred), made(f"{name}_of_parts", same, finish, False)

    def lower(x, y, given=0.0, center=None, offset=0):
        split, given, center = Split.of(x, y), float(given), (y if center is None else center).flat()
        if split.parts == 1:
            return [(whole, [x.flat(), y.flat(), *split, given, center])]
        partial = temporary((split.parts * y.size,), computed(x.dtype) if is_floating(x.dtype) else np.int64, offset)
        merge = Split.made((y.size,), (1,), (split.parts,), (y.size,), y.size, split.parts, False)
        return [(first, [x.flat(), partial, *split, given, center]),
                (second, [partial, y.flat(), *merge, given, y.flat()])]

    return lower


@device
def added(a, b):
    """Return the sum of two numbers."""
    return a + b


@device
def divided_by(total, divisor):
    """Return a sum divided by a number."""
    return total / divisor


sum_reals = folding("sum", real, 0.0, added, finish=divided_by)
sum_wholes = folding("sum_wholes", int64, 0, added)


def sum(x, y, divisor):
    """Lower to the sums; those of whole numbers are not divided."""
    return sum_reals(x, y, divisor) if is_floating(x.dtype) else sum_wholes(x, y)
