"""Products of matrices, one or a batch of them: y (N, I, J) = a (N, I, K) times b (N, K, J).

An item is a block of what is written, so that every number is summed by one worker, in one order: i row, j column, k
inner axis. Rows of b are vectors (tile.py); numbers of a lie anywhere, so that a may be transposed. No factor is packed
whole.
"""
from .compile import Constant, compiled, kernel
from .isa import REGISTERS
from .memory import PADDING, temporary
from .pack import lanes_of, unroll_for
from .simd import lanes, load, store
from .strided import gather
from .tile import add_products, blank, in_steps, load_tile, store_tile

SUMS = 24 if REGISTERS >= 32 else 12  # vectors of a tile
ROWS, COLUMNS = 96, 8                 # of an item, at most; the columns in tiles
ITEMS = 16                # blocks of columns, at least, where there are columns enough
DEPTH, DEPTH_ONCE = 128, 16           # rows of the second factor at a time, and where they are read only once


def even(total, most):
    """Return the size of pieces, each at most so large, that a total is cut into evenly."""
    return max(1, -(-total // max(1, -(-total // most))))


def blocks(y, tall, block):
    """Return how many blocks of a matrix y, or of each of a batch, there are."""
    *batch, rows, columns = y.shape
    return (batch[0] if batch else 1) * (-(-rows // tall) * -(-columns // block))


def matmul(a, b, y, turn_a, turn_b):
    """Lower to a product; b is laid out anew if it is transposed. One matrix a and many b are many products."""
    _, rows, columns = y.shape
    depth = a.shape[1] if turn_a else a.shape[2]
    calls = []
    if turn_b:
        turned = temporary((b.shape[0], depth, columns), b.dtype)
        calls, b = [gather(b, b.permuted((0, 2, 1)), turned)], turned
    steps = (1, rows) if turn_a else (depth, 1)
    return [*calls, product(a, b, y, *steps)]


def product(a, b, y, row_step, step):
    """Return the call for y (N, I, J) = a times b (N, K, J); steps from row to row, and along a row, of a.

    Of a and b there may be one only; with y (I, J) there is one of each.
    """
    if y.ndim == 2:
        a, b, y = (each.shaped((1, *each.shape)) for each in (a, b, y))
    (batch, rows, columns), total = y.shape, b.shape[1]
    vectors = 2 if rows <= SUMS // 2 else 4 if REGISTERS >= 32 else 3
    if columns <= 2 * lanes_of(y.dtype):
        vectors = 2
    elif rows == 1:                                     # long pieces of rows of b, unless they end too far behind it
        vectors = 8 if -columns % (8 * lanes_of(y.dtype)) * y.dtype.itemsize <= PADDING else 4
    high, width = even(rows, SUMS // vectors), vectors * lanes_of(y.dtype)
    tall = -(-even(rows, ROWS) // high) * high
    block = width * max(1, min(COLUMNS, columns // (ITEMS * width)))
    packed = rows > high                                # what is read only once is not copied
    depth = DEPTH if packed else DEPTH_ONCE
    unroll = unroll_for(total) if step == 1 and packed else Constant(1)
    constants = [Constant(n) for n in (high, vectors, packed)]
    jumps = [each.size // batch if each.shape[0] == batch and batch > 1 else 0 for each in (a, b)]
    return product_tiles, [a.flat(), b.flat(), y, total, *jumps, row_step, step, tall, block, depth, *constants, unroll]


@kernel(items=lambda y, tall, block: blocks(y, tall, block),
        workspace=lambda y, depth, vectors: ((depth * vectors * lanes_of(y.dtype),), y.dtype))
def product_tiles(a, b, y, total, jump_a, jump_b, row_step, step, tall, block, depth, high, vectors, packed, unroll,
                  panel, begin, end):
    """Sums wait in y while others go on with the next rows of b, of which a part as wide as a tile is copied."""
    (_, rows, columns), n = y.shape, lanes(y)
    width, target = vectors * n, y.reshape(y.size)
    across, down = -(-columns // block), -(-rows // tall)
    for item in range(begin, end):
        place, column = divmod(item, across)
        matrix, row = divmod(place, down)
        top, edge = row * tall, min(column * block + block, columns)
        bottom, left_a, left_b = min(top + tall, rows), matrix * jump_a, matrix * jump_b
        left_y = matrix * rows * columns
        for first in range(0, max(total, 1), depth):
            last = min(first + depth, total)
            for left in range(column * block, edge, width):
                factor, start, pitch = b, left_b + first * columns + left, columns
                if packed == 1:
                    copy_columns(b, start, columns, last - first, panel, width)
                    factor, start, pitch = panel, 0, width
                for i in range(top, bottom, high):
                    ends = in_steps(left_y + i * columns + left, columns, left_y + (rows - 1) * columns + left, high)
                    starts = in_steps(left_a + i * row_step, row_step, left_a + (rows - 1) * row_step, high)
                    tile = blank(y, high, vectors) if first == 0 else load_tile(target, ends, high, vectors)
                    k, at, whole = first, start, last - (last - first) % unroll
                    while k < whole:
                        tile = add_products(tile, a, starts, k * step, factor, at, unroll)
                        k += unroll
                        at += unroll * pitch
                    while k < last:
                        tile = add_products(tile, a, starts, k * step, factor, at, 1)
                        k += 1
                        at += pitch
                    store_tile(target, ends, tile, columns - left)


@compiled
def copy_columns(source, start, pitch, rows, panel, width):
    """Copy some columns of rows, so that they lie together."""
    n = lanes(panel)
    for row in range(rows):
        for column in range(0, width, n):
            store(panel, row * width + column, load(source, start + row * pitch + column))
