"""Convolution, ReLU and max pooling in one pass: what lies between them is never stored.

Convolutions of one group, of any other geometry; windows kh x kw side by side, without padding or dilation. `which`
(bytes, like y) is the place of a window's maximum in it: the gradient needs no more than y and that. n image, band
some rows of windows (fused_tables.py), q window of a band, block so many output channels as a tile has columns.
"""
import numpy as np

from .compile import Constant, compiled, kernel
from .fused_planes import planes
from .fused_tables import make_groups, make_windows, together, usual
from .fused_winner_tables import layout
from .fused_winners import all_finite, conv2d_backward_winners, take_band
from .isa import REGISTERS
from .memory import temporary
from .pack import lanes_of, unroll_for
from .pooled_tile import add_outer_product, chosen, passed, pick_windows, store_largest
from .simd import lanes, load, store
from .tile import add_products, add_tiles, in_steps, load_tile, pick, spread, store_tile

SUMS, SPARE = (24, 2) if REGISTERS >= 32 else (12, 0)         # vectors of a tile; more, if no factor is packed
ROWS = 12                 # of a tile, at most: their addresses are in registers, too
PARTS = 16                # of the sum over images and pixels that is a weight gradient: the same on every machine


# --- forward -----------------------------------------------------------------------------------------------------

