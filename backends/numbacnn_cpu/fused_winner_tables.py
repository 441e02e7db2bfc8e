"""Tables for gradients from the winners of windows (fused_winners.py): how what a pixel sees lies, and is summed.

It lies in runs of numbers, one for each row of taps. Where x has few channels these are short. Then x is copied so that
columns lie side by side, each with all rows that a row of windows sees: one run has everything a pixel sees, with
numbers between that are not used.
"""
from typing import NamedTuple

import numpy as np

from .isa import REGISTERS

SUMS = REGISTERS - 2               # vectors of a tile


class Layout(NamedTuple):
    """How what a pixel sees lies: so many runs, of so many numbers; rows of a column, or 0 where rows lie as in x."""

    runs: int
    length: int
    tall: int


def layout(taps, channels, numbers, outputs, lanes):
    """Return the layout that takes the fewest instructions, and about how many those are for a window.

    taps is the size (KH, KW) of the filter; numbers are those of `make_windows`.
    """
    (tall, wide), (sh, _, _, _, dh, dw, kh, _) = taps, numbers
    ways = [Layout(tall, wide * channels, 0) if dw == 1 else Layout(tall * wide, channels, 0)]
    if dh == dw == 1:
        high = (kh - 1) * sh + tall
        ways.append(Layout(1, ((wide - 1) * high + tall) * channels, high))
    costs = [cost(way, outputs, lanes) for way in ways]
    return ways[int(np.argmin(costs))], min(costs)


def begins(way, taps, numbers, channels, pitch):
    """Return where the runs of what a pixel sees begin; a row of x, or of the slab, has `pitch` numbers."""
    (tall, wide), (_, _, _, _, dh, dw, _, _) = taps, numbers
    if way.tall:
        return [0]
    return [kh * dh * pitch + kw * dw * channels for kh in range(tall) for kw in range(1 if dw == 1 else wide)]


def tile(way, outputs, lanes):
    """Return how sums are cut into tiles: runs of a tile, vectors of a run, rows of a tile.

    Where all runs are too many vectors, a run counts as several.
    """
    runs, vectors = way.runs, -(-way.length // lanes)
    if runs * vectors > SUMS:
        runs, vectors = runs * vectors, 1
    group = -(-runs // -(-runs * vectors // SUMS))
    return group, vectors, max(n for n in range(1, SUMS // (group * vectors) + 1) if outputs % n == 0)


def cost(way, outputs, lanes):
    """Return about how many instructions a window takes: vectors are mostly in two cache lines, and count twice."""
    group, vectors, rows = tile(way, outputs, lanes)
    tiles = -(-way.runs * -(-way.length // lanes) // (group * vectors))
    return outputs * tiles * max(2 * group * vectors + 3, SUMS // rows)


def in_columns(tables, windows, numbers, channels, tall):
    """Return where the inputs of windows begin, and how much further on those of each pixel, in columns of a slab.

    windows is how many a row has, tables are those of `make_windows`.
    """
    (sh, sw, _, _, _, _, kh, kw), wide = numbers, int(tables.window[4])
    row, column = np.divmod(np.arange(tables.starts.size), max(1, windows))
    i, j = np.divmod(np.arange(kh * kw), kw)
    return (row * wide + column * (kw * sw)) * (tall * channels), (i * sh + j * sw * tall) * channels


def positions(way, dweight, lanes):
    """Return where in a row of sums those of dweight (O, KH, KW, C) are: (KH, KW, C), flat."""
    kh, kw, c = np.unravel_index(np.arange(np.prod(dweight[1:])), dweight[1:])
    if way.tall:
        return (kw * way.tall + kh) * dweight[3] + c
    run, at = np.divmod(np.arange(kh.size), way.length)
    return run * (-(-way.length // lanes) * lanes) + at
