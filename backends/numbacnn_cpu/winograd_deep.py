"""Winograd convolution of few windows with a large weight, which is transformed where it is multiplied.

A transformed weight of 512 x 512 filters is 38 MB, four times what it is made from: written and read again, it costs
more than the products with a few windows of each image. Here an item is all windows and as many columns as a tile has.
A part of the depth at a time, it transforms that part of its weight, u (E * E, depth, column), and adds the products to
m (E * E, window, column): both stay in a worker's second-level cache. Otherwise as in winograd.py.
"""
import numpy as np

from .compile import Constant, compiled, kernel
from .epilogue import ADDED, RECTIFIED
from .memory import temporary
from .pack import ROWS, lanes_of
from .simd import lanes, prefetch
from .tile import add_products, blank, load_tile, steps, store_tile
from .winograd import (
    LINE,
    PIECE,
    SPACE,
    STEPS,
    block_numbers,
    finish_windows,
    grid,
    padded,
    windows_of,
    winograd_transform,
)
from .winograd_rules import edge_backward, edge_forward
from .winograd_weight import gather, transform_row

DEPTH = 32                # of a part: whole pieces


def conv2d_winograd_deep(x, weight, bias, y, *conv):
    """Lower `conv2d`."""
    return forward(x, weight, bias, y, y, conv)


def conv2d_relu_winograd_deep(x, weight, bias, y, *conv):
    """Lower `conv2d` and `relu`."""
    return forward(x, weight, bias, y, y, conv, RECTIFIED)


def conv2d_add_winograd_deep(x, weight, bias, other, y, *conv):
    """Lower `conv2d` and `add`."""
    return forward(x, weight, bias, other, y, conv, ADDED)


def conv2d_add_relu_winograd_deep(x, weight, bias, other, y, *conv):
    """Lower `conv2d`, `add` and `relu`."""
    return forward(x, weight, bias, other, y, conv, ADDED + RECTIFIED)


def forward(x, weight, bias, other, y, conv, mode=0):
    """Return the kernel calls; `mode` says what is done with the outputs.

    A weight as it is does not tell the edge: it is asked for as in `is_deep_forward`.
    """
    return calls(x, weight, bias, other, y, conv[2], conv[3], edge_forward(weight, y), 0, mode)


def conv2d_winograd_deep_backward_input(dy, weight, dx, *conv):
    """Lower `conv2d_backward_input`: the same on dy, with the weight turned."""
    return calls(dy, weight, None, dx, dx, 2 - conv[2], 2 - conv[3], edge_backward(weight, dx), 1, 0)


def tile_of(windows, columns, dtype):
    """Return rows and vectors of a tile: those that waste the fewest."""
    needed = -(-columns // lanes_of(dtype))
    vectors = min(ROWS, key=lambda each: (-(-needed // each) * each * -(-windows // ROWS[each]) * ROWS[each], -each))
    return ROWS[vectors], vectors


def calls(x, weight, bias, other, y, ph, pw, edge, turned, mode):
    """Return the kernel calls."""
    x, weight, other, y = x.physical(), weight.physical(), other.physical(), y.physical()
    windows = windows_of(y, edge)
    rows, vectors = tile_of(windows, y.shape[3], x.dtype)
    room = max(1, -(-windows // rows)) * rows
    v = temporary((1, block_numbers(x, room, edge)), x.dtype)
    tile = [Constant(number) for number in (edge, rows, vectors, mode)]
    if bias is None:
        bias = np.zeros(columns_of(y, vectors) * vectors * lanes_of(y.dtype), y.dtype)
    return [(winograd_transform, [x, y, v, 0, windows, ph, pw, room, Constant(edge)]),
            (winograd_deep, [v, weight, bias, other, y, turned, windows, room, *tile])]


def columns_of(y, vectors):
    """Return how many items there are."""
    return -(-y.shape[3] // (vectors * lanes_of(y.dtype)))


def space_of(v, room, edge, vectors):
    """Return shape and dtype of the workspace: m, u, and the filters that u is made from."""
    width = vectors * lanes_of(v.dtype)
    return (edge * edge * ((room + DEPTH) * width + 2 * SPACE) + 9 * DEPTH * width,), v.dtype


@kernel(items=columns_of, workspace=space_of)
def winograd_deep(v, weight, bias, other, y, turned, windows, room, edge, rows, vectors, mode, products, begin, end):
    """An item is as many columns as a tile has."""
    width, per_image = vectors * lanes(v), grid(y, edge - 2)
    columns, depth = y.shape[3], weight.shape[0] if turned else weight.shape[3]
    step, u_step, product_step = room * padded(depth) + SPACE, DEPTH * width + SPACE, room * width + SPACE
    u = products[edge * edge * product_step:]
    filters, numbers, taps = u[edge * edge * u_step:], v.reshape(v.size), weight.reshape(weight.size)
    for item in range(begin, end):
        column = item * width
        for first in range(0, depth, DEPTH):
            count = min(DEPTH, depth - first)
            if turned:
                source, at, filter_step, tap = taps, (first * 9 + 8) * columns + column, 9 * columns, -columns
            else:
                gather(taps, column * 9 * depth + first, depth, min(width, columns - column), count, filters, width)
                source, at, filter_step, tap = filters, 0, 9 * width, width
            for k in range(count):
                transform_row(source, at + k * filter_step, tap, width, u, k * width, u_step, edge, 0)
            following = first + DEPTH
            for e in range(edge * edge):
                if following < depth:
                    fetch_filters(taps, column, width, columns, following, min(DEPTH, depth - following), depth, turned,
                                  e, edge * edge)
                add_part(numbers, e * step + room * first, room, u, e * u_step, count, products, e * product_step,
                         first == 0, rows, vectors)
        finish_windows(products, product_step, (0, 0, 0), windows, per_image, edge, bias, other, y, column, width,
                       mode, 0)


@compiled
def fetch_filters(taps, column, width, columns, first, count, depth, turned, e, squared):
    """Fetch the filters of some columns and some of the depth, as the part of them that belongs to number e."""
    rows, run, pitch, at = (count, width, columns, 9 * first * columns + column) if turned else (
        min(width, columns - column), count, depth, 9 * column * depth + first)
    for row in range(9 * rows * e // squared, 9 * rows * (e + 1) // squared):
        for i in range(at + row * pitch, at + row * pitch + run, LINE):
            prefetch(taps, i)


@compiled
def add_part(v, at, room, u, first, depth, products, to, fresh, rows, vectors):
    """Add the products of number e of all windows with a part of the depth to their sums, or begin these.

    As `winograd.multiply`, which has no sums to begin with, and fetches what comes next.
    """
    width = vectors * lanes(v)
    for t in range(0, room, rows):
        places, piece, factor = steps(to + t * width, width, rows, rows), at + t * PIECE, first
        tile = blank(v, rows, vectors) if fresh else load_tile(products, places, rows, vectors)
        for c in range(0, depth, PIECE):
            starts, deep = steps(piece, PIECE, rows, rows), min(PIECE, depth - c)
            for k in range(0, deep // STEPS * STEPS, STEPS):
                tile = add_products(tile, v, starts, k, u, factor, STEPS)
                factor += STEPS * width
            for k in range(deep // STEPS * STEPS, deep):
                tile = add_products(tile, v, starts, k, u, factor, 1)
                factor += width
            piece += room * PIECE
        store_tile(products, places, tile, width)
