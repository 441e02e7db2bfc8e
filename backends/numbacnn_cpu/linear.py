"""Dense layers: x (N, C), weight (O, C); either may be images, which are read as they lie. No factor is packed whole.

An item is a block of what is written, so that every number is summed by one worker, in one order: i row, j column, k
inner axis. Forward, all factors lie along k (dots.py); for gradients, rows of the second factor are vectors (tile.py).
"""
import math

from .compile import Constant, compiled, kernel
from .dots import add_dots, add_last_dots, totals
from .isa import REGISTERS
from .memory import temporary
from .pack import lanes_of, unroll_for
from .planes import turn_planes
from .reduce import sum
from .simd import lanes, load, store
from .tile import add_products, add_tiles, blank, in_steps, load_tile, rectify_tile, spread, store_tile

SUMS = 24 if REGISTERS >= 32 else 12  # vectors of a tile
ITEMS = 8                 # at least, where there are rows enough
ROWS, COLUMNS = 64, 24    # of an item, at most, of y
CHUNK = 512               # numbers of a row that are multiplied before the next rows are: they stay in the cache
GRADIENT_ROWS, GRADIENT_COLUMNS = 96, 8       # of an item, at most, of a gradient; the columns in tiles
GRADIENT_ITEMS = 16       # blocks of columns, at least, where there are columns enough
DEPTH, DEPTH_ONCE = 128, 16           # rows of the second factor at a time, and where they are read only once


def rows_of(view):
    """Return an array as (N, numbers of each)."""
    return view.shaped((view.shape[0], math.prod(view.shape[1:])))