def conv2d_relu_max_pool2d(x, packed, bias, y, which, *numbers):
    """Lower to the kernel, with a weight of `conv2d_pack_windows`."""
    x, y, which, numbers = x.physical(), y.physical(), which.physical(), usual(numbers)
    (blocks, tall, wide, _, width), outputs, lanes = packed.shape, y.shape[3], lanes_of(x.dtype)
    if are_planes(width, lanes):
        return planes(x, packed, bias, y, which, numbers)
    count = together(outputs, y.shape[2], numbers, lanes) if are_several(blocks, outputs, width) else 1
    taps = tall, wide - (count - 1) * step_of(numbers)
    _, _, _, window, cuts = make_windows(x.shape, y.shape, taps, numbers, width, x.dtype.itemsize)
    groups = make_groups(x.shape, y.shape, taps, numbers, packed.shape, x.dtype.itemsize, count)
    vectors, size = width // lanes, numbers[6] * numbers[7]
    windows = max(1, min(SUMS // vectors, ROWS) // size)
    constants = [Constant(n) for n in (windows, size, windows * size, vectors)]
    runs = groups.pieces[0, 2]
    return [(pooled_tiles, [x, packed, bias, y, which, *groups, window, cuts, *constants,
                            unroll_for(np.gcd.reduce(runs))])]


@compiled
def are_several(blocks, outputs, width):
    """Whether a weight is packed for several windows side by side: it has one more block then, that for one window."""
    return blocks > -(-outputs // width)


def are_planes(width, lanes):
    """Whether a weight is packed for planes (fused_planes.py): as wide as there are outputs, no whole vector."""
    return width % lanes > 0


def step_of(numbers):
    """Return how many columns of x lie between neighbouring windows."""
    return numbers[1] * numbers[7]


def bands(x, cuts):
    """Return how many items there are: bands of all images."""
    return x.shape[0] * int(cuts[0])


def room_of(x, packed, window):
    """Return the workspace: the bias as wide as the tiles, and a slab of an item's inputs, if they are copied."""
    slab = int(window[3] * window[4]) * x.shape[3] if window[5] else 0
    return (packed.shape[0] * packed.shape[4] + slab + lanes_of(x.dtype),), x.dtype


@kernel(items=bands, workspace=room_of)
def pooled_tiles(x, packed, bias, y, which, starts, targets, places, pieces, groups, window, cuts, windows, size, rows,
                 vectors, unroll, space, begin, end):
    """An item is a band. With NaN or infinities in it, windows are computed one by one: zeros would spread them."""
    outputs, (_, tall, wide, depth, width) = y.shape[3], packed.shape
    weights, target, place = packed.reshape(packed.size), y.reshape(y.size), which.reshape(y.size)
    slab = packed.shape[0] * width
    for o in range(groups[0, 1]):
        space[o] = bias[o % outputs]
    for item in range(begin, end):
        n, band = divmod(item, cuts[0])
        lines = min(cuts[1], y.shape[1] - band * cuts[1])
        corner = (n * y.shape[1] + band * cuts[1]) * y.shape[2] * outputs
        source = space if window[5] else x.reshape(x.size)
        base, seen = take_band(x, n, band, window, space, slab)
        way = 0 if groups.shape[0] == 1 or all_finite(source, base, seen) else 1
        count, columns = lines * groups[way, 0], groups[way, 1]
        for column in range(0, columns, width):
            first = groups[way, 2] + column * tall * wide * depth
            for q in range(0, count, windows):
                begins = pick_windows(starts[way], q, count - 1, windows, places, size)
                ends = pick(targets[way], q, count - 1, windows)
                tile = spread(space, column, rows, vectors)
                for piece in range(pieces.shape[2]):
                    k, at = base + pieces[way, 0, piece], first + pieces[way, 1, piece]
                    stop, whole = k + pieces[way, 2, piece], k + pieces[way, 2, piece] // unroll * unroll
                    while k < whole:
                        tile = add_products(tile, source, begins, k, weights, at, unroll)
                        k += unroll
                        at += unroll * width
                    while k < stop:
                        tile = add_products(tile, source, begins, k, weights, at, 1)
                        k += 1
                        at += width
                store_largest(target[corner + column:], place[corner + column:], ends, tile, columns - column)


@kernel(items=lambda packed: packed.shape[0],
        arrange=lambda weight, packed, *numbers: [weight.physical(), packed, step_of(usual(numbers))])
def conv2d_pack_windows(weight, packed, step, begin, end):
    """Like `conv2d_pack`; or, for windows side by side, the weight for all of them and that for one. Item: a block."""
    (outputs, tall, wide, depth), (blocks, _, far, _, width) = weight.shape, packed.shape
    several = are_several(blocks, outputs, width)
    packed[begin:end] = 0
    for item in range(begin, end):
        first = 0 if several else item * width
        for copy in range(1 + (far - wide) // step if several and item == 0 else 1):
            for kh in range(tall):
                for kw in range(wide):
                    for c in range(depth):
                        for o in range(min(width, outputs - first)):
                            packed[item, kh, kw + copy * step, c, copy * outputs + o] = weight[first + o, kh, kw, c]


@kernel(items=lambda which: which.shape[0] * which.shape[1],
        arrange=lambda which, x, weight, argmax, *numbers: [
            which.physical(), argmax.physical(), conv_width(x, weight, numbers), *numbers[7:9]])
def conv2d_relu_max_pool2d_argmax(which, argmax, width, kh, kw, begin, end):
    """argmax as `max_pool2d` has it. An item is a row."""
    for row in range(begin, end):
        n, oh = divmod(row, which.shape[1])
        for ow in range(which.shape[2]):
            for o in range(which.shape[3]):
                i, j = divmod(np.intp(which[n, oh, ow, o]), kw)
                argmax[n, oh, ow, o] = (oh * kh + i) * width + ow * kw + j


def conv_width(x, weight, numbers):
    """Return the width of the convolution, padding being the same on both sides."""
    return (x.shape[3] + 2 * numbers[3] - numbers[5] * (weight.shape[3] - 1) - 1) // numbers[1] + 1


# --- gradients: that of the convolution ---------------------------------------------------------------------------

@kernel(items=lambda e: e.shape[0] * e.shape[1],
        arrange=lambda dy, y, which, e, *pool: [*(view.physical() for view in (dy, y, which, e)), *pool[:2]])
def relu_max_pool2d_backward(dy, y, which, e, kh, kw, begin, end):
    """e, what is rectified and pooled, receives dy at the place of each positive maximum. An item is a row of e."""
    (_, height, width, outputs), n = y.shape, lanes(y)
    gradient, values, place, target = (dy.reshape(dy.size), y.reshape(y.size), which.reshape(y.size),
                                       e.reshape(e.size))
    for row in range(begin, end):
        image, h = divmod(row, e.shape[1])
        oh, i = divmod(h, kh)
        seen = width if oh < height else 0
        e[image, h, seen * kw:] = 0
        for ow in range(seen):
            at, to = ((image * height + oh) * width + ow) * outputs, (row * e.shape[2] + ow * kw) * outputs
            for o in range(0, outputs, n):
                given = passed(gradient, values, at + o, 1)
                for j in range(kw):
                    start = in_steps(to + j * outputs + o, 0, to + j * outputs + o, 1)
                    store_tile(target, start, chosen(given, place, at + o, i * kw + j), outputs - o)


# --- gradients: those of weight and bias, at once ------------------------------------------------------------------

def conv2d_relu_max_pool2d_backward(x, y, which, dy, dweight, dbias, *numbers):
    """Lower the gradients of weight and bias to sums over parts of the bands, and their sum."""
    given = x, y, which, dy, dweight, dbias, *numbers
    x, y, which, dy, dweight = (view.physical() for view in (x, y, which, dy, dweight))
    outputs, tall, wide, depth = dweight.shape
    vectors = min(2, -(-outputs // lanes_of(x.dtype)))
    width = vectors * lanes_of(x.dtype)
    tables = make_windows(x.shape, y.shape, (tall, wide), usual(numbers), width, x.dtype.itemsize)
    _, cost = layout((tall, wide), depth, usual(numbers), outputs, lanes_of(x.dtype))
    if cost < cost_of_pixels(tables, outputs, vectors, x.dtype):
        return conv2d_backward_winners(*given)
    taps, run, groups = tap_groups(tables.pieces, vectors)
    blocks, rows, height = -(-outputs // width), taps.size // groups * run, taps.size * run
    count = max(1, min(PARTS, x.shape[0] * int(tables.cuts[0])))
    parts = temporary((count, blocks, height + 1, width), x.dtype)      # the last row is of the bias
    constants = [Constant(n) for n in (taps.size // groups, rows, vectors)]
    return [(pooled_sums, [x, y, which, dy, parts, *tables, taps, *constants]),
            (add_pooled_sums, [parts, dweight.shaped((outputs, tall * wide * depth)), dbias])]


def cost_of_pixels(tables, outputs, vectors, dtype):
    """Return about how many instructions a window takes, all of its pixels counted."""
    taps, run, groups = tap_groups(tables.pieces, vectors)
    blocks = -(-outputs // (vectors * lanes_of(dtype)))
    return tables.places.size * blocks * vectors * (taps.size * run + 6 * groups)


def tap_groups(pieces, vectors):
    """Return the numbers a pixel reads as starts of runs, the length of a run, and how many tiles they make.

    The last tile may have some twice, whose sums are not used.
    """
    most, length = (SUMS + SPARE) // vectors, int(pieces[2, 0])
    run = next(n for n in range(min(most, length), 0, -1) if length % n == 0)
    starts = [start + k for start in pieces[0] for k in range(0, length, run)]
    groups = -(-len(starts) // (most // run))
    starts += starts[-1:] * (-len(starts) % groups)
    return np.array(starts, np.intp), run, groups


def slab_of(x, window):
    """Return the workspace: a slab of an item's inputs, if they are copied."""
    return (int(window[3] * window[4]) * x.shape[3] if window[5] else 1,), x.dtype


@kernel(items=lambda parts: parts.shape[0], workspace=slab_of)
def pooled_sums(x, y, which, dy, parts, starts, places, pieces, window, cuts, taps, group, rows, vectors, slab, begin,
                end):
    """What the winners of positive windows receive, times what they saw. An item is a part: the sum over some bands."""
    outputs, (count, blocks, height, width) = y.shape[3], parts.shape
    numbers, values, place, gradient = (parts.reshape(parts.size), y.reshape(y.size), which.reshape(y.size),
                                        dy.reshape(y.size))
    total = y.shape[0] * cuts[0]
    for part in range(begin, end):
        parts[part] = 0
        for item in range(total * part // count, total * (part + 1) // count):
            n, band = divmod(item, cuts[0])
            size = min(cuts[1], y.shape[1] - band * cuts[1]) * y.shape[2]
            corner = (n * y.shape[1] + band * cuts[1]) * y.shape[2] * outputs
            source = slab if window[5] else x.reshape(x.size)
            base, _ = take_band(x, n, band, window, slab, 0)
            for block in range(blocks):
                at = corner + block * width
                target = (part * blocks + block) * height * width
                for first in range(0, taps.size, group):
                    ends = in_steps(target, width, target + rows * width, rows)
                    tile, seen = load_tile(numbers, ends, rows, vectors), pick(taps, first, taps.size, group)
                    for q in range(size):
                        row = passed(gradient, values, at + q * outputs, vectors)
                        for p in range(places.size):
                            winners = chosen(row, place, at + q * outputs, p)
                            tile = add_outer_product(tile, source, seen, base + starts[q] + places[p], winners)
                    store_tile(numbers, ends, tile, width)
                    target += rows * width
                end_of_bias = in_steps(target, width, target, 1)
                bias = load_tile(numbers, end_of_bias, 1, vectors)
                for q in range(size):
                    bias = add_tiles(bias, passed(gradient, values, at + q * outputs, vectors))
                store_tile(numbers, end_of_bias, bias, width)


@kernel(items=lambda parts: parts.shape[1], workspace=lambda parts: ((parts.shape[3],), parts.dtype))
def add_pooled_sums(parts, dweight, dbias, sums, begin, end):
    """An item is a block of outputs."""
    count, _, height, width = parts.shape
    outputs, depth = dweight.shape
    numbers, n = parts.reshape(parts.size), lanes(parts)
    for block in range(begin, end):
        for row in range(height):
            for column in range(0, width, n):
                total = load(numbers, (block * height + row) * width + column)
                for part in range(1, count):
                    total = total + load(numbers, ((part * parts.shape[1] + block) * height + row) * width + column)
                store(sums, column, total)
            for o in range(min(width, outputs - block * width)):
                if row < depth:
                    dweight[block * width + o, row] = sums[o]
                elif row == height - 1:
                    dbias[block * width + o] = sums[o]
