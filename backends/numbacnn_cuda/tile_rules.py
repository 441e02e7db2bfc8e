"""Which tile for which product of matrices, and in how many parts to add up."""
import numpy as np

from .dtypes import computed
from .parts import parts_for
from .tiles import LARGE, MIDDLE, NARROW, SMALL

FEW, SHORT = 1 << 17, 512                 # products in all, and along k, that need no tiles
ENOUGH = 128                              # blocks that keep a large GPU busy
DEEP = 512                                # numbers along k that are worth a block


def needs_tiles(rows, columns, matrices, depth):
    """Return whether a product of matrices is large enough for tiles: else a thread computes each number."""
    return rows * columns * matrices * depth > FEW or depth > SHORT


def tile_for(rows, columns, matrices, depth, dtype, kernels):
    """Return the largest of the tiles of which there are enough, and in how many parts to add up."""
    fits = {LARGE: computed(dtype) == np.float32 and rows > 64 and columns > 64, MIDDLE: rows > 32 and columns > 32,
            NARROW: rows > 32 and columns <= 32, SMALL: True}
    tile = next((tile for tile in kernels if fits[tile] and
                 blocks(tile, rows, columns, matrices) * max(1, depth // DEEP) >= ENOUGH), SMALL)
    return tile, parts_for(tile.threads * blocks(tile, rows, columns, matrices), depth)


def blocks(tile, rows, columns, matrices):
    """Return how many tiles there are in such matrices."""
    return matrices * -(-rows // tile.rows) * -(-columns // tile.columns)
