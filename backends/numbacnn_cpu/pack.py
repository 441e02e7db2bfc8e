"""Weights as tiles read them: blocks of as many columns as a tile has, (block, KH, KW, depth, column).

Forward, columns are output channels and the depth is that of x; for the gradient of x it is the other way round, and
the taps come in reverse order: so one kernel computes both. A group has blocks of its own; missing columns are zeros.
"""
from numbacnn.kernels import Spec

from .compile import Constant, kernel
from .isa import REGISTER, REGISTERS
from .simd import lanes, transpose
from .slab import clear, copy

PIECE = 64                # of the depth of a block: an item
ROWS = {1: 12, 2: 12, 3: 8, 4: 6} if REGISTERS >= 32 else {1: 10, 2: 6, 3: 4}      # of a tile, by its vectors


def lanes_of(dtype):
    """Return how many numbers of a dtype, by name or not, a register holds."""
    return REGISTER // (4 if "32" in str(dtype) else 8)


def vectors_for(columns, dtype):
    """Return how many vectors wide a tile is for so many columns: the widest of those that waste the fewest."""
    needed = -(-columns // lanes_of(dtype))
    return min(ROWS, key=lambda vectors: (-(-needed // vectors) * vectors, -vectors))


def tile_for(columns, dtype):
    """Return rows and vectors of a tile for so many columns, as constants of a kernel."""
    vectors = vectors_for(columns, dtype)
    return Constant(ROWS[vectors]), Constant(vectors)


def unroll_for(length, choices=(8, 9, 7, 5, 3)):
    """Return how many steps of a sum are written out, as a constant of a kernel: the first that divides its length."""
    return Constant(next((steps for steps in choices if length % steps == 0), min(8, max(length, 1))))


def blocked(columns, groups, dtype):
    """Return how many blocks there are, and how wide they are."""
    width = vectors_for(columns // groups, dtype) * lanes_of(dtype)
    return groups * -(-columns // groups // width), width


def packed(weight, conv):
    """Return what is known of the output of `conv2d_pack`."""
    (outputs, channels, tall, wide), groups = weight.shape, conv[-1]
    count, width = blocked(outputs, groups, weight.dtype)
    return Spec((count, tall, wide, channels, width), weight.dtype)


def packed_turned(weight, conv):
    """Return what is known of the output of `conv2d_pack_turned`."""
    (outputs, channels, tall, wide), groups = weight.shape, conv[-1]
    count, width = blocked(channels * groups, groups, weight.dtype)
    return Spec((count, tall, wide, outputs // groups, width), weight.dtype)


def pieces(packed):
    """Return how many items there are: blocks, cut into pieces of their depth."""
    return packed.shape[0] * -(-packed.shape[3] // PIECE)


def arranged(weight, packed, *conv):
    """Arrange: arrays as they lie, and the number of groups."""
    return [weight.physical(), packed, conv[-1]]


@kernel(items=pieces, arrange=arranged)
def conv2d_pack(weight, packed, groups, begin, end):
    """An item is a piece of a block."""
    outputs, tall, wide, depth = weight.shape
    blocks, width = packed.shape[0], packed.shape[4]
    numbers, target, n = weight.reshape(weight.size), packed.reshape(packed.size), lanes(weight)
    group, each, row = outputs // groups, blocks // groups, tall * wide * depth
    for item in range(begin, end):
        piece, block = divmod(item, blocks)
        g, place = divmod(block, each)
        first, count = g * group + place * width, min(width, group - place * width)
        begin_c, end_c = piece * PIECE, min(piece * PIECE + PIECE, depth)
        whole, whole_c = count // n * n, begin_c + (end_c - begin_c) // n * n
        for tap in range(tall * wide):
            source, to = first * row + tap * depth, (block * tall * wide + tap) * depth * width
            for o in range(0, whole, n):
                for c in range(begin_c, whole_c, n):
                    transpose(numbers, source + o * row + c, row, target, to + c * width + o, width)
            for c in range(begin_c, end_c):
                for o in range(whole if c < whole_c else 0, count):
                    target[to + c * width + o] = numbers[source + o * row + c]
                clear(target, to + c * width + count, width - count)


@kernel(items=pieces, arrange=arranged)
def conv2d_pack_turned(weight, packed, groups, begin, end):
    """An item is a piece of a block."""
    channels, (blocks, tall, wide, depth, width) = weight.shape[3], packed.shape
    numbers, target = weight.reshape(weight.size), packed.reshape(packed.size)
    each, taps = blocks // groups, tall * wide
    for item in range(begin, end):
        piece, block = divmod(item, blocks)
        g, place = divmod(block, each)
        first, count = place * width, min(width, channels - place * width)
        for tap in range(taps):
            for o in range(piece * PIECE, min(piece * PIECE + PIECE, depth)):
                to = ((block * taps + tap) * depth + o) * width
                copy(numbers, ((g * depth + o) * taps + taps - 1 - tap) * channels + first, target, to, count)
                clear(target, to + count, width - count)
