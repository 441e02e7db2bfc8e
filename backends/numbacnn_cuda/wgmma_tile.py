"""Tiles of matrices for warpgroups of compute capability 9.0: their sizes, and how products are told where they lie.

Three warpgroups share a tile: two multiply, 64 rows each; one thread of the third lets the hardware copy what they need
next to a ring of stages in shared memory. A stage has a barrier that ends a phase when it is full, and one that does
when both have multiplied what is in it.
"""
from numpy import int32, uint64

from .compile import device
from .mma_tile import LINE

ROWS, HALF = 128, 64      # of a tile, and those of a warpgroup
THREADS = 384             # of a block: 256 that multiply, 128 that copy
MULTIPLYING = 256
PATTERN = 8 * LINE        # bytes: 8 rows, after which the swizzle repeats
STAGES = {64: 4, 128: 6, 256: 4}      # by the columns of a tile: two blocks of the first fit, one of others
PROCESSORS = 132          # multiprocessors of a large GPU, the same number for all GPUs
FIXED = 32                # columns that take as long as the beginning and the end of a tile


def ring_bytes(columns, line=LINE):
    """Return the bytes of all stages, rows and columns being so many bytes long."""
    return STAGES[columns] * (ROWS + columns) * line


def shared_bytes(columns, pitch):
    """Return the shared memory of a block: the ring, where results come later, and two barriers for each stage."""
    return max(ring_bytes(columns), ROWS * pitch) + 16 * STAGES[columns] + PATTERN


def covering(rows, columns, width):
    """Return how many tiles of so many columns cover a matrix."""
    return -(-rows // ROWS) * -(-columns // width)


def columns_for(rows, columns):
    """Return the columns of the tiles that take the least time, if as many run at once as there are processors."""
    return min(STAGES, key=lambda width: (-(-covering(rows, columns, width) // PROCESSORS) * (width + FIXED), -width))


@device
def aligned_pattern(place):
    """Return the first multiple of PATTERN from here on."""
    return int32((place + (PATTERN - 1)) & -PATTERN)


@device
def descriptor(place, leading, stride):
    """Return where a tile lies whose rows of 128 bytes are swizzled.

    A row has one row or column of a matrix; 8 rows further it is `stride` bytes to the next. Of turned tiles a row has
    one k, 8 k further it is `stride` bytes, and 128 bytes of rows or columns further `leading`.
    """
    return (uint64(place >> 4) | (uint64(leading >> 4) << uint64(16)) | (uint64(stride >> 4) << uint64(32))
            | (uint64(1) << uint64(62)))
