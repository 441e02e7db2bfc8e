"""Running sums and products along an axis: arrays as (outer, size, inner), flat; a line is what lies along the axis.

A thread walks a line where there are many of them; otherwise a block does, as many numbers at a time as it has threads,
and long lines are cut into parts, whose own sums or products are needed first. `before` is what comes before a number.
"""
from numpy import int64

from .compile import cuda, device, kernel, real
from .dtypes import computed, is_floating
from .elementwise import renamed
from .memory import behind, temporary
from .reduce import added, power_of_two
from .strided import around, divided, unrounded

THREADS, WARP, LANES = 256, 32, 0xffffffff
MANY, SHORT, LONG = 4096, 32, 4096    # lines that keep a GPU busy; lines short enough, and too long, for one thread
BLOCKS, LEAST = 1024, 2048            # blocks that keep a GPU busy; numbers that are worth one


@device
def multiplied(a, b):
    """Return the product of two numbers."""
    return a * b


@device
def put_sum(y, at, before, value, factor, line):
    """Write the sum up to here."""
    y[at] = before + value


@device
def put_before(y, at, before, value, factor, line):
    """Write the product of what comes before."""
    y[at] = before


@device
def multiply_by_before(y, at, before, value, factor, line):
    """Multiply by what comes before, and by the factor of the line."""
    y[at] = y[at] * (before * factor[line])


def scanning(name, number, start, combine, put):
    """Return the lowering `(x, y, factor, axis, backwards)` of a scan that writes with `put`."""
    def by_thread(x, y, factor, size, inner, backwards):
        line = cuda.grid(1)
        if line < x.size // size:
            outer, column = divided(line, inner)
            base, before = outer * size * inner + column, number(start)
            for i in range(size):
                at = base + (size - 1 - i if backwards != 0 else i) * inner
                value = number(x[at])
                put(y, at, before, value, factor, line)
                before = combine(before, value)

    def of_parts(x, totals, size, inner, length, parts, backwards, threads):
        shared = cuda.shared.array(THREADS, number)
        line, part = divided(cuda.blockIdx.x, parts)
        outer, column = divided(line, inner)
        base, total, t = outer * size * inner + column, number(start), cuda.threadIdx.x
        for i in range(part * length + t, min((part + 1) * length, size), threads):
            total = combine(total, number(x[base + (size - 1 - i if backwards != 0 else i) * inner]))
        shared[t] = total
        step = threads // 2
        while step > 0:
            cuda.syncthreads()
            if t < step:
                total = combine(total, shared[t + step])
                shared[t] = total
            step //= 2
        if t == 0:
            totals[line * parts + part] = total

    def by_block(x, y, factor, totals, size, inner, length, parts, backwards, threads):
        warps = cuda.shared.array(WARP, number)
        line, part = divided(cuda.blockIdx.x, parts)
        outer, column = divided(line, inner)
        base, t = outer * size * inner + column, cuda.threadIdx.x
        warp, lane = t // WARP, t % WARP
        carried = number(start)
        for k in range(part):
            carried = combine(carried, totals[line * parts + k])
        last = min((part + 1) * length, size)
        for first in range(part * length, last, threads):
            i = first + t
            at = base + (size - 1 - i if backwards != 0 else i) * inner
            value = number(start)
            if i < last:
                value = number(x[at])
            total, step = value, 1
            while step < WARP:                           # up to here, in the warp
                other = cuda.shfl_up_sync(LANES, total, step)
                if lane >= step:
                    total = combine(other, total)
                step *= 2
            before = cuda.shfl_up_sync(LANES, total, 1)
            if lane == WARP - 1:
                warps[warp] = total
            cuda.syncthreads()
            ahead = carried
            for k in range(threads // WARP):
                if k == warp:
                    ahead = carried
                carried = combine(carried, warps[k])
            if lane > 0:
                ahead = combine(ahead, before)
            if i < last:
                put(y, at, ahead, value, factor, line)
            cuda.syncthreads()                           # all have read the warps' totals

    by_thread = kernel(items=lambda x, size: x.size // size)(renamed(by_thread, name))
    of_parts = kernel(blocks=lambda totals: totals.size, block=lambda threads: threads)(
        renamed(of_parts, f"{name}_parts"))
    by_block = kernel(blocks=lambda x, size, parts: x.size // size * parts, block=lambda threads: threads)(
        renamed(by_block, f"{name}_by_blocks"))

    def lower(x, y, factor, axis, backwards, offset=0):
        outer, size, inner = around(x, axis)
        lines = outer * inner
        if x.size == 0:
            return []
        if size <= SHORT or (lines >= MANY and inner > 1 and size <= LONG):
            return [(by_thread, [x.flat(), y.flat(), factor.flat(), size, inner, backwards])]
        parts = max(1, min(BLOCKS // lines, size // LEAST))
        length, threads = -(-size // parts), max(WARP, min(THREADS, power_of_two(size)))
        parts = -(-size // length)
        totals = temporary((lines * parts,), int64 if number is int64 else computed(x.dtype), offset)
        sizes = [size, inner, length, parts, backwards, threads]
        before = [(of_parts, [x.flat(), totals, *sizes])] if parts > 1 else []
        return [*before, (by_block, [x.flat(), y.flat(), factor.flat(), totals, *sizes])]

    return lower


sums_of_reals, sums_of_wholes = scanning("cumsum", real, 0.0, added, put_sum), scanning(
    "cumsum_wholes", int64, 0, added, put_sum)
products_before = scanning("products_before", real, 1.0, multiplied, put_before)
products_around = scanning("products_around", real, 1.0, multiplied, multiply_by_before)


def cumsum(x, y, axis, backwards):
    """Lower to running sums."""
    return (sums_of_reals if is_floating(y.dtype) else sums_of_wholes)(x, y, y, axis, backwards)


def prod_backward(dy, x, dx, axis):
    """Lower to products of what comes before each number, times those of what comes after it."""
    known, calls = unrounded(dx)
    free = behind(known) if calls else 0
    return [*products_before(x, known, dy, axis, 0, free), *products_around(x, known, dy, axis, 1, free), *calls]
