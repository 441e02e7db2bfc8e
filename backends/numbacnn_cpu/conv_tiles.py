"""Convolution by tiles, forward and for the gradient of x: any geometry, one kernel; conv_tables.py is the geometry.

An item is a band of rows of an image, or some images, of one group, and some blocks of its columns. Its input is copied
with its padding (slab.py), unless it has none, and stays in the cache while the packed weight (pack.py) streams by.
"""
import numpy as np

from numbacnn.kernels import Spec

from .compile import Constant, kernel
from .conv_tables import backward_axes, forward_axis, make_job
from .epilogue import ADDED, MEASURED, RECTIFIED, complete
from .norm_moments import moments_of_columns, parts_shape
from .pack import blocked, tile_for, unroll_for
from .slab import copy_slab
from .tile import add_products, load_tile, pick, spread, store_tile

NOTHING = np.zeros((0, 2, 0))          # where no moments are measured


def conv2d_packed(x, packed, bias, y, *numbers):
    """Lower `conv2d` with a weight of `conv2d_pack`."""
    return forward(x, packed, bias, y, y, numbers, 0)


def conv2d_relu_packed(x, packed, bias, y, *numbers):
    """Lower `conv2d` and `relu`."""
    return forward(x, packed, bias, y, y, numbers, RECTIFIED)


def conv2d_add_packed(x, packed, bias, other, y, *numbers):
    """Lower `conv2d` and `add`."""
    return forward(x, packed, bias, other, y, numbers, ADDED)


def conv2d_add_relu_packed(x, packed, bias, other, y, *numbers):
    """Lower `conv2d`, `add` and `relu`."""
    return forward(x, packed, bias, other, y, numbers, ADDED + RECTIFIED)


def conv2d_moments_packed(x, packed, bias, y, moments, *numbers):
    """Lower `conv2d`, and the moments of its outputs (norm_moments.py), a part for each item."""
    return forward(x, packed, bias, y, y, numbers, MEASURED, moments)


