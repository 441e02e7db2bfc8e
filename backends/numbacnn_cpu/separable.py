"""Depthwise separable convolution in inference: depthwise, ReLU, 1 x 1, in one pass; what lies between is never stored.

An item is a band of rows of an image of y. A worker filters what the band needs (depthwise_filter.py) to z, pixels of C
channels in its cache, and multiplies z with the packed weight of the 1 x 1 convolution (pack.py).
"""
from .compile import Constant, compiled, kernel
from .depthwise import window
from .depthwise_filter import filter_rows, seen_by_row
from .epilogue import RECTIFIED, complete
from .norm_forward import RELU
from .pack import tile_for, unroll_for
from .tile import add_products, in_steps, spread, store_tile

BANDS = 8                 # of all images, about: each reads the weight anew
Z = 1 << 16               # numbers of z, about, which stay in the cache of a core


def conv2d_separable(x, packed, first_bias, weight, bias, y, *numbers):
    """Lower depthwise `conv2d`, `relu`, and `conv2d` with a packed weight of 1 x 1."""
    return calls(x, packed, first_bias, weight, bias, y, numbers, 0)


def conv2d_separable_relu(x, packed, first_bias, weight, bias, y, *numbers):
    """Lower the same with ReLU behind it."""
    return calls(x, packed, first_bias, weight, bias, y, numbers, RECTIFIED)


def calls(x, packed, first_bias, weight, bias, y, numbers, mode):
    """Return the kernel call; `numbers` are those of the depthwise convolution."""
    x, y = x.physical(), y.physical()
    rows, vectors = tile_for(y.shape[3], x.dtype)
    band = band_for(y.shape, x.shape[3], int(rows))
    return [(separable, [x, packed, first_bias, weight, bias, y, *window(packed.shape, *numbers), band, rows, vectors,
                         unroll_for(x.shape[3]), Constant(mode)])]


def band_for(shape, channels, rows):
    """Return how many rows of y (N, H, W, C) to take at a time: a share, or up to twice as many, in fewest tiles."""
    images, lines, columns, _ = shape
    share = max(1, min(Z // max(columns * channels, 1), -(-images * lines // BANDS), lines))

    def tiles(band):
        """Count those of an image."""
        return lines // band * -(-band * columns // rows) + -(-(lines % band) * columns // rows)

    return min(range(share, max(share, min(2 * share, lines)) + 1), key=tiles)


@compiled
def bands_of(rows, band):
    """Return how many bands an image has."""
    return (rows + band - 1) // band


def space_of(x, y, tall, wide, sw, dw, dh, band):
    """Return shape and dtype of the workspace: z, and a slab for rows that leave the image."""
    return (band * y.shape[2] * x.shape[3] + seen_by_row(x, y, tall, wide, sw, dw, dh),), x.dtype


@kernel(items=lambda y, band: y.shape[0] * bands_of(y.shape[1], band), workspace=space_of)
def separable(x, packed, first_bias, weight, bias, y, tall, wide, sw, dw, sh, ph, pw, dh, band, rows, vectors, unroll,
              mode, z, begin, end):
    _, lines, columns, outputs = y.shape
    blocks, _, _, channels, width = weight.shape
    filters, weights, result = packed.reshape(packed.size), weight.reshape(weight.size), y.reshape(y.size)
    slab = z[band * columns * channels:]
    for item in range(begin, end):
        n, number = divmod(item, bands_of(lines, band))
        first = number * band
        count = min(band, lines - first)
        filter_rows(x[n], first, count, slab, filters, first_bias, z, 0, columns, tall, wide,
                    sw, dw, sh, ph, pw, dh, RELU)
        pixels, target = count * columns, result[(n * lines + first) * columns * outputs:]
        for block in range(blocks):
            column = block * width
            for m in range(0, pixels, rows):
                begins = in_steps(m * channels, channels, (pixels - 1) * channels, rows)
                ends = in_steps(m * outputs + column, outputs, (pixels - 1) * outputs + column, rows)
                tile, at = spread(bias, column, rows, vectors), column * channels
                for k in range(0, channels // unroll * unroll, unroll):
                    tile = add_products(tile, z, begins, k, weights, at, unroll)
                    at += unroll * width
                for k in range(channels // unroll * unroll, channels):
                    tile = add_products(tile, z, begins, k, weights, at, 1)
                    at += width
                store_tile(target, ends, complete(tile, target, ends, rows, vectors, mode), outputs - column)
