"""What the processor can do at most: products of matrices that lie in the first-level cache, on all workers."""
import functools
import time

import numpy as np

from numbacnn.kernels import Place

from .compile import INTERPRETED, Constant, kernel
from .memory import Memory
from .pack import ROWS, lanes_of
from .program import Program
from .tile import add_products, load_tile, steps, store_tile

DEPTH, REPEATS, ITEMS, RUNS = 64, 20, 64, 50


@functools.cache
def peak(dtype="float32"):
    """Return multiplications and additions per second, measured once: the best of some runs; 0 without a compiler."""
    if INTERPRETED:
        return 0.0
    vectors, lanes = max(ROWS), lanes_of(dtype)
    rows, width = ROWS[vectors], vectors * lanes
    sizes = {"a": rows * DEPTH, "b": DEPTH * width, "y": ITEMS * rows * width}
    memory = {name: Memory(size * np.dtype(dtype).itemsize) for name, size in sizes.items()}
    for block in memory.values():
        block.bytes[:] = 0
    places = [Place(slot, 0, (size,), dtype) for slot, size in enumerate(sizes.values())]
    program = Program([(multiply, [*places, Constant(rows), Constant(vectors)])])
    best = float("inf")
    for _ in range(RUNS):
        begin = time.perf_counter()
        program.run([block.address for block in memory.values()])
        best = min(best, time.perf_counter() - begin)
    return 2 * ITEMS * REPEATS * DEPTH * rows * width / best


@kernel(items=lambda: ITEMS)
def multiply(a, b, y, rows, vectors, begin, end):
    """y (item, R, J) += a (R, K) times b (K, J), again and again. An item is a tile."""
    starts, width = steps(0, DEPTH, rows, rows), b.size // DEPTH
    for item in range(begin, end):
        targets = steps(item * rows * width, width, rows, rows)
        tile = load_tile(y, targets, rows, vectors)
        for _ in range(REPEATS):
            for k in range(0, DEPTH, 8):
                tile = add_products(tile, a, starts, k, b, k * width, 8)
        store_tile(y, targets, tile, width)