def even(total, most):
    """Return the size of pieces, each at most so large, that a total is cut into evenly."""
    return max(1, -(-total // max(1, -(-total // most))))


# --- forward -----------------------------------------------------------------------------------------------------

def linear(x, weight, bias, y):
    """Lower to the kernel."""
    return [dense(x, weight, bias, y, 0)]


def linear_relu(x, weight, bias, y):
    """Lower `linear` and `relu` of what comes."""
    return [dense(x, weight, bias, y, 1)]


def linear_turn(weight, turned):
    """Lower to the copy that lays the rows of a weight out as images (O, C, H, W) lie."""
    outputs, channels, *image = turned.shape
    pixels = math.prod(image)
    return [turn_planes(weight.shaped((outputs, channels, pixels)), turned.shaped((outputs, pixels, channels)))]


def dense(x, weight, bias, y, rectified):
    """Return the call of the kernel: tiles of 4 rows, or of all there are."""
    rows, outputs = y.shape
    high = max(1, min(4, rows))
    wide = even(outputs, min(8, SUMS // high))
    block = COLUMNS // wide * wide
    items = -(-ITEMS // max(1, -(-outputs // block)))
    tall = min(ROWS, -(-max(1, -(-rows // items)) // high) * high)
    chunk = CHUNK if rows > high else max(1, rows_of(x).shape[1])
    constants = [Constant(n) for n in (high, wide, -(-wide // lanes_of(x.dtype)), rectified)]
    return linear_tiles, [rows_of(x), rows_of(weight), bias, y, tall, block, chunk, *constants]


def blocks(y, tall, block):
    """Return how many blocks of y there are."""
    return -(-y.shape[0] // tall) * -(-y.shape[1] // block)


@kernel(items=lambda y, tall, block: blocks(y, tall, block),
        workspace=lambda x, tall, block: ((tall * block * lanes_of(x.dtype),), x.dtype))
def linear_tiles(x, weight, bias, y, tall, block, chunk, high, wide, vectors, rectified, sums, begin, end):
    """Sums wait in memory while others go on with the same numbers, which stay in the cache."""
    (rows, depth), outputs, n = x.shape, y.shape[1], lanes(x)
    left, right, target = x.reshape(x.size), weight.reshape(weight.size), y.reshape(y.size)
    for item in range(begin, end):
        row, column = divmod(item, -(-outputs // block))
        top, first = row * tall, column * block
        bottom, last = min(top + tall, rows), min(first + block, outputs)
        for start in range(0, max(depth, 1), chunk):     # once if there is nothing to add to the bias
            stop, at = min(start + chunk, depth), 0
            whole = stop - (stop - start) % n
            for j in range(first, last, wide):
                columns = in_steps(j * depth, depth, (outputs - 1) * depth, wide)
                for i in range(top, bottom, high):
                    seen = in_steps(i * depth, depth, (rows - 1) * depth, high)
                    kept = in_steps(at, wide * n, at + high * wide * n, high)
                    at += high * wide * n
                    tile = blank(x, high, wide) if start == 0 else load_tile(sums, kept, high, wide)
                    for k in range(start, whole, n):
                        tile = add_dots(tile, left, seen, right, columns, k)
                    if whole < stop:
                        tile = add_last_dots(tile, left, seen, right, columns, whole, stop - whole)
                    if stop < depth:
                        store_tile(sums, kept, tile, wide * n)
                    else:
                        result = add_tiles(totals(tile), spread(bias, j, high, vectors))
                        if rectified == 1:
                            result = rectify_tile(result)
                        ends = in_steps(i * outputs + j, outputs, (rows - 1) * outputs + j, high)
                        store_tile(target, ends, result, min(wide, last - j))


# --- gradients ---------------------------------------------------------------------------------------------------

def linear_backward_input(dy, weight, dx):
    """Lower to a product: rows of dy times the weight."""
    return [product(dy, rows_of(weight), rows_of(dx), dy.shape[1], 1)]


def linear_backward_weight(x, dy, dweight):
    """Lower to a product: columns of dy times x. From images, it comes in their order, and is turned back."""
    if x.ndim == 2:
        return [product(dy, x, dweight, 1, dy.shape[1])]
    outputs, (_, channels, *image) = dweight.shape[0], x.shape
    planes = temporary((outputs, math.prod(image), channels), x.dtype)
    return [product(dy, rows_of(x), planes.shaped(dweight.shape), 1, dy.shape[1]),
            turn_planes(planes, dweight.shaped((outputs, channels, planes.shape[1])))]


def linear_backward_bias(dy, dbias):
    """Lower to a sum over rows."""
    return sum(dy, dbias.shaped((1, dbias.size)), 1.0)


def product(a, b, y, row_step, step):
    """Return the call for y (I, J) = a (I, K) times b (K, J); steps from row to row, and along a row, of a."""
    rows, columns = y.shape
    vectors = 2 if rows <= SUMS // 2 else 4 if REGISTERS >= 32 else 3
    high, width = even(rows, SUMS // vectors), vectors * lanes_of(y.dtype)
    tall = -(-even(rows, GRADIENT_ROWS) // high) * high
    block = width * max(1, min(GRADIENT_COLUMNS, columns // (GRADIENT_ITEMS * width)))
    packed = rows > high                                # what is read only once is not copied
    depth = DEPTH if packed else DEPTH_ONCE
    unroll = unroll_for(b.shape[0]) if step == 1 and packed else Constant(1)
    constants = [Constant(n) for n in (high, vectors, packed)]
    return product_tiles, [a.flat(), b, y, row_step, step, tall, block, depth, *constants, unroll]


@kernel(items=lambda y, tall, block: blocks(y, tall, block),
        workspace=lambda y, depth, vectors: ((depth * vectors * lanes_of(y.dtype),), y.dtype))
def product_tiles(a, b, y, row_step, step, tall, block, depth, high, vectors, packed, unroll, panel, begin, end):
    """Sums wait in y while others go on with the next rows of b, of which a part as wide as a tile is copied."""
    (rows, columns), total, n = y.shape, b.shape[0], lanes(y)
    width, right, target = vectors * n, b.reshape(b.size), y.reshape(y.size)
    for item in range(begin, end):
        row, column = divmod(item, -(-columns // block))
        top, edge = row * tall, min(column * block + block, columns)
        bottom = min(top + tall, rows)
        for first in range(0, max(total, 1), depth):
            last = min(first + depth, total)
            for left in range(column * block, edge, width):
                factor, start, pitch = right, first * columns + left, columns
                if packed == 1:
                    copy_columns(right, start, columns, last - first, panel, width)
                    factor, start, pitch = panel, 0, width
                for i in range(top, bottom, high):
                    ends = in_steps(i * columns + left, columns, (rows - 1) * columns + left, high)
                    starts = in_steps(i * row_step, row_step, (rows - 1) * row_step, high)
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