def moments_of_job(x, weight, y, conv):
    """Return what is known of these moments."""
    (images, channels, height, wide), (_, outputs, tall, across) = x.shape, y.shape
    job = forward_job((images, height, wide, channels), (images, tall, across, outputs), weight.shape[2:], conv,
                      blocked(outputs, 1, weight.dtype)[1], np.dtype(weight.dtype).itemsize)
    return Spec(parts_shape(int(job.cuts[4] // job.cuts[3]), outputs, weight.dtype), "float64")


def forward(x, packed, bias, other, y, numbers, mode, moments=NOTHING):
    """Lower a convolution and what is done with its outputs."""
    x, other, y = x.physical(), other.physical(), y.physical()
    job = forward_job(x.shape, y.shape, packed.shape[1:3], numbers, packed.shape[4], x.dtype.itemsize)
    return [call(x, packed, bias, other, y, job, numbers[-1], mode, moments)]


def forward_job(x, y, taps, conv, width, itemsize):
    """Return the tables of a convolution, for shapes (N, H, W, C)."""
    sh, sw, ph, pw, dh, dw, groups = conv
    axes = forward_axis(y[1], taps[0], sh, ph, dh), forward_axis(y[2], taps[1], sw, pw, dw)
    return make_job(x, y, axes, taps[1], groups, width, itemsize)


def conv2d_backward_input_packed(dy, packed, dx, *numbers):
    """Lower `conv2d_backward_input` with a weight of `conv2d_pack_turned`: a call for each residue."""
    sh, sw, ph, pw, dh, dw, groups = numbers
    dy, dx, (_, tall, wide, _, _) = dy.physical(), dx.physical(), packed.shape
    zeros = np.zeros(-(-dx.shape[3] // packed.shape[4]) * packed.shape[4], dx.dtype)
    jobs = [make_job(dy.shape, dx.shape, (vertical, horizontal), wide, groups, packed.shape[4], dy.dtype.itemsize)
            for vertical in backward_axes(dx.shape[1], tall, sh, ph, dh)
            for horizontal in backward_axes(dx.shape[2], wide, sw, pw, dw)]
    return [call(dy, packed, zeros, dx, dx, job, groups, 0) for job in jobs]


def call(x, packed, bias, other, y, job, groups, mode, moments=NOTHING):
    """Return the call of the kernel for a convolution along two axes."""
    rows, vectors = tile_for(y.shape[3] // groups, x.dtype)
    unroll = unroll_for(np.gcd.reduce(job.pieces[2]) if job.pieces.size else 1)
    return conv2d_tiles, [x, packed, bias, other, y, *job, groups, moments, rows, vectors, unroll, Constant(mode)]


def space(x, packed, bias, other, y, starts, targets, pieces, chunks, window, place, cuts, groups, *_):
    """Return the workspace of the kernel: a slab."""
    return (int(cuts[0] * window[3] * window[4] * x.shape[3] // groups) if window[5] else 1,), x.dtype


@kernel(items=lambda *arguments: int(arguments[11][-1]), workspace=space)
def conv2d_tiles(x, packed, bias, other, y, starts, targets, pieces, chunks, window, place, cuts, groups, moments, rows,
                 vectors, unroll, mode, slab, begin, end):
    images, depth, outputs = cuts[0], x.shape[3] // groups, y.shape[3] // groups
    width, weights = packed.shape[4], packed.reshape(packed.size)
    block_size, blocks = packed.size // packed.shape[0], packed.shape[0] // groups
    for item in range(begin, end):
        unit, split = divmod(item, cuts[3])
        n, g = divmod(unit, groups)
        n, band = divmod(n, cuts[1])
        n *= images
        count, first = min(images, x.shape[0] - n), band * cuts[2]
        last = count * min(cuts[2], place[0] - first) * place[3] - 1           # of the item's outputs
        if window[5]:
            source, base = slab, 0
            for image in range(count):
                copy_slab(x[n + image], window[0] + band * window[2], window[1], window[3], window[4], g * depth, depth,
                          slab, image * window[3] * window[4] * depth)
        else:
            source = x.reshape(x.size)
            base = ((n * x.shape[1] + window[0] + band * window[2]) * x.shape[2] + window[1]) * x.shape[3]
        corner = ((n * y.shape[1] + place[1] + band * place[2]) * y.shape[2] + place[4]) * y.shape[3]
        for block in range(blocks * split // cuts[3], blocks * (split + 1) // cuts[3]):
            column, packed_at = g * outputs + block * width, (g * blocks + block) * block_size
            target, added = y.reshape(y.size)[corner + column:], other.reshape(other.size)[corner + column:]
            for chunk in range(chunks.size - 1):
                for m in range(0, last + 1, rows):
                    begins, ends = pick(starts, m, last, rows), pick(targets, m, last, rows)
                    tile = spread(bias, column, rows, vectors) if chunk == 0 else load_tile(target, ends, rows, vectors)
                    for piece in range(chunks[chunk], chunks[chunk + 1]):
                        k, at = base + pieces[0, piece], packed_at + pieces[1, piece]
                        stop, whole = k + pieces[2, piece], k + pieces[2, piece] // unroll * unroll
                        while k < whole:
                            tile = add_products(tile, source, begins, k, weights, at, unroll)
                            k += unroll
                            at += unroll * width
                        while k < stop:
                            tile = add_products(tile, source, begins, k, weights, at, 1)
                            k += 1
                            at += width
                    if chunk == chunks.size - 2:
                        tile = complete(tile, added, ends, rows, vectors, mode)
                    store_tile(target, ends, tile, outputs - block * width)
        if mode & MEASURED:
            first, stop = blocks * split // cuts[3] * width, min(blocks * (split + 1) // cuts[3] * width, outputs)
            moments_of_columns(y.reshape(y.size), corner + first, last + 1, outputs, stop - first, moments, unit, first)
