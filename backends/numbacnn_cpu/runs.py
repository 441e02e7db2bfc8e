"""Tables of runs: for each position along an axis of y, which places of x it sees, and with which weights.

Places lie side by side, and neither their beginnings nor their ends go back from one position to the next. So the
gradient, in which a place of x looks at positions of y, is a table of the same kind: `turned`.
"""
from typing import NamedTuple

import numpy as np

from numbacnn.geometry.upsampling import (
    ANTIALIASED_CUBIC,
    ANTIALIASED_LINEAR,
    LINEAR,
    NEAREST,
    NEAREST_EXACT,
)

KEYS, ANTIALIASED_KEYS = -0.75, -0.5                     # of the cubics


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
    if mode == LINEAR and size == positions:            # a copy, whatever the scale
        return even(np.arange(size), np.arange(size) + 1, np.ones(size))
    ratio = 1 / scale if scale else size / positions
    if align_corners:
        ratio = (size - 1) / (positions - 1) if positions > 1 else 0.0
    if mode in (ANTIALIASED_LINEAR, ANTIALIASED_CUBIC):
        return antialiased(size, positions, mode, ratio)
    at = np.arange(positions) * ratio if align_corners else (np.arange(positions) + 0.5) * ratio - 0.5
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
    return keys(np.stack([part + 1, part, 1 - part, 2 - part], axis=1), KEYS)


def keys(distance, a):
    """Return Keys' cubic of distances."""
    near = ((a + 2) * distance - (a + 3)) * distance * distance + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))


def antialiased(size, positions, mode, ratio):
    """Return runs of all that a wider filter reaches."""
    wider, centre = max(ratio, 1), (np.arange(positions) + 0.5) * ratio
    reach = wider if mode == ANTIALIASED_LINEAR else 2 * wider
    first = np.maximum((centre - reach + 0.5).astype(np.intp), 0)
    count = np.maximum(np.minimum((centre + reach + 0.5).astype(np.intp), size) - first, 0)
    taps = np.arange(max(int(count.max(initial=0)), 1))
    distance = np.abs(first[:, None] + taps - centre[:, None] + 0.5) / wider
    weights = keys(distance, ANTIALIASED_KEYS) if mode == ANTIALIASED_CUBIC else np.maximum(1 - distance, 0)
    weights = np.where(taps < count[:, None], weights, 0.0)
    return Runs(first, count, weights / weights.sum(axis=1, keepdims=True))


def gathered(size, first, weights):
    """Return runs of neighbours that may lie outside: those stand for the first or the last place."""
    positions, taps = weights.shape
    places = np.clip(first[:, None] + np.arange(taps), 0, size - 1)
    begin, end = places[:, 0], places[:, -1] + 1
    found = np.zeros_like(weights)
    np.add.at(found, (np.arange(positions)[:, None], places - begin[:, None]), weights)
    return Runs(begin, end - begin, found)
