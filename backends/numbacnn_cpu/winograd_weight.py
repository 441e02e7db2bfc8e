"""The weight of a Winograd convolution, transformed: an array (E, E, block, depth, column) of what tiles read.

Forward, columns are output channels and the depth is that of x; for the gradient of x it is the other way round, and
the taps come in reverse order: so one kernel computes both. Columns are as in pack.py; what is in those beyond the last
channel is never used.
"""
from .compile import Constant, compiled, kernel
from .memory import in_vectors
from .simd import lanes, transpose
from .tile import in_steps
from .winograd_transforms import transform_weight

DEPTH = 16                # of an item


def pieces(packed):
    """Return how many items there are."""
    return packed.shape[2] * -(-packed.shape[3] // DEPTH)


def arrange(weight, packed):
    """Arrange: the weight as it lies; as constants, the size of a window, and whether to write past the caches."""
    return [weight.physical(), packed, Constant(packed.shape[0]), Constant(in_vectors(packed))]


@kernel(items=pieces, arrange=arrange, workspace=lambda packed: ((9 * DEPTH * packed.shape[4],), packed.dtype))
def conv2d_winograd_weight(weight, packed, edge, past, filters, begin, end):
    """An item is some of the depth of a block; its columns are gathered first, for they lie far apart."""
    outputs, _, _, channels = weight.shape
    blocks, width = packed.shape[2], packed.shape[4]
    taps, u = weight.reshape(weight.size), packed.reshape(packed.size)
    for item in range(begin, end):
        piece, block = divmod(item, blocks)
        first, count = piece * DEPTH, min(DEPTH, channels - piece * DEPTH)
        gather(taps, block * width * 9 * channels + first, channels, min(width, outputs - block * width), count,
               filters, width)
        for c in range(count):
            transform_row(filters, c * 9 * width, width, width, u, (block * channels + first + c) * width,
                          packed[0, 0].size, edge, past)


@kernel(items=pieces, arrange=arrange)
def conv2d_winograd_weight_turned(weight, packed, edge, past, begin, end):
    """An item is some of the depth of a block."""
    outputs, _, _, channels = weight.shape
    blocks, width = packed.shape[2], packed.shape[4]
    taps, u = weight.reshape(weight.size), packed.reshape(packed.size)
    for item in range(begin, end):
        piece, block = divmod(item, blocks)
        for o in range(piece * DEPTH, min(piece * DEPTH + DEPTH, outputs)):
            transform_row(taps, (o * 9 + 8) * channels + block * width, -channels, width, u,
                          (block * outputs + o) * width, packed[0, 0].size, edge, past)


@compiled
def gather(taps, at, channels, columns, count, filters, width):
    """Write the filters of some channels as (channel, tap, column)."""
    n = lanes(filters)
    whole = columns // n * n
    for o in range(0, whole, n):
        for tap in range(9):
            for c in range(0, count, n):
                transpose(taps, at + (o * 9 + tap) * channels + c, 9 * channels, filters,
                          (c * 9 + tap) * width + o, 9 * width)
    for o in range(whole, columns):
        for tap in range(9):
            for c in range(count):
                filters[(c * 9 + tap) * width + o] = taps[at + (o * 9 + tap) * channels + c]


@compiled
def transform_row(taps, at, tap, width, u, to, step, edge, past):
    """Transform the filters of `width` columns, for one number of the depth.

    `tap` is from one tap to the next, `step` from one of the E x E transformed numbers to the next.
    """
    outputs = in_steps(0, 1, edge, edge)
    for o in range(0, width, lanes(u)):
        transform_weight(taps, at + o, (0, 3 * tap, 6 * tap), tap, u, to + o, step, outputs, past)
