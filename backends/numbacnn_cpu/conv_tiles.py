"""Convolution by tiles, forward and for the gradient of x: any geometry, one kernel; conv_tables.py is the geometry.

An item is a band of rows of an image, or some images, of one group, and some blocks of its columns. Its input is copied
with its padding (slab.py), maybe normalised, unless it can be read where it lies, and stays in the cache while the
packed weight (pack.py) streams by. What batch norm measures of the outputs is measured before they leave the cache.
"""
import numpy as np

from numbacnn.kernels import Spec

from .compile import Constant, kernel
from .conv_tables import backward_axes, forward_axis, make_job
from .epilogue import ADDED, RECTIFIED, complete
from .norm_backward import BY_INPUT, DROPPED, ONE, sums_of
from .norm_moments import moments_of_columns, parts_shape
from .pack import blocked, tile_for, unroll_for
from .slab import ABSENT, copy_normalised, copy_slab
from .tile import add_products, load_tile, pick, spread, store_tile


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
    return forward(x, packed, bias, y, y, numbers, 0, moments)


def conv2d_moments_normalised_packed(x, mean, rstd, scale, shift, packed, bias, y, moments, *numbers):
    """Lower the same for the convolution of relu(batch_norm(x))."""
    return forward(x, packed, bias, y, y, numbers, 0, moments, (mean, rstd, scale, shift))


def moments_of_job(x, weight, y, conv):
    """Return what is known of these moments."""
    return parts_of(forward_job(channels_last(x), channels_last(y), weight.shape[2:], conv,
                                *width_and_bytes(y, weight.dtype)), y, weight.dtype)


def channels_last(images):
    """Return the shape (N, H, W, C) of images (N, C, H, W)."""
    count, channels, height, width = images.shape
    return count, height, width, channels


def width_and_bytes(outputs, dtype):
    """Return how many columns the tiles of outputs (N, C, H, W) have, and the bytes of a number."""
    return blocked(outputs.shape[1], 1, dtype)[1], np.dtype(dtype).itemsize


