"""How filters slide over images: what places of one array read, through the taps of a filter, from another one.

Forward, place p along an axis of y reads p * stride - padding + tap * dilation of x. Backward, a place of dx reads all
places of dy that have seen it. If the stride is s, places r, r + s, r + 2s ... see the same taps: they are a phase. In
each phase, both directions are the same computation: place p (of the phase) is number p * spread + r of the target, and
its t-th tap, which is tap first + t * tap_step of the filter, reads number p * scale + start + t * reach of the source.
"""
import math
from typing import NamedTuple

import numpy as np

PLACES, OFFSET, FIRST, TAPS, START = range(5)            # columns of a table


class Axis(NamedTuple):
    """One axis of a sweep."""

    table: np.ndarray                                    # a row for each phase: its places, r, first, taps, start
    steps: tuple[int, int, int, int]                     # scale, spread, reach, tap_step

    @property
    def phases(self):
        """Number of phases."""
        return len(self.table)

    @property
    def places(self):
        """Number of places of the longest phase: that of the first."""
        return int(self.table[0, PLACES])

    @property
    def taps(self):
        """Number of taps of the first phase."""
        return int(self.table[0, TAPS])

    @property
    def is_dense(self):
        """Whether each place reads the numbers next to each other that begin one further than those of the last."""
        return self.phases == 1 and self.steps[:3] == (1, 1, 1)

    def forwards(self):
        """Return the same axis with the taps of its only phase in the order of what they read, if they are not."""
        if self.phases > 1 or self.steps[2] >= 0:
            return self
        scale, spread, reach, tap_step = self.steps
        (places, offset, first, taps, start), = self.table.tolist()
        last = max(taps - 1, 0)
        table = np.array([[places, offset, first + last * tap_step, taps, start + last * reach]])
        return Axis(table, (scale, spread, -reach, -tap_step))


def forward(places, taps, stride, padding, dilation):
    """Return the axis along which `places` of y read x."""
    return Axis(np.array([[places, 0, 0, taps, -padding]]), (stride, 1, dilation, 1))


def backward(places, taps, stride, padding, dilation):
    """Return the axis along which `places` of dx read dy."""
    common = math.gcd(stride, dilation)
    step = stride // common                              # from a tap to the next one that falls on a place of dy
    table = []
    for r in range(max(1, min(stride, places))):
        first = next((tap for tap in range(min(step, taps)) if (r + padding - tap * dilation) % stride == 0), taps)
        start = (r + padding - first * dilation) // stride
        table.append([-(-(places - r) // stride), r, first, -(-(taps - first) // step), start])
    return Axis(np.array(table), (1, stride, -(dilation // common), step))
