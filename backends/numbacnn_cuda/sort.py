"""Sorting along an axis, stable, by keys: whole numbers in the same order as those to sort, NaN being the largest.

A line is the numbers that share their place but for the axis: arrays are (outer, size, inner), flat. Short lines: every
number counts those that go before it. Longer ones: a block sorts a tile in shared memory (Batcher's bitonic network;
places decide between equal keys), then runs are merged by twos: every number finds by bisection how many of the other
run go before it. Where only the first numbers are wanted, runs are cut to as many. n numbers are read and written
1 + log2(n / TILE) times.
"""
import numpy as np
from numpy import int32, int64

from .compile import cuda, device, kernel
from .dtypes import is_floating
from .memory import behind, temporary
from .strided import around, bits, divided

FEW = 64                              # numbers of a line that are counted
TILE, THREADS = 1024, 256             # numbers that a block sorts, with so many threads at most
MOST = int(np.iinfo(int64).max)
# Of a floating dtype: bits of a magnitude, bits of infinity.
FLOATS = {2: (2**15 - 1, 0x7f80), 4: (2**31 - 1, 0x7f800000), 8: (2**63 - 1, 0x7ff0000000000000)}


def sort(x, y, places, axis, descending):
    """Lower to counting, or to tiles, merges and a copy."""
    _, size, inner = around(x, axis)
    count = y.shape[axis]
    if y.size == 0:
        return []
    if size <= FEW:
        return [(sort_few, [bits(x), bits(y), places.flat(), size, inner, count, *key_numbers(x), descending])]
    calls, _, order, _ = sorted_lines(x, axis, count, descending)
    return [*calls, (put_in_order, [bits(x), order, bits(y), places.flat(), size, inner, count])]


def key_numbers(x):
    """Return what `key_of` needs to know of a dtype."""
    return FLOATS[x.dtype.itemsize] if is_floating(x.dtype) else (0, 0)


def sorted_lines(x, axis, count, descending, offset=0):
    """Return the calls that sort lines; the first keys of each, and their places; where free temporaries begin."""
    outer, size, inner = around(x, axis)
    lines, tile = outer * inner, TILE
    while tile // 2 >= max(size, 2):
        tile //= 2
    runs, pitch = -(-size // tile), min(tile, count)
    length = (runs - 1) * pitch + min(count, size - (runs - 1) * tile)
    buffers = []
    for _ in range(2 if runs > 1 else 1):
        for dtype in int64, int32:
            buffers.append(temporary((lines * length,), dtype, offset))
            offset = behind(buffers[-1])
    keys, places, *others = buffers
    calls = [(sort_tiles, [bits(x), keys, places, size, inner, tile, runs, length, pitch, *key_numbers(x), descending])]
    while runs > 1:
        tile, runs = 2 * tile, -(-runs // 2)
        merged, wide = (runs - 1) * min(tile, count) + min(count, size - (runs - 1) * tile), min(tile, count)
        calls.append((merge_runs, [keys.shaped((lines * length,)), places.shaped((lines * length,)), *others, length,
                                   pitch, merged, wide]))
        keys, places, others, length, pitch = *others, [keys, places], merged, wide
    return calls, keys, places, offset


@device
def key_of(number, magnitudes, infinity, descending):
    """Return the key of a number, given as its bits; infinity is 0 for whole numbers."""
    key = int64(number)
    if infinity != 0:
        magnitude = key & magnitudes
        if magnitude > infinity:
            key = infinity + 1
        elif key < 0:
            key = -magnitude
    return -1 - key if descending != 0 else key


@device
def count_below(keys, first, size, key, equal):
    """Return how many of so many sorted keys, from the first, are below a key, or, with equal 1, not above it."""
    low, high = 0, size
    while low < high:
        middle = (low + high) >> 1
        other = keys[first + middle]
        if other < key or (equal != 0 and other == key):
            low = middle + 1
        else:
            high = middle
    return low


@kernel(items=lambda x: x.size)
def sort_few(x, y, places, size, inner, count, magnitudes, infinity, descending):
    i = cuda.grid(1)
    if i < x.size:
        row, column = divided(i, inner)
        outer, place = divided(row, size)
        base, rank = outer * size * inner + column, 0
        key = key_of(x[i], magnitudes, infinity, descending)
        for k in range(size):
            other = key_of(x[base + k * inner], magnitudes, infinity, descending)
            if other < key or (other == key and k < place):
                rank += 1
        if rank < count:
            at = (outer * count + rank) * inner + column
            y[at] = x[i]
            places[at] = place


@kernel(blocks=lambda keys, runs, length: keys.size // max(length, 1) * runs, block=lambda tile: min(THREADS, max(
    tile // 2, 32)))
def sort_tiles(x, keys, places, size, inner, tile, runs, length, pitch, magnitudes, infinity, descending):
    """Sort the keys of one tile of one line; write the first of them."""
    sorted_keys = cuda.shared.array(TILE, int64)
    order = cuda.shared.array(TILE, int32)
    line, run = divided(cuda.blockIdx.x, runs)
    outer, column = divided(line, inner)
    base, first, t, threads = outer * size * inner + column, run * tile, cuda.threadIdx.x, cuda.blockDim.x
    for k in range(t, tile, threads):
        key = MOST                                       # behind all there is, together with its place
        if first + k < size:
            key = key_of(x[base + (first + k) * inner], magnitudes, infinity, descending)
        sorted_keys[k] = key
        order[k] = k
    cuda.syncthreads()
    width = 2
    while width <= tile:
        step = width // 2
        while step > 0:
            for pair in range(t, tile // 2, threads):
                left = 2 * pair - (pair & (step - 1))
                right = left + step
                a, b, i, j = sorted_keys[left], sorted_keys[right], order[left], order[right]
                if (a > b or (a == b and i > j)) == ((left & width) == 0):
                    sorted_keys[left], sorted_keys[right] = b, a
                    order[left], order[right] = j, i
            cuda.syncthreads()
            step //= 2
        width *= 2
    at = line * length + run * pitch
    for k in range(t, min(pitch, size - first), threads):
        keys[at + k] = sorted_keys[k]
        places[at + k] = first + order[k]


@kernel(items=lambda keys: keys.size)
def merge_runs(keys, places, merged_keys, merged_places, length, pitch, merged, wide):
    """Put one key into the run made of its own and the one beside it."""
    i = cuda.grid(1)
    if i < keys.size:
        line, at = divided(i, length)
        run, place = divided(at, pitch)
        beside = (run ^ 1) * pitch
        key, size = keys[i], min(pitch, length - beside)
        if size > 0:
            place += count_below(keys, line * length + beside, size, key, run & 1)   # of equal ones, the left first
        if place < wide:
            target = line * merged + (run >> 1) * wide + place
            merged_keys[target] = key
            merged_places[target] = places[i]


@kernel(items=lambda y: y.size)
def put_in_order(x, order, y, places, size, inner, count):
    i = cuda.grid(1)
    if i < y.size:
        row, column = divided(i, inner)
        outer, k = divided(row, count)
        place = order[(outer * inner + column) * count + k]
        y[i] = x[(outer * size + place) * inner + column]
        places[i] = place
