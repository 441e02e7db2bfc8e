"""Convolution: which kernels compute it.

Strides of a weight are a tuple: how far it is from group to group, between rows of taps, between taps of a row, from
output to output of a group and, where it is not 1, from channel to channel. "Output" is what is written.
"""
import math

import numpy as np

from . import sweep
from .conv_direct import sweep_direct, weight_direct
from .conv_tiles import SWEEP_TILES
from .conv_weight_tiles import WEIGHT_TILES
from .depthwise import depthwise, depthwise_weight
from .division import dividers
from .memory import temporary
from .parts import add_parts, partial
from .program import ALIGNMENT
from .reduce import sum
from .strided import gather
from .tile_rules import SHORT, needs_tiles, tile_for

SLIM = 8                  # outputs of a group, for fewer of which tiles are too wide


def conv2d(x, weight, bias, y, sh, sw, ph, pw, dh, dw, groups):
    """Lower to a sweep over x."""
    if not y.size:
        return []
    outputs, channels, tall, wide = weight.shape
    axes = sweep.forward(y.shape[2], tall, sh, ph, dh), sweep.forward(y.shape[3], wide, sw, pw, dw)
    each, taps = outputs // groups, tall * wide * channels
    steps = each * taps, wide * channels, channels, taps
    if channels == 1 and groups > 1:
        return depthwise(x, weight, bias, y, axes, each, steps)
    if is_direct(y, axes, each, taps):
        return direct(x, weight, bias, y, axes, channels, each, (*steps, 1))
    return tiled(x, weight, bias, y, axes, channels, each, steps, taps)


def conv2d_backward_input(dy, weight, dx, sh, sw, ph, pw, dh, dw, groups):
    """Lower to a sweep over dy; for tiles, the channels of dy become the innermost axis of the weight first."""
    if not dx.size:
        return []
    outputs, channels, tall, wide = weight.shape
    axes = sweep.backward(dx.shape[2], tall, sh, ph, dh), sweep.backward(dx.shape[3], wide, sw, pw, dw)
    nothing, each, taps = np.zeros(dx.shape[1], dx.dtype), outputs // groups, tall * wide
    if each == channels == 1 and groups > 1:
        return depthwise(dy, weight, nothing, dx, axes, 1, (taps, wide, 1, 1))
    if is_direct(dx, axes, channels, each * taps):
        steps = each * taps * channels, wide * channels, channels, 1, taps * channels
        return direct(dy, weight, nothing, dx, axes, each, channels, steps)
    turned = temporary((groups, channels, taps, each), weight.dtype)
    steps = channels * taps * each, wide * each, each, taps * each
    return [gather(weight.shaped((groups, each, taps, channels)).permuted((0, 3, 2, 1)), turned),
            *tiled(dy, turned, nothing, dx, axes, each, channels, steps, taps * each, after(turned))]


def conv2d_backward_weight(x, dy, dweight, sh, sw, ph, pw, dh, dw, groups):
    """Lower to one kernel, or to tiles in parts."""
    outputs, channels, tall, wide = dweight.shape
    numbers, depth = tall * wide * channels, dy.size // max(outputs, 1)
    window = sh, sw, ph, pw, dh, dw, groups
    if channels == 1 and groups > 1:
        return depthwise_weight(x, dy, dweight, *window)
    if not needs_tiles(outputs // groups, numbers, groups, depth):
        return [(weight_direct, [x.physical(), dy.physical(), dweight.physical(),
                                 *dividers(channels, wide, tall), *window])]
    tile, parts = tile_for(outputs // groups, numbers, groups, depth, dy.dtype, WEIGHT_TILES)
    target = partial(dweight.shaped((outputs, numbers)), parts)
    return [(WEIGHT_TILES[tile], [x.flat(), dy.flat(), target, x.physical().shape, dy.physical().shape, wide, channels,
                                  *window]),
            *add_parts(target, dweight)]


def conv2d_backward_bias(dy, dbias):
    """Lower to a sum over images and pixels."""
    return sum(dy, dbias.shaped((1, 1, 1, dbias.size)).permuted((0, 3, 1, 2)), 1.0)


def is_direct(y, axes, each, depth):
    """Return whether a thread computes each number of y, which has so many channels in a group, from so many."""
    rows, columns = axes
    matrices = y.shape[1] // each * rows.phases * columns.phases
    if each < SLIM and depth <= SHORT:
        return True
    return not needs_tiles(y.shape[0] * rows.places * columns.places, each, matrices, depth)


def direct(x, weight, bias, y, axes, channels, each, steps):
    """Lower to a thread for each number of y."""
    rows, columns = axes
    lengths = y.shape[1], columns.places, rows.places, y.shape[0], columns.phases
    items = rows.phases * math.prod(lengths)
    return [(sweep_direct, [x.physical(), weight.flat(), bias, y.physical(), items, rows.table, columns.table,
                            *dividers(*lengths), rows.steps, columns.steps, channels, each, steps])]


def tiled(x, weight, bias, y, axes, channels, each, steps, depth, offset=0):
    """Lower to tiles, in parts if there are few; the temporary is free from an offset on."""
    rows, columns = axes
    most = y.shape[0] * rows.places * columns.places
    matrices = y.shape[1] // each * rows.phases * columns.phases
    tile, parts = tile_for(most, each, matrices, depth, y.dtype, SWEEP_TILES)
    target = partial(y.flat(), parts, offset)
    return [(SWEEP_TILES[tile], [x.flat(), weight.flat(), bias, target, x.physical().shape, y.physical().shape,
                                 rows.table, columns.table, most, rows.steps, columns.steps, channels, each, steps]),
            *add_parts(target, y)]


def after(view):
    """Return where the temporary is free behind an array."""
    return -(-(view.offset + view.nbytes) // ALIGNMENT) * ALIGNMENT
