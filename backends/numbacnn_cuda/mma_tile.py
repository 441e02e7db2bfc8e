"""Tiles of matrices for tensor cores: their sizes, how they lie in shared memory, divisions by numbers known before."""
from typing import NamedTuple

from numpy import int32, int64

from .compile import device

WARP = 32
CHUNK = 16                # bytes that a thread copies at once
LINE = 128                # bytes of a row of a tile: 8 chunks
CHUNKS = LINE // CHUNK
FAR = -(1 << 20)          # a place outside of every image


class Tile(NamedTuple):
    """How a block of threads shares its part of a product: each warp computes a part of the rows and columns."""

    rows: int
    columns: int
    warp_rows: int
    warp_columns: int
    stages: int                       # how many steps of the sum lie in shared memory at once

    @property
    def threads(self):
        """Threads of a block."""
        return self.rows // self.warp_rows * (self.columns // self.warp_columns) * WARP

    def covering(self, rows, columns):
        """Return how many blocks compute a matrix of so many rows and columns."""
        return -(-rows // self.rows) * -(-columns // self.columns)


LARGE, NARROW, SMALL = Tile(128, 128, 64, 64, 3), Tile(128, 64, 64, 32, 3), Tile(64, 64, 64, 32, 3)
TILES = LARGE, NARROW, SMALL
ENOUGH = 264              # blocks: two for each multiprocessor of a large GPU, the same number for all GPUs


def tile_for(rows, columns, parts=1):
    """Return the largest tile of which a product has enough, and that is not mostly empty."""
    fitting = LARGE if columns > NARROW.columns else NARROW
    return fitting if fitting.covering(rows, columns) * parts >= ENOUGH else SMALL


def divisor(n):
    """Return the multiplier and the shift by which `quotient` divides numbers below 2**31 by n."""
    bits = (n - 1).bit_length()
    return -(-(1 << (31 + bits)) // n), 31 + bits


@device
def quotient(i, multiplier, shift):
    """Return i // n, given what `divisor` says of n."""
    return int32((int64(i) * multiplier) >> shift)


@device
def swizzled(row, chunk):
    """Return where a chunk of a row of a tile lies: 8 rows have the same chunk in different banks."""
    return int32(row * LINE + ((chunk ^ (row & (CHUNKS - 1))) * CHUNK))


@device
def aligned(place):
    """Return the first multiple of LINE from here on."""
    return int32((place + (LINE - 1)) & -LINE)
