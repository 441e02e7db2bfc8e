"""Turn planes (P, I, J) into (P, J, I): between the order of rows of a dense layer and that of images, channels last.

Squares as wide as a vector are turned in registers.
"""
from numba.extending import lower_builtin

from .compile import Constant, kernel
from .emit import indices
from .pack import lanes_of
from .simd import lanes
from .tile import TileType, define, in_steps, joined, load_tile, parts, store_tile


def turn(tile):
    """Return a square tile transposed: as many rows as a vector has numbers."""
    return tile.T.copy()


define(turn, lambda tile: tile if tile.vectors == 1 and tile.rows == tile.vector.lanes else None)


@lower_builtin(turn, TileType)
def lower_turn(context, build, sig, arguments):
    """Halves of pairs of rows change places, then quarters, and so on."""
    rows = parts(build, arguments[0])
    count = half = len(rows)
    while half > 1:
        half //= 2
        low = [n + count - half if n & half else n for n in range(count)]      # of both rows, one behind the other
        high = [n + half + (0 if n & half == 0 else count - half) for n in range(count)]
        for first in (n for n in range(count) if not n & half):
            pair = rows[first], rows[first + half]
            rows[first], rows[first + half] = (build.shuffle_vector(*pair, indices(which)) for which in (low, high))
    return joined(build, sig.args[0], rows)


def turn_planes(x, y):
    """Return the call for arrays (P, I, J) and (P, J, I)."""
    return turned_planes, [x, y, Constant(lanes_of(x.dtype))]


@kernel(items=lambda x, size: x.shape[0] * -(-x.shape[1] // size))
def turned_planes(x, y, size, begin, end):
    """An item is as many rows of x as make a square."""
    _, rows, columns = x.shape
    source, target, n = x.reshape(x.size), y.reshape(y.size), lanes(x)
    across = -(-rows // n)
    for item in range(begin, end):
        plane, i = divmod(item, across)
        base, i = plane * rows * columns, i * n
        if columns < n:
            for row in range(i, min(i + n, rows)):
                for j in range(columns):
                    y[plane, j, row] = x[plane, row, j]
        else:
            last = base + (rows - 1) * columns
            for start in range(0, columns, n):
                j = min(start, columns - n)             # the last square overlaps the one before
                tile = load_tile(source, in_steps(base + i * columns + j, columns, last + j, size), size, 1)
                ends = in_steps(base + j * rows + i, rows, base + columns * rows, size)
                store_tile(target, ends, turn(tile), rows - i)
