"""Both gradients of a depthwise convolution between batch norms at once: what is between them is never stored.

y = convolution of z, z = relu(batch_norm(x)); what arrives is dr, the gradient of relu(batch_norm(y)). An item is a
part, a strip of rows of an image: from a slab of the gradient of y come dz and, with a slab of z, the strip's share of
dweight. The sums for the gradients of the batch norm of x are as in depthwise.py.
"""
from .compile import compiled, kernel
from .depthwise import add_row, depthwise_add_weight, seeing, span, unfilter_rows, window
from .memory import temporary
from .norm_backward import BY_INPUT, DROPPED, ONE, sums_of, write_gradient
from .pack import lanes_of
from .slab import clear, copy_normalised, inside


def is_covered(dweight, conv):
    """Whether a strip of dz sees the rows of dy whose windows begin in it."""
    (_, _, tall, wide), (_, _, ph, pw, dh, dw, _) = dweight.shape, conv
    return dh == dw == 1 and ph < tall and pw < wide


def conv2d_depthwise_backward_normalised(dr, y, mean2, rstd2, scale2, shift2, dscale2, dshift2, packed, x, mean, rstd,
                                         scale, shift, dweight, dz, sums, training, *numbers):
    """Lower to strips, and the sum of their shares of dweight."""
    (channels, _, tall, wide), (sh, sw, *_) = dweight.shape, numbers
    dr, y, x, dz = dr.physical(), y.physical(), x.physical(), dz.physical()
    (images, rows, columns, _), (_, high, across, _), lanes = dz.shape, y.shape, lanes_of(y.dtype)
    rows = -(-rows // max(1, sums.shape[0] // max(1, images)))                        # of a strip
    lines = min(high, rows // sh + 2 + tall)                                          # of y that begin in it
    given, seen = (-(-size // lanes) * lanes + lanes for size in (
        seeing(rows, tall, sh, 1) * seeing(columns, wide, sw, 1) * channels,
        span(lines, tall, sh, 1) * span(across, wide, sw, 1) * channels))
    parts = temporary((max(1, sums.shape[0]), tall, wide, channels), dweight.dtype)
    return [(depthwise_strips, [dr, y, mean2, rstd2, scale2, shift2, dscale2, dshift2, packed, x, mean, rstd, scale,
                                shift, dz, sums, parts, training, given, seen, *window(packed.shape, *numbers)]),
            (depthwise_add_weight, [parts, dweight.physical()])]


@kernel(items=lambda sums: sums.shape[0], workspace=lambda y, given, seen: ((given + seen,), y.dtype))
def depthwise_strips(dr, y, mean2, rstd2, scale2, shift2, dscale2, dshift2, packed, x, mean, rstd, scale, shift, dz,
                     sums, parts, training, given, seen, tall, wide, sw, dw, sh, ph, pw, dh, space, begin, end):
    """Slabs take `given` numbers of the gradient of y, `seen` of z."""
    (images, rows, columns, channels), (_, high, across, _) = dz.shape, y.shape
    strips, total = sums.shape[0] // images, images * high * across
    width, left, wide_z = seeing(columns, wide, sw, dw), (pw - (wide - 1) * dw) // sw, span(across, wide, sw, dw)
    weight, shares, written, inputs = (packed.reshape(packed.size), parts.reshape(parts.size), dz.reshape(dz.size),
                                       x.reshape(x.size))
    for part in range(begin, end):
        n, number = divmod(part, strips)
        first, last = rows * number // strips, rows * (number + 1) // strips
        top, row = (first + ph - (tall - 1) * dh) // sh, n * rows + first
        copy_gradient(dr[n], y[n], top, left, seeing(last - first, tall, sh, dh), width, mean2, rstd2, scale2, shift2,
                      dscale2, dshift2, total, training, space)
        unfilter_rows(space, weight, written, first, last - first, row, top, left, width, columns, channels, tall, wide,
                      sw, dw, sh, ph, pw, dh)
        sums_of(written, written, written, inputs, mean, rstd, scale, shift, written, sums, part, row * columns,
                (row + last - first) * columns, 0, channels, ONE, BY_INPUT, DROPPED, 0)
        parts[part] = 0
        line, stop = -(-first // sh), -(-last // sh) if number + 1 < strips else high
        if line < stop:
            copy_normalised(x[n], line * sh - ph, -pw, span(stop - line, tall, sh, dh), wide_z, mean, rstd, scale,
                            shift, space, given)
            for oh in range(line, stop):
                add_row(space, given + (oh - line) * sh * wide_z * channels, dh * wide_z * channels, space,
                        ((oh - top) * width - left) * channels, across, shares, part * tall * wide * channels, channels,
                        tall, wide, sw, dw)


@compiled
def copy_gradient(dr, y, top, left, height, width, mean, rstd, scale, shift, dscale, dshift, total, training, slab):
    """Write the gradient of a window of y, zeros where it leaves y; `total` is how many pixels all of y has."""
    rows, columns, channels = y.shape
    inputs, gradients = y.reshape(y.size), dr.reshape(dr.size)
    begin, end = inside(left, 1, width, columns)
    at = 0
    for row in range(top, top + height):
        if row < 0 or row >= rows or end <= begin:
            clear(slab, at, width * channels)
        else:
            clear(slab, at, begin * channels)
            write_gradient(gradients, gradients, inputs, (row * columns + left + begin) * channels, end - begin, mean,
                           rstd, scale, shift, dscale, dshift, slab, at + begin * channels, total, ONE, BY_INPUT,
                           training, 0)
            clear(slab, at + end * channels, (width - end) * channels)
        at += width * channels
