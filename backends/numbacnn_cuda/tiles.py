"""Products of matrices, tile by tile: y (I, J) is the sum over k of a (I, K) b (K, J).

A block of threads makes a tile of y, which it holds in registers. It walks along k in steps: a slice of a and one of b,
STEP deep, lie in shared memory, while each thread loads its numbers of the next two. A thread makes `high` rows next
to each other, and `wide` columns so far apart that neighbouring threads have neighbouring columns. i row, j column, k
inner axis.
"""
from typing import NamedTuple

import numpy as np

from .compile import cuda, device, real

STEP = 16                 # numbers along k in a slice
PAD = 4                   # between rows of a slice: threads that go along k write to different banks


class Tile(NamedTuple):
    """How large a tile of a block is, and that of a thread."""

    rows: int
    columns: int
    high: int
    wide: int

    @property
    def threads(self):
        """Number of threads of a block."""
        return self.rows // self.high * (self.columns // self.wide)

    @property
    def together(self):
        """Numbers along k that are one piece of code: a few dozen products."""
        return 2 if self.high * self.wide > 16 else 4


LARGE, MIDDLE, NARROW, SMALL = Tile(128, 128, 8, 8), Tile(64, 64, 4, 4), Tile(128, 32, 4, 4), Tile(32, 32, 4, 4)


@device
def lanes(along, size, threads):
    """Return the number that a thread loads first of a slice, (across, k), and how far it is to its next one.

    Neighbouring threads are neighbours along k, or across: as the numbers lie.
    """
    t = cuda.threadIdx.x
    if along:
        return t // STEP, t % STEP, threads // STEP, 0
    return t % size, t // size, 0, threads // size


@device
def fetch(source, at, hop, left, left_hop, deep, deep_hop, held, loads):
    """Load a thread's numbers of a slice; `left` and `deep` say how many there are from the first on, the rest is 0."""
    for n in range(loads):
        held[n] = source[np.uintp(at + n * hop)] if n * left_hop < left and n * deep_hop < deep else real(0)


@device
def put(piece, buffer, k, k_hop, across, across_hop, held, loads):
    """Write a thread's numbers to a slice in shared memory."""
    for n in range(loads):
        piece[np.uintp(buffer), np.uintp(k + n * k_hop), np.uintp(across + n * across_hop)] = held[n]


@device
def clear(sums, count):
    """Begin with zeros."""
    for n in range(count):
        sums[n] = real(0)


@device
def multiply(left, right, buffer, row, column, apart, sums, seen, high, wide, together):
    """Add the products of two slices to the sums of a thread; so many numbers along k are one piece of code."""
    for first in range(0, STEP, together):
        for k in range(first, first + together):
            for n in range(wide):
                seen[n] = right[np.uintp(buffer), np.uintp(k), np.uintp(column + n * apart)]
            for m in range(high):
                factor = left[np.uintp(buffer), np.uintp(k), np.uintp(row + m)]
                for n in range(wide):
                    sums[m * wide + n] += factor * seen[n]
