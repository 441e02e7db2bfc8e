"""What a convolution does with a sum before it is written: add what another array has at the same place, then ReLU."""
from .compile import inlined
from .simd import alike, load_part, select, store_part, store_past
from .tile import add_tiles, load_tile, rectify_tile

RECTIFIED, ADDED = 1, 2               # a mode is the sum of these


@inlined
def complete(tile, other, starts, rows, vectors, mode):
    """Return a tile of sums as it is written."""
    if mode & ADDED:
        tile = add_tiles(tile, load_tile(other, starts, rows, vectors))
    if mode & RECTIFIED:
        tile = rectify_tile(tile)
    return tile


@inlined
def put(vector, other, y, at, count, mode, past):
    """Write the first numbers of a vector of sums; if `past`, whole vectors on whole lines, past the caches."""
    if mode & ADDED:
        vector = vector + load_part(other, at, count)
    if mode & RECTIFIED:
        zero = alike(vector, 0.0)
        vector = select(vector <= zero, zero, vector)
    if past:
        store_past(y, at, vector)
    else:
        store_part(y, at, vector, count)