def parts_of(job, outputs, dtype):
    """Return what is known of what items measure of outputs (N, C, H, W): a part for each band or group of images.

    Whether inputs are copied changes no items, so it is the same for normalised inputs.
    """
    return Spec(parts_shape(int(job.cuts[4] // job.cuts[3]), outputs.shape[1], dtype), "float64")


def forward(x, packed, bias, other, y, numbers, mode, moments=ABSENT, norm=()):
    """Lower a convolution and what is done with its inputs and outputs."""
    x, other, y = x.physical(), other.physical(), y.physical()
    job = forward_job(x.shape, y.shape, packed.shape[1:3], numbers, packed.shape[4], x.dtype.itemsize, bool(norm))
    return [call(x, packed, bias, other, y, job, numbers[-1], mode, moments, ABSENT, norm)] if y.shape[3] else []


def forward_job(x, y, taps, conv, width, itemsize, copied=False):
    """Return the tables of a convolution, for shapes (N, H, W, C)."""
    sh, sw, ph, pw, dh, dw, groups = conv
    axes = forward_axis(y[1], taps[0], sh, ph, dh), forward_axis(y[2], taps[1], sw, pw, dw)
    return make_job(x, y, axes, taps[1], groups, width, itemsize, copied)


def conv2d_backward_input_packed(dy, packed, dx, *numbers):
    """Lower `conv2d_backward_input` with a weight of `conv2d_pack_turned`: a call for each residue."""
    return backward_input(dy, packed, dx, dx, numbers)


def conv2d_backward_input_sums_packed(dy, packed, x, mean, rstd, scale, shift, dx, sums, *numbers):
    """Lower the same, and sums for the gradients of y = relu(batch_norm(x)), dx being that of y (norm_backward.py)."""
    return backward_input(dy, packed, x, dx, numbers, sums, (mean, rstd, scale, shift))


def conv2d_transposed_packed(x, packed, bias, y, *numbers):
    """Lower `conv2d_backward_input` with a weight of `conv2d_pack_turned`, and adding a bias."""
    return backward_input(x, packed, y, y, numbers, bias=bias)


def conv2d_transposed_relu_packed(x, packed, bias, y, *numbers):
    """Lower the same, and `relu`."""
    return backward_input(x, packed, y, y, numbers, bias=bias, mode=RECTIFIED)


def sums_of_job(dy, weight, dz, conv):
    """Return what is known of these sums."""
    [job] = backward_jobs(channels_last(dy), channels_last(dz), weight.shape[2:], conv,
                          *width_and_bytes(dz, weight.dtype))
    return parts_of(job, dz, weight.dtype)


def backward_input(dy, packed, x, dx, numbers, sums=ABSENT, norm=(), bias=None, mode=0):
    """Lower the gradient of x and what is done with its outputs."""
    dy, x, dx = dy.physical(), x.physical(), dx.physical()
    if bias is None:
        bias = np.zeros(dx.shape[3] + packed.shape[4], dx.dtype)     # the last tile of a group begins anywhere
    jobs = backward_jobs(dy.shape, dx.shape, packed.shape[1:3], numbers, packed.shape[4], dy.dtype.itemsize)
    return [call(dy, packed, bias, x, dx, job, numbers[-1], mode, ABSENT, sums, norm) for job in jobs if dx.shape[3]]


def backward_jobs(dy, dx, taps, conv, width, itemsize):
    """Return the tables of the gradient of x, for shapes (N, H, W, C)."""
    sh, sw, ph, pw, dh, dw, groups = conv
    return [make_job(dy, dx, (vertical, horizontal), taps[1], groups, width, itemsize)
            for vertical in backward_axes(dx[1], taps[0], sh, ph, dh)
            for horizontal in backward_axes(dx[2], taps[1], sw, pw, dw)]


def call(x, packed, bias, other, y, job, groups, mode, moments, sums, norm):
    """Return the call of the kernel for a convolution along two axes."""
    rows, vectors = tile_for(y.shape[3] // groups, x.dtype)
    unroll = unroll_for(np.gcd.reduce(job.pieces[2]))             # of none it is 0, which 8 divides
    return conv2d_tiles, [x, packed, bias, other, y, *job, groups, moments, sums, *(norm or [ABSENT] * 4),
                          rows, vectors, unroll, Constant(mode)]


def space(x, window, cuts, groups):
    """Return the workspace of the kernel: a slab."""
    images, (_, _, _, tall, wide, copied) = cuts[0], window
    return (int(images * tall * wide * x.shape[3] // groups) if copied else 1,), x.dtype


@kernel(items=lambda cuts: int(cuts[-1]), workspace=space)
def conv2d_tiles(x, packed, bias, other, y, starts, targets, pieces, chunks, window, place, cuts, groups, moments, sums,
                 mean, rstd, scale, shift, rows, vectors, unroll, mode, slab, begin, end):
    images, bands, band_rows, splits = cuts[0], cuts[1], cuts[2], cuts[3]
    top, left, down, tall, wide, copied = window[0], window[1], window[2], window[3], window[4], window[5]
    lines, first_line, lines_down, across, first_across = place[0], place[1], place[2], place[3], place[4]
    depth, outputs = x.shape[3] // groups, y.shape[3] // groups
    width, weights = packed.shape[4], packed.reshape(packed.size)
    block_size, blocks = packed.size // packed.shape[0], packed.shape[0] // groups
    for item in range(begin, end):
        unit, split = divmod(item, splits)
        n, g = divmod(unit, groups)
        n, band = divmod(n, bands)
        n *= images
        count, row = min(images, x.shape[0] - n), top + band * down
        last = count * min(band_rows, lines - band * band_rows) * across - 1   # of the item's outputs
        if copied:
            source, base = slab, 0
            for image in range(count):
                at = image * tall * wide * depth
                if mean.ndim == 1 and sums.ndim != 3:     # with sums, mean is of the outputs; a name would compile both
                    copy_normalised(x[n + image], row, left, tall, wide, mean, rstd, scale, shift, slab, at)
                else:
                    copy_slab(x[n + image], row, left, tall, wide, g * depth, depth, slab, at)
        else:
            source, base = x.reshape(x.size), ((n * x.shape[1] + row) * x.shape[2] + left) * x.shape[3]
        corner = ((n * y.shape[1] + first_line + band * lines_down) * y.shape[2] + first_across) * y.shape[3]
        for block in range(blocks * split // splits, blocks * (split + 1) // splits):
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
        first, stop = blocks * split // splits * width, min(blocks * (split + 1) // splits * width, outputs)
        if moments.ndim == 3:
            moments_of_columns(y.reshape(y.size), corner + first, last + 1, outputs, stop - first, moments, unit, first)
        if sums.ndim == 3:
            written, begun = y.reshape(y.size), corner // outputs
            sums_of(written, written, written, other.reshape(other.size), mean, rstd, scale, shift, written, sums,
                    unit, begun, begun + last + 1, first, stop - first, ONE, BY_INPUT, DROPPED, 0)
