"""Arrays as rows of channels, cut into parts: a block of threads takes some rows of some channels.

Channels last, an array is (images, pixels, channels). In any other, the numbers of one channel of an image lie side by
side, a run: there it is (images * channels, pixels, 1), images of one channel each. Threads of a block stand side by
side along the channels, in `together` rows, so neighbours read neighbouring numbers, and a thread stays in its channel.

A cut, made from shapes alone, is a tuple of ints, which `own_numbers` takes apart. Sums over parts lie in a temporary
(parts, sums, channels); more kernels add them up, in an order that is always the same.
"""
import math

import numpy as np

from .block import WARP
from .compile import cuda, device, kernel, real
from .dtypes import computed
from .memory import temporary

THREADS, COLUMNS = 256, 64            # of a block, at most: threads, and channels side by side
ROWS, LEAST = 8, 4                    # numbers of a thread: at a time, and at least if there are many
SUMS, WRITES = 512, 4096              # blocks that fill a large GPU: once, as each leaves a part; some times
BELOW = 32                            # threads that share a channel to join parts, at most


def cut_of(x, merged=False, blocks=SUMS):
    """Return the cut of an array (N, C, ...), or of all images as one (`merged`), to so many blocks or less."""
    images, channels, pixels = x.shape[0], x.shape[1], math.prod(x.shape[2:])
    if not x.size:
        return cut(0, 0, channels, 1, blocks)
    if x.ndim not in (2, 4) and pixels != 1:
        return cut(images * channels, pixels, 1, channels, blocks)
    return cut(1, images * pixels, channels, 1, blocks) if merged else cut(images, pixels, channels, 1, blocks)


def cut(images, pixels, channels, period=1, blocks=SUMS):
    """Return the cut of (images, pixels, channels); the channels of `period` images are those of one."""
    tiles = max(1, -(-channels // COLUMNS))
    columns = max(1, -(-channels // tiles))
    together = max(1, min(THREADS // columns, max(-(-pixels // LEAST), WARP // columns), pixels))
    pieces = max(1, min(-(-pixels // (together * LEAST)), blocks // max(images * tiles, 1)))
    size = max(1, -(-pixels // (pieces * together))) * together
    return images, pixels, channels, period, tiles, columns, together, size, max(1, -(-pixels // size))


def blocks_of(cut):
    """Return how many blocks work at a cut."""
    images, _, channels, _, tiles, *_, pieces = cut
    return images * tiles * pieces if channels else 0


def threads_of(cut):
    """Return how many threads a block has: a power of two, so that few variants of a kernel are compiled."""
    *_, columns, together, _, _ = cut
    return max(WARP, 1 << (columns * together - 1).bit_length())


def parts_of(cut, sums, dtype, offset=0):
    """Return memory for so many sums of each part, for each channel."""
    images, _, channels, period, *_, pieces = cut
    return temporary((images // max(period, 1) * pieces, sums, channels * period), computed(dtype), offset)


def above(parts):
    """Return where the next temporary may begin."""
    return -(-(parts.offset + parts.nbytes) // 256) * 256


@device
def own_numbers(cut):
    """Return what a thread works at: image, part, channel; its numbers: from, to, how far apart; the part's middle one.

    A thread that has none gets an end of 0.
    """
    _, pixels, channels, period, tiles, columns, together, size, pieces = cut
    block, thread = cuda.blockIdx.x, cuda.threadIdx.x
    band = block // tiles
    image = band // pieces
    piece = band - image * pieces
    row = thread // columns
    column = (block - band * tiles) * columns + thread - row * columns
    first, last = piece * size, min(piece * size + size, pixels)
    above = image * pixels
    begin = (above + first + row) * channels + column
    end = (above + last) * channels if row < together and column < channels else 0
    middle = (above + (first + last) // 2) * channels + min(column, channels - 1)
    whole = image // period
    return (whole, whole * pieces + piece, (image - whole * period) * channels + column, begin, end,
            together * channels, middle)


@device
def load(x, start, end, step, values):
    """Read ROWS numbers of x at once, or those there are; others are not meant to be used.

    Indices without a sign need not be compared with 0.
    """
    for k in range(ROWS):
        i = start + k * step
        values[k] = x[np.uintp(i if i < end else start)]


@device
def is_first(cut):
    """Return whether a thread is of the first row, and has a channel."""
    channels, tiles, columns = cut[2], cut[4], cut[5]
    return cuda.threadIdx.x < min(columns, channels - cuda.blockIdx.x % tiles * columns)


@device
def column_sum(value, columns, together):
    """Return the sum over threads below each other, to all of them; all threads of the block must call."""
    sums = cuda.shared.array(THREADS, real)
    thread = cuda.threadIdx.x
    cuda.syncthreads()                                   # what an earlier call left has been read
    sums[thread] = value
    cuda.syncthreads()
    while together > 1:
        half = (together + 1) // 2
        if thread < (together - half) * columns:
            sums[thread] += sums[thread + half * columns]
        cuda.syncthreads()
        together = half
    return sums[thread % columns]


@device
def precisely(total, rest, value):
    """Return total + value, and rest with what was lost there (D. Knuth, The art of computer programming 2, 4.2.2)."""
    found = total + value
    back = found - total
    return found, rest + ((total - (found - back)) + (value - back))


@device
def completed(total, rest):
    """Return total + rest; rest is NaN where the total is infinite."""
    return total + rest if rest == rest else total


@device
def numbers_of(part, cut):
    """Return how many numbers a part has in each channel."""
    size, pieces = cut[7], cut[8]
    return min(size, cut[1] - part % pieces * size)


# --- what joins parts: blocks of THREADS, `below` of which share a channel --------------------------------------------

def below_of(parts):
    """Return how many threads share a channel, to go over so many parts: a power of two."""
    return min(BELOW, 1 << max(parts - 1, 0).bit_length())


def joining(parts, below):
    """Return how many blocks join parts."""
    return -(-parts.shape[2] * below // THREADS)


@device
def joiner(below):
    """Return the channel of a thread, and the first of its parts; others are `below` apart."""
    beside = THREADS // below
    return cuda.blockIdx.x * beside + cuda.threadIdx.x % beside, cuda.threadIdx.x // beside


@device
def part_sum(parts, which, c, first, below):
    """Return one of the sums of parts, for a channel, over every so many-th part."""
    total = real(0)
    if c < parts.shape[2]:
        for part in range(first, parts.shape[0], below):
            total += parts[part, which, c]
    return total


@kernel(blocks=joining, block=THREADS, wide=True)
def add_parts(parts, y, below):
    c, first = joiner(below)
    total = column_sum(part_sum(parts, 0, c, first, below), THREADS // below, below)
    if first == 0 and c < y.size:
        y[c] = total


@kernel(blocks=joining, block=THREADS, wide=True)
def add_pairs(parts, y, z, below):
    c, first = joiner(below)
    one = column_sum(part_sum(parts, 0, c, first, below), THREADS // below, below)
    other = column_sum(part_sum(parts, 1, c, first, below), THREADS // below, below)
    if first == 0 and c < y.size:
        y[c], z[c] = one, other
