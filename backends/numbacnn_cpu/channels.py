"""Vectors of channels in memory: the last of a pixel may be a part of one."""
from .compile import compiled
from .simd import lanes, prefetch, store, store_part


@compiled
def put(target, i, vector, count):
    """Write a vector, or its first numbers where fewer are left."""
    if count >= lanes(target):
        store(target, i, vector)
    else:
        store_part(target, i, vector, count)


@compiled
def fetch(array, i, channels):
    """Let the processor fetch a vector of each of four pixels: it does not foresee that many streams."""
    prefetch(array, i)
    prefetch(array, i + channels)
    prefetch(array, i + 2 * channels)
    prefetch(array, i + 3 * channels)
