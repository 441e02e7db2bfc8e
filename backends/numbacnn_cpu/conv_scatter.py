"""The gradient of a convolution's input where that has few channels: a vector for each of these would be half empty.

A pixel of dy gives to each row of its window at once: KW * C numbers that lie side by side in dx. What a tile of pixels
gives is a product, which is then added to a slab, an image with its padding. n image, p pixel of dy.
"""
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import lower_builtin

from .compile import Constant, compiled, kernel
from .emit import first_lanes, pointer_to, read, write
from .entry import WORD
from .isa import REGISTERS
from .memory import temporary
from .pack import lanes_of, unroll_for
from .simd import lanes
from .slab import clear, copy
from .tile import TileType, add_products, along, blank, constant, define, in_steps, parts, pick

SUMS = 24 if REGISTERS >= 32 else 12  # vectors of a tile
SLAB = 2 << 20            # bytes of an image that is added to, at most: it stays in a cache;
ALONE = 192 << 10         # of the only image, which is one worker's work


def row_vectors(weight):
    """Return how many vectors a row of the filter is."""
    return -(-weight.shape[1] * weight.shape[3] // lanes_of(weight.dtype))


def is_narrow(dy, weight, dx, conv):
    """Whether rows of the filter fill vectors better than channels do, and a tile and the cache have room for them."""
    (sh, sw, _, _, _, dw, groups), lanes = conv, lanes_of(weight.dtype)
    (_, channels, tall, wide), vectors = weight.shape, row_vectors(weight)
    by_channel = dx.shape[2] * dx.shape[3] * tall * wide * -(-channels // lanes) // (sh * sw)
    by_row = dy.shape[2] * dy.shape[3] * tall * vectors
    height, width = slab_size(dy.shape[2:], weight.shape[2:], conv)
    nbytes = height * width * channels * np.dtype(dx.dtype).itemsize
    most = SLAB if dx.shape[0] > 1 else ALONE
    return groups == 1 and dw == 1 and tall * vectors <= SUMS and nbytes <= most and 1.25 * by_row < by_channel


def slab_size(size, taps, conv):
    """Return how many pixels pixels of dy, (OH, OW), see: height and width."""
    sh, sw, _, _, dh, dw, _ = conv
    return (size[0] - 1) * sh + (taps[0] - 1) * dh + 1, (size[1] - 1) * sw + (taps[1] - 1) * dw + 1


def conv2d_backward_input_scattered(dy, weight, dx, *conv):
    """Lower `conv2d_backward_input`: the weight is packed first."""
    vectors = row_vectors(weight)
    height, width = slab_size(dy.shape[2:], weight.shape[2:], conv)
    columns, pitch = weight.shape[1] * weight.shape[3], width * dx.shape[1]
    dy, weight, dx = dy.physical(), weight.physical(), dx.physical()
    (_, rows, pixels, outputs), (sh, sw, ph, pw, dh, _, _) = dy.shape, conv
    packed = temporary((outputs, weight.shape[1], vectors * lanes_of(dx.dtype)), dx.dtype)
    starts = (np.arange(rows)[:, None] * (sh * pitch) + np.arange(pixels) * (sw * dx.shape[3])).ravel()
    high = max(1, SUMS // (packed.shape[1] * vectors))
    constants = [Constant(n) for n in (high, packed.shape[1] * vectors, vectors)]
    return [(pack_rows, [weight, packed]),
            (scattered_rows, [dy, packed, dx, starts.astype(np.intp), height, pitch, dh * pitch, columns, ph, pw,
                              *constants, unroll_for(outputs)])]


@kernel(items=lambda weight, packed: packed.shape[0])
def pack_rows(weight, packed, begin, end):
    """packed (O, KH, vectors): rows of filters, zeros behind them. An item is a filter."""
    _, tall, wide, channels = weight.shape
    for o in range(begin, end):
        for kh in range(tall):
            for kw in range(wide):
                for c in range(channels):
                    packed[o, kh, kw * channels + c] = weight[o, kh, kw, c]
            packed[o, kh, wide * channels:] = 0


@kernel(items=lambda dy: dy.shape[0],
        workspace=lambda packed, dx, height, pitch: ((height * pitch + packed.shape[2],), dx.dtype))
def scattered_rows(dy, packed, dx, starts, height, pitch, step, columns, ph, pw, rows, vectors, group, unroll, slab,
                   begin, end):
    """An item is an image."""
    pixels, outputs = starts.size, dy.shape[3]
    gradient, weights, target = dy.reshape(dy.size), packed.reshape(packed.size), dx.reshape(dx.size)
    width = packed.shape[1] * packed.shape[2]
    for n in range(begin, end):
        clear(slab, 0, slab.size)
        last = (n * pixels + pixels - 1) * outputs
        for p in range(0, pixels, rows):
            seen = in_steps((n * pixels + p) * outputs, outputs, last, rows)
            tile = blank(dy, rows, vectors)
            k, at, whole = 0, 0, outputs - outputs % unroll
            while k < whole:
                tile = add_products(tile, gradient, seen, k, weights, at, unroll)
                k += unroll
                at += unroll * width
            while k < outputs:
                tile = add_products(tile, gradient, seen, k, weights, at, 1)
                k += 1
                at += width
            scatter(slab, pick(starts, p, pixels - 1, rows), tile, pixels - p, step, group, columns)
        copy_image(slab, height, pitch, target, n, dx.shape[1:], ph, pw)


@compiled
def copy_image(slab, height, pitch, target, n, shape, ph, pw):
    """Copy a slab without its padding to image n; pixels that it does not reach are zero."""
    tall, wide, channels = shape
    count = max(0, min(wide * channels, pitch - pw * channels))
    for h in range(tall):
        at = (n * tall + h) * wide * channels
        if h + ph < height:
            copy(slab, (h + ph) * pitch + pw * channels, target, at, count)
            clear(target, at + count, wide * channels - count)
        else:
            clear(target, at, wide * channels)


# --- of tiles ----------------------------------------------------------------------------------------------------

def scatter(array, starts, tile, rows, step, group, columns):
    """Add the first rows of a tile to an array, row r to the numbers from position starts[r].

    A row has pieces of `group` vectors, whose first `columns` numbers are added; pieces are `step` apart in the array.
    """
    pieces = tile.reshape(len(starts), -1, group * lanes(array))
    for start, row in zip(starts[:rows], pieces, strict=False):
        for number, piece in enumerate(row):
            at = start + number * step
            array[at:at + columns] += piece[:columns]


define(scatter, lambda array, starts, tile, rows, step, group, columns: types.none)


@lower_builtin(scatter, types.Array, types.UniTuple, TileType, types.Integer, types.Integer, types.Integer,
               types.Integer)
def lower_scatter(context, build, sig, arguments):
    """Whole vectors are read and written, for speed, but only what belongs to a piece changes."""
    kind, group = sig.args[2], constant(sig.args[5])
    rows, step, columns = (context.cast(build, arguments[n], sig.args[n], types.intp) for n in (3, 4, 6))
    masks = [first_lanes(build, kind.vector, build.sub(columns, WORD(v * kind.vector.lanes))) for v in range(group)]
    zero, values = ir.Constant(kind.vector.llvm, None), parts(build, arguments[2])
    for row, start in enumerate(parts(build, arguments[1])):
        with build.if_then(build.icmp_signed("<", WORD(row), rows)):
            for n in range(kind.vectors):
                at = build.add(start, build.mul(step, WORD(n // group)))
                pointer = along(build, pointer_to(context, build, sig.args[0], arguments[0], at), n % group, kind)
                added = build.select(masks[n % group], values[row * kind.vectors + n], zero)
                write(build, pointer, build.fadd(read(build, pointer, kind.vector.llvm), added))
    return context.get_dummy_value()
