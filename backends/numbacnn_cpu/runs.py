"""Tables of runs: for each position along an axis of y, which places of x it sees, and with which weights.

Places lie side by side, and neither their beginnings nor their ends go back from one position to the next. So the
gradient, in which a place of x looks at positions of y, is a table of the same kind: `turned`.
"""
from typing import NamedTuple

import numpy as np

NEAREST, NEAREST_EXACT, LINEAR, CUBIC = range(4)         # as in numbacnn.geometry.interpolate
KEYS = -0.75                                             # of the cubic


class Runs(NamedTuple):
    """Of each position the first place, how many, and weights in float64: (positions, most places)."""

    first: np.ndarray
    count: np.ndarray
    weights: np.ndarray


def joined(runs, dtype):
    """Return (positions, 2), first place and how many, and weights, of the runs of several axes one after the other."""
    taps = max(each.weights.shape[1] for each in runs)
    weights = [np.pad(each.weights, ((0, 0), (0, taps - each.weights.shape[1]))) for each in runs]
    return joined_places(runs), np.ascontiguousarray(np.concatenate(weights), dtype)


def joined_places(runs):
    """Return (positions, 2), first place and how many."""
    return np.concatenate([np.stack([each.first, each.count], axis=1) for each in runs]).astype(np.intp)


def turned(runs, size):
    """Return the runs of the gradient: of each of so many places the positions that see it."""
    positions, taps = np.nonzero(np.arange(runs.weights.shape[1]) < runs.count[:, None])
    places = runs.first[positions] + taps
    order = np.argsort(places, kind="stable")
    places, positions, given = places[order], positions[order], runs.weights[positions, taps][order]
    count = np.bincount(places, minlength=size)
    before = np.cumsum(count) - count
    weights = np.zeros((size, max(int(count.max(initial=0)), 1)))
    weights[places, np.arange(places.size) - before[places]] = given
    first = np.zeros(size, np.intp)
    first[count > 0] = positions[before[count > 0]]
    return Runs(first, count, weights)


def even(first, last, share):
    """Return runs whose weights are shares of 1, one for each position."""
    count = last - first
    inside = np.arange(max(int(count.max(initial=0)), 1)) < count[:, None]
    return Runs(first, count, np.where(inside, share[:, None], 0.0))


def windows(size, positions, kernel, stride, padding, dilation=1):
    """Return, for each position, the first place inside x, and how many: of windows that may leave it."""
    start = np.arange(positions) * stride - padding
    skipped = np.maximum(0, -(start // dilation))
    past = np.clip(-((start - size) // dilation), 0, kernel)
    return start + skipped * dilation, np.maximum(past - skipped, 0)


def mean_windows(size, positions, kernel, stride, padding, count_include_pad, divide):
    """Return the runs of means; of sums if they are not to be divided."""
    first, count = windows(size, positions, kernel, stride, padding)
    start = np.arange(positions) * stride - padding
    counted = np.minimum(start + kernel, size + padding) - start if count_include_pad else count
    return even(first, first + count, 1 / counted if divide else np.ones(positions))


def adaptive_windows(size, positions):
    """Return the first place and the one after the last, of windows that share out an axis evenly."""
    position = np.arange(positions)
    return position * size // positions, -(-(position + 1) * size // positions)


def adaptive_means(size, positions):
    """Return the runs of their means."""
    first, last = adaptive_windows(size, positions)
    return even(first, last, 1 / (last - first))


def interpolated(size, positions, mode, align_corners, scale, dtype):
    """Return the runs of an axis in another size."""
    if mode in (NEAREST, NEAREST_EXACT):
        first = nearest(size, positions, mode, scale, np.dtype(dtype).type)
        return even(first, first + 1, np.ones(positions))
    if align_corners:
        at = np.arange(positions) * ((size - 1) / (positions - 1) if positions > 1 else 0.0)
    else:
        at = (np.arange(positions) + 0.5) * (1 / scale if scale else size / positions) - 0.5
    if mode == LINEAR:
        at = np.maximum(at, 0)
        first = np.minimum(at.astype(np.intp), size - 1)
        part = np.clip(at - first, 0, 1)
        return gathered(size, first, np.stack([1 - part, part], axis=1))
    first = np.floor(at).astype(np.intp)
    return gathered(size, first - 1, cubic(at - first))


def nearest(size, positions, mode, scale, number):
    """Return where the nearest neighbours are, rounded as `number` and float32 do."""
    ratio = number(1 / scale) if scale else number(size) / number(positions)
    at = np.arange(positions).astype(number)
    if mode == NEAREST_EXACT:
        at = at + number(0.5)
    return np.minimum(np.floor((at * ratio).astype(np.float32)).astype(np.intp), size - 1)


def cubic(part):
    """Return the weights of the four neighbours of a point, such a part of the way from the second to the third."""
    def near(x):
        return ((KEYS + 2) * x - (KEYS + 3)) * x * x + 1

    def far(x):
        return ((KEYS * x - 5 * KEYS) * x + 8 * KEYS) * x - 4 * KEYS

    return np.stack([far(part + 1), near(part), near(1 - part), far(2 - part)], axis=1)


def gathered(size, first, weights):
    """Return runs of neighbours that may lie outside: those stand for the first or the last place."""
    positions, taps = weights.shape
    places = np.clip(first[:, None] + np.arange(taps), 0, size - 1)
    begin, end = places[:, 0], places[:, -1] + 1
    found = np.zeros_like(weights)
    np.add.at(found, (np.arange(positions)[:, None], places - begin[:, None]), weights)
    return Runs(begin, end - begin, found)
