"""Reductions over any axes by other operations than addition: largest, smallest, product, norms, variance.

As sums are (reduce.py): in blocks, by rows or by columns, so that bits follow from shapes alone; or by lines, where
rows lie one behind the other. A row is folded WIDTH numbers side by side, columns as many as lie there: both are loops
that one vector after the other computes. `start` is
what a fold begins with, `center` (one number, or one for each output) and `number` are for the operation.
"""
import math

import numpy as np

from .cast import convert
from .compile import compiled, kernel
from .copies import bits
from .elementwise import renamed
from .lines import largest_lines, order_of, smallest_lines
from .memory import ALIGNMENT, temporary
from .reduce import COLUMNS, Split, column_items, sums
from .strided import follow

WIDTH = 64                            # numbers of a row that are folded side by side


def folding(name, combine, enter, finish):
    """Return the calls of a reduction: `finish` of what `combine` makes of all that `enter` makes of x."""
    merge, combine, enter, finish = compiled(combine, True), compiled(combine), compiled(enter), compiled(finish)

    @compiled
    def fold_one(x, at, total, center, number):
        first, real = np.uintp(at), total.dtype.type    # unsigned: slab.py says why
        for c in range(np.uintp(total.size)):
            total[c] = combine(total[c], enter(real(x[first + c]), center[c], number))

    @compiled
    def fold_four(x, at, step, total, center, number):
        one, apart, real = np.uintp(at), np.uintp(step), total.dtype.type
        two, three, four = one + apart, one + apart + apart, one + apart + apart + apart
        for c in range(np.uintp(total.size)):
            left = combine(enter(real(x[one + c]), center[c], number), enter(real(x[two + c]), center[c], number))
            right = combine(enter(real(x[three + c]), center[c], number), enter(real(x[four + c]), center[c], number))
            total[c] = combine(total[c], combine(left, right))

    def fold_rows(x, partial, kept, reduced, numbers, start, center, number, space, begin, end):
        blocks, outputs = partial.shape
        width, step = reduced[0, 0], reduced[1, 0]
        used = max(1, min(WIDTH, width)) if step == 1 else 1
        total, middle = space[0, :used], space[1, :used]
        for item in range(begin, end):
            block, output = divmod(item, outputs)
            base = follow(kept[0], kept[1], output)
            at, last = numbers * block // blocks, numbers * (block + 1) // blocks
            total[:] = start[0]
            middle[:] = center[output % center.size]
            while at < last:                            # runs along the innermost axis
                row, first = divmod(at, width)
                run = min(width - first, last - at)
                i = base + follow(reduced[0, 1:], reduced[1, 1:], row) + first * step
                if step == 1:
                    whole = run // (4 * used) * 4 * used
                    for k in range(0, whole, 4 * used):
                        fold_four(x, i + k, used, total, middle, number)
                    for k in range(whole, run, used):
                        fold_one(x, i + k, total[:min(used, run - k)], middle, number)
                else:
                    for k in range(run):
                        fold_one(x, i + k * step, total, middle, number)
                at += run
            result = total[0]
            for k in range(1, used):
                result = combine(result, total[k])
            partial[block, output] = result

    def fold_columns(x, partial, kept, reduced, numbers, start, center, number, begin, end):
        blocks, outputs = partial.shape
        columns, width, step = kept[0, 0], reduced[0, 0], reduced[1, 0]
        pieces = -(-columns // COLUMNS)
        for item in range(begin, end):
            block, place = divmod(item, outputs // columns * pieces)
            outer, piece = divmod(place, pieces)
            size, there = min(COLUMNS, columns - piece * COLUMNS), outer * columns + piece * COLUMNS
            base = piece * COLUMNS + follow(kept[0, 1:], kept[1, 1:], outer)
            total = partial[block, there:there + size]
            middle = center[there:there + size] if center.size > 1 else total
            total[:] = start[0]
            at, last = numbers * block // blocks, numbers * (block + 1) // blocks
            while at < last:                            # runs along the innermost axis
                row, first = divmod(at, width)
                run = min(width - first, last - at)
                i = base + follow(reduced[0, 1:], reduced[1, 1:], row) + first * step
                for k in range(0, run - 3, 4):
                    fold_four(x, i + k * step, step, total, middle, number)
                for k in range(run // 4 * 4, run):
                    fold_one(x, i + k * step, total, middle, number)
                at += run

    def fold_lines(x, y, width, start, number, begin, end):
        real = start.dtype.type
        for row in range(begin, end):
            at, total = np.uintp(row * width), start[0]
            for k in range(np.uintp(width)):
                total = merge(total, enter(real(x[at + k]), total, number))
            y[row] = finish(total, number)

    def fold_blocks(partial, y, number, begin, end):
        for i in range(begin, end):
            result = partial[0, i]
            for block in range(1, partial.shape[0]):
                result = combine(result, partial[block, i])
            y[i] = finish(result, number)

    rows = kernel(items=lambda partial: partial.size, workspace=lambda partial: ((2, WIDTH), partial.dtype))(
        renamed(fold_rows, f"{name}_rows"))
    columns = kernel(items=column_items)(renamed(fold_columns, f"{name}_columns"))
    lines = kernel(items=lambda y: y.size, reassociate=True)(renamed(fold_lines, f"{name}_lines"))
    blocks = kernel(items=lambda y: y.size)(renamed(fold_blocks, f"{name}_blocks"))

    def lower(x, y, start, dtype, number=0.0, center=None, offset=0):
        split, start = Split.of(x, y), np.array([start], dtype)
        if split.lines and center is None:
            return [(lines, [x.flat(), y.flat(), split.numbers, start, number])]
        kept, reduced, numbers, by_rows, count = split
        partial = temporary((count, y.size), dtype, offset)
        return [(rows if by_rows else columns, [x.flat(), partial, kept, reduced, numbers, start,
                                                start if center is None else center, number]),
                (blocks, [partial, y.flat(), number])]

    return lower


def larger(a, b):
    """Return the larger number, NaN where one is NaN; without branches, so that loops are vectorised."""
    return a if (a > b) | (a != a) else b


def smaller(a, b):
    """Return the smaller number, NaN where one is NaN."""
    return a if (a < b) | (a != a) else b


def as_whole(x):
    """Return an array of truth values as one of 0 and 1."""
    return x._replace(dtype=np.dtype(np.uint8)) if x.dtype == np.bool_ else x


def least_of(dtype, sign):
    """Return the number that every other is larger than, or smaller, in a dtype."""
    if dtype.kind == "f":
        return -sign * math.inf
    return np.iinfo(dtype).min if sign > 0 else np.iinfo(dtype).max


largest_of = folding("amax", larger, lambda x, center, number: x, lambda total, number: total)
smallest_of = folding("amin", smaller, lambda x, center, number: x, lambda total, number: total)
product_of = folding("prod", lambda a, b: a * b, lambda x, center, number: x, lambda total, number: total)
absolutes_of = folding("norm_1", lambda a, b: a + b, lambda x, center, number: abs(x), lambda total, number: total)
squares_of = folding("norm_2", lambda a, b: a + b, lambda x, center, number: x * x,
                     lambda total, number: math.sqrt(total))
powers_of = folding("norm", lambda a, b: a + b, lambda x, center, number: abs(x) ** number,
                    lambda total, number: total ** (1 / number))
spread_of = folding("var", lambda a, b: a + b, lambda x, center, number: (x - center) * (x - center),
                    lambda total, number: total / number)


def amax(x, y):
    """Lower to the largest number of each block, and of those."""
    return extremes(x, y, 1, largest_of, largest_lines)


def amin(x, y):
    """Lower to the smallest number of each block, and of those."""
    return extremes(x, y, -1, smallest_of, smallest_lines)


def extremes(x, y, sign, fold, lines):
    """Return the calls for the largest numbers, or the smallest."""
    x, y = as_whole(x), as_whole(y)
    split = Split.of(x, y)
    if split.lines:
        return [(lines, [bits(x), bits(y), split.numbers, order_of(x.dtype, sign)])]
    return fold(x, y, least_of(x.dtype, sign), x.dtype)


def prod(x, y):
    """Lower to the product of each block, in float64 or int64, and of those."""
    return product_of(as_whole(x), y, 1, np.float64 if x.dtype.kind == "f" else np.int64)


def p_norm(x, y, p):
    """Lower to sums of powers of each block in float64, and the root of their sum."""
    fold = {1.0: absolutes_of, 2.0: squares_of}.get(p, powers_of)
    return fold(x, y, 0, np.float64, float(p))


def var(x, y, mean, divisor):
    """Lower to the mean in float64, and then the sum of squares of what differs from it."""
    center = temporary((y.size,), np.float64)
    offset = -(-center.nbytes // ALIGNMENT) * ALIGNMENT
    terms = Split.of(x, y).numbers
    seen = center.shaped(y.physical().shape)
    return [*sums(x, seen.permuted((0, 3, 1, 2)) if y.ndim == 4 else seen, float(terms), offset),
            *spread_of(x, y, 0, np.float64, float(divisor), center, offset), (convert, [center, mean.flat()])]

