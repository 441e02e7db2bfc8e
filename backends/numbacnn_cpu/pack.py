"""Weights as tiles read them: blocks of as many columns as a tile has, (block, KH, KW, depth, column).

Forward, columns are output channels and the depth is that of x; for the gradient of x it is the other way round, and
the taps come in reverse order: so one kernel computes both. A group has blocks of its own; missing columns are zeros.
"""
from numbacnn.kernels import Spec

from .compile import Constant, kernel
from .isa import REGISTER, REGISTERS

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


def unroll_for(length, choices=(8, 7, 5, 3)):
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


@kernel(items=lambda packed: packed.shape[0],
        arrange=lambda weight, packed, *numbers: [weight.physical(), packed, numbers[-1]])
def conv2d_pack(weight, packed, groups, begin, end):
    """An item is a block."""
    outputs, tall, wide, depth = weight.shape
    blocks, _, _, _, width = packed.shape
    group, blocks = outputs // groups, blocks // groups
    for item in range(begin, end):
        g, block = divmod(item, blocks)
        first, count = g * group + block * width, min(width, group - block * width)
        for kh in range(tall):
            for kw in range(wide):
                for c in range(depth):
                    for o in range(count):
                        packed[item, kh, kw, c, o] = weight[first + o, kh, kw, c]
                    for o in range(count, width):
                        packed[item, kh, kw, c, o] = 0


@kernel(items=lambda packed: packed.shape[0],
        arrange=lambda weight, packed, *numbers: [weight.physical(), packed, numbers[-1]])
def conv2d_pack_turned(weight, packed, groups, begin, end):
    """An item is a block."""
    channels, (blocks, tall, wide, depth, width) = weight.shape[3], packed.shape
    blocks //= groups
    for item in range(begin, end):
        g, block = divmod(item, blocks)
        first, count = block * width, min(width, channels - block * width)
        for kh in range(tall):
            for kw in range(wide):
                for o in range(depth):
                    for c in range(count):
                        packed[item, kh, kw, o, c] = weight[g * depth + o, tall - 1 - kh, wide - 1 - kw, first + c]
                    for c in range(count, width):
                        packed[item, kh, kw, o, c] = 0
