"""Numbers picked by indices along an axis, put or added up where these say: arrays as (outer, axis, inner), flat."""
import numpy as np
from numpy import int64

from numbacnn.kernels.channels_last import flat

from .compile import cuda, kernel, real
from .fault import fail
from .memory import temporary
from .reduce import THREADS, WARP, power_of_two
from .sort import count_below, sorted_lines
from .strided import around, bits, divided

FEW = 32                              # so many indices are looked at one by one
LONG = 64                             # so many numbers of one sum, on average, are added by several threads


def out_of_range(item, value, index, checked, size, negative):
    """Return what says that an index is not one."""
    return IndexError(f"index: must be from {-size * negative} to {size - 1}, got {value}")


@kernel(items=lambda index: index.size, arrange=flat, raises=out_of_range)
def wrap_index(index, checked, size, negative, fault, launch):
    i = cuda.grid(1)
    if i < index.size:
        value = int64(index[i])
        if value < 0 and negative != 0:
            value += size
        if value < 0 or value >= size:
            fail(fault, launch, i, index[i])
            value = 0
        checked[i] = value


def take(x, index, y, axis):
    """Lower to one copy."""
    _, size, inner = around(x, axis)
    return [(take_numbers, [bits(x), index, bits(y), size, inner])]


@kernel(items=lambda y: y.size)
def take_numbers(x, index, y, size, inner):
    i = cuda.grid(1)
    if i < y.size:
        row, column = divided(i, inner)
        outer, j = divided(row, index.size)
        y[i] = x[(outer * size + index[j]) * inner + column]


# --- take_backward -------------------------------------------------------------------------------------------------

def take_backward(dy, index, dx, axis):
    """Lower to sums, for every number of dx, of what the index says.

    A few indices are all looked at for every number. More are sorted (sort.py), which takes as long as for a line of
    them; then those for one place lie side by side.
    """
    _, size, inner = around(dx, axis)
    if index.size <= FEW:
        return [(add_few, [dy.flat(), index, dx.flat(), size, inner])]
    calls, keys, order, free = sorted_lines(index, 0, index.size, 0)
    ends = temporary((size,), np.int64, free)
    along = power_of_two(index.size // size // LONG)
    along = min(along, THREADS if inner < WARP else THREADS // WARP)
    return [*calls, (find_ends, [keys, ends]),
            (add_runs, [dy.flat(), order, ends, dx.flat(), size, inner, index.size, along, THREADS // along])]


@kernel(items=lambda dx: dx.size)
def add_few(dy, index, dx, size, inner):
    i = cuda.grid(1)
    if i < dx.size:
        row, column = divided(i, inner)
        outer, place = divided(row, size)
        total = real(0)
        for j in range(index.size):
            if index[j] == place:
                total += dy[(outer * index.size + j) * inner + column]
        dx[i] = total


@kernel(items=lambda ends: ends.size)
def find_ends(keys, ends):
    """ends = where the sorted keys of each place end."""
    i = cuda.grid(1)
    if i < ends.size:
        ends[i] = count_below(keys, 0, keys.size, i, 1)


@kernel(blocks=lambda dx, across: -(-dx.size // across), block=THREADS)
def add_runs(dy, order, ends, dx, size, inner, count, along, across):
    """A block computes `across` numbers of dx side by side, with `along` threads for each."""
    shared = cuda.shared.array(THREADS, real)
    t = cuda.threadIdx.x
    k, here = divided(t, across)
    i, total = cuda.blockIdx.x * across + here, real(0)
    if i < dx.size:
        row, column = divided(i, inner)
        outer, place = divided(row, size)
        first = ends[place - 1] if place > 0 else 0
        for j in range(first + k, ends[place], along):
            total += dy[(outer * count + order[j]) * inner + column]
    shared[t] = total
    step = along // 2
    while step > 0:
        cuda.syncthreads()
        if k < step:
            total += shared[t + step * across]
            shared[t] = total
        step //= 2
    if k == 0 and i < dx.size:
        dx[i] = total


# --- assign --------------------------------------------------------------------------------------------------------

def assign(index, rows, x, y, axis):
    """Lower to a search for the last index of each place, and a copy of rows or of x."""
    _, size, inner = around(x, axis)
    last = temporary((size,), np.int32)
    return [(clear, [last, -1]), (mark_last, [index, last]),
            (assign_numbers, [last, bits(rows), bits(x), bits(y), size, inner, index.size])]


@kernel(items=lambda y: y.size)
def clear(y, value):
    i = cuda.grid(1)
    if i < y.size:
        y[i] = value


@kernel(items=lambda index: index.size)
def mark_last(index, last):
    """last = where index holds a place last."""
    j = cuda.grid(1)
    if j < index.size:
        cuda.atomic.max(last, index[j], j)


@kernel(items=lambda y: y.size)
def assign_numbers(last, rows, x, y, size, inner, count):
    i = cuda.grid(1)
    if i < y.size:
        row, column = divided(i, inner)
        outer, place = divided(row, size)
        j = last[place]
        y[i] = rows[(outer * count + j) * inner + column] if j >= 0 else x[i]
