"""Dense layers: x (N, C), weight (O, C); either may be images, which are read as they lie. No factor is packed whole.

An item is a block of what is written, so that every number is summed by one worker, in one order: i row, j column, k
inner axis. Forward, all factors lie along k (dots.py); gradients are products of matrices (matmul.py).
"""
import math

from .compile import Constant, kernel
from .dots import add_dots, add_last_dots, totals
from .matmul import SUMS, blocks, even, product
from .memory import temporary
from .pack import lanes_of
from .planes import turn_planes
from .reduce import sum
from .simd import lanes
from .tile import add_tiles, blank, in_steps, load_tile, rectify_tile, spread, store_tile

ITEMS = 8                 # at least, where there are rows enough
ROWS, COLUMNS = 64, 24    # of an item, at most, of y
CHUNK = 512               # numbers of a row that are multiplied before the next rows are: they stay in the cache


def rows_of(view):
    """Return an array as (N, numbers of each)."""
    return view.shaped((view.shape[0], math.prod(view.shape[1:])))


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
