"""The gradient of the input of a convolution that is pooled, from the winners of the windows alone.

Of a window one pixel gets the gradient of an output, and gives to what it saw. All pixels of a window together see a
block of x: there a tile, T rows of U * C numbers, is summed over the outputs o, each adding its filter where its winner
is. The tile is then added to a slab, an image with its padding. Filters are packed once for each place of a window.
"""
from numbacnn.kernels import Spec

from .compile import Constant, compiled, kernel
from .conv_scatter import copy_image, is_narrow, row_vectors, scatter, slab_size
from .fused_tables import usual
from .fused_winners import all_finite, pass_gradients, size_of
from .isa import REGISTERS
from .pack import lanes_of
from .simd import lanes
from .slab import clear
from .tile import add_products, blank, in_steps

SUMS = REGISTERS - 4               # vectors of a tile


def block_of(weight, both):
    """Return how many rows, and numbers of a row, the pixels of a window see together."""
    (_, channels, tall, wide), (sh, sw, _, _, _, _, kh, kw) = weight.shape, usual(both)
    return (kh - 1) * sh + tall, ((kw - 1) * sw + wide) * channels


def packed_for_winners(weight, both):
    """Return what is known of the output of `conv2d_pack_winners`: (O, i, j, T, U * C in whole vectors)."""
    (rows, columns), lanes = block_of(weight, both), lanes_of(weight.dtype)
    return Spec((weight.shape[0], *usual(both)[6:], rows, -(-columns // lanes) * lanes), weight.dtype)


def is_sparse(e, weight, dx, conv, both):
    """Whether rows of filters fill vectors well, and winners are few enough to make up for larger blocks."""
    _, kh, kw, rows, width = packed_for_winners(weight, both).shape
    sums = rows * width // lanes_of(weight.dtype)
    return (conv[4:6] == (1, 1) and is_narrow(e, weight, dx, conv) and sums <= SUMS
            and 2 * sums < kh * kw * weight.shape[2] * row_vectors(weight))


@kernel(items=lambda packed: packed.shape[0],
        arrange=lambda weight, packed, *numbers: [weight.physical(), packed, *usual(numbers)])
def conv2d_pack_winners(weight, packed, sh, sw, ph, pw, dh, dw, kh, kw, begin, end):
    """An item is a filter."""
    _, tall, wide, channels = weight.shape
    for o in range(begin, end):
        packed[o] = 0
        for place in range(kh * kw):
            i, j = divmod(place, kw)
            for row in range(tall):
                for column in range(wide):
                    for c in range(channels):
                        packed[o, i, j, i * sh + row, (j * sw + column) * channels + c] = weight[o, row, column, c]


def conv2d_relu_max_pool2d_backward_input(dy, y, which, weight, packed, dx, *numbers):
    """Lower to the kernel."""
    (sh, sw, ph, pw, _, _, kh, kw), (rows, columns) = usual(numbers), block_of(weight, numbers)
    taps, vectors = weight.shape[2:], packed.shape[4] // lanes_of(dx.dtype)
    dy, y, which, dx = dy.physical(), y.physical(), which.physical(), dx.physical()
    height, width = slab_size((y.shape[1] * kh, y.shape[2] * kw), taps, (sh, sw, 0, 0, 1, 1, 1))
    return [(winner_blocks, [dy, y, which, packed, dx, height, width * dx.shape[3], columns, sh, sw, ph, pw, kh, kw,
                             Constant(rows * vectors), Constant(vectors)])]


def room_of(y, packed, height, pitch):
    """Return how many numbers a slab and the gradients of an image take."""
    sizes = height * pitch + packed.shape[4], y.size // max(1, y.shape[0])
    return sum(size_of(size, lanes_of(y.dtype)) for size in sizes)


@kernel(items=lambda y: y.shape[0],
        workspace=lambda y, packed, height, pitch: ((room_of(y, packed, height, pitch),), y.dtype))
def winner_blocks(dy, y, which, packed, dx, height, pitch, columns, sh, sw, ph, pw, kh, kw, sums, vectors, space,
                  begin, end):
    """An item is an image. With NaN or infinities pixels give to what they saw one by one: zeros would spread them."""
    _, high, wide, outputs = y.shape
    places, filters, place, target = kh * kw, packed.reshape(packed.size), which.reshape(y.size), dx.reshape(dx.size)
    size, given = packed.size // outputs // places, space.size - size_of(high * wide * outputs, lanes(y))
    sound = all_finite(filters, 0, filters.size)
    for n in range(begin, end):
        first = n * high * wide * outputs
        clear(space, 0, given)
        pass_gradients(dy.reshape(y.size), y.reshape(y.size), first, high * wide * outputs, space, given)
        if sound and all_finite(space, given, high * wide * outputs):
            for q in range(high * wide):
                seen, tile = in_steps(given + q * outputs, 0, space.size, 1), blank(y, 1, sums)
                for o in range(outputs):
                    at = (o * places + place[first + q * outputs + o]) * size
                    tile = add_products(tile, space, seen, o, filters, at, 1)
                corner = q // wide * (kh * sh * pitch) + q % wide * (kw * sw * dx.shape[3])
                scatter(space, in_steps(corner, 0, space.size, 1), tile, 1, pitch, vectors, columns)
        else:
            add_pixels(space, given, place, first, packed, high, wide, outputs, pitch, dx.shape[3], sh, sw, kh, kw,
                       columns)
        copy_image(space, height, pitch, target, n, dx.shape[1:], ph, pw)


@compiled
def add_pixels(space, given, place, first, packed, high, wide, outputs, pitch, channels, sh, sw, kh, kw, columns):
    """Add to the slab what all pixels of windows give, winners or not, number by number."""
    for q in range(high * wide):
        for o in range(outputs):
            for p in range(kh * kw):
                i, j = divmod(p, kw)
                number = space[given + q * outputs + o] if place[first + q * outputs + o] == p else space.dtype.type(0)
                corner = (q // wide * kh + i) * sh * pitch + (q % wide * kw + j) * sw * channels
                for row in range(packed.shape[3] - (kh - 1) * sh):
                    for k in range(columns - (kw - 1) * sw * channels):
                        space[corner + row * pitch + k] += number * packed[o, i, j, i * sh + row, j * sw * channels + k]
