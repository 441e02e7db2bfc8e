"""Tables of runs, for backends: for each position along an axis of y, which places of x it sees, with which weights.

Means of windows, and images in other sizes, are weighted sums of runs along each axis. Places lie side by side, and
neither their beginnings nor their ends go back from one position to the next. So the gradient, in which a place of x
looks at positions of y, is a table of the same kind: `turned`.
"""
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from numbacnn.geometry.upsampling import (
    ANTIALIASED_CUBIC,
    ANTIALIASED_LINEAR,
    LINEAR,
    NEAREST,
    NEAREST_EXACT,
)

Table = np.ndarray[Any, Any]
KEYS, ANTIALIASED_KEYS = -0.75, -0.5                     # of the cubics


class Runs(NamedTuple):
    """Of each position the first place, how many, and the weights in float64: (positions, most places)."""

    first: Table
    length: Table
    weights: Table


def means(sizes: Sequence[int], positions: Sequence[int], numbers: Sequence[int]) -> list[Runs]:
    """Return the runs of `avg_pool` along each axis, of so many places of x and positions of y."""
    *window, count_include_pad, divisor = numbers
    axes = len(sizes)
    along = zip(sizes, positions, window[:axes], window[axes:2 * axes], window[2 * axes:], strict=True)
    found = [mean_windows(*axis, count_include_pad, divisor == 0) for axis in along]
    if divisor:
        found[-1] = found[-1]._replace(weights=found[-1].weights / divisor)
    return found


def shares(sizes: Sequence[int], positions: Sequence[int]) -> list[Runs]:
    """Return the runs of `adaptive_avg_pool` along each axis."""
    return [adaptive_means(*axis) for axis in zip(sizes, positions, strict=True)]


def neighbours(sizes: Sequence[int], positions: Sequence[int], mode: int, align_corners: int,
               scales: Sequence[float], dtype: Any) -> list[Runs]:
    """Return the runs of `interpolate` along each axis."""
    return [interpolated(size, count, mode, align_corners, scale, dtype)
            for size, count, scale in zip(sizes, positions, scales, strict=True)]


def max_windows(sizes: Sequence[int], positions: Sequence[int], window: Sequence[int]) -> list[tuple[Table, Table]]:
    """Return the first place and how many, along each axis, of the windows of `max_pool`."""
    axes = len(sizes)
    parts = [window[i:i + axes] for i in range(0, 4 * axes, axes)]
    return [windows(*axis) for axis in zip(sizes, positions, *parts, strict=True)]


def max_shares(sizes: Sequence[int], positions: Sequence[int]) -> list[tuple[Table, Table]]:
    """Return the first place and how many, along each axis, of the windows of `adaptive_max_pool`."""
    ends = [adaptive_windows(*axis) for axis in zip(sizes, positions, strict=True)]
    return [(first, last - first) for first, last in ends]


def joined(runs: Sequence[Runs], dtype: Any) -> tuple[Table, Table]:
    """Return (positions, 2), first place and how many, and weights, of the runs of several axes one after the other."""
    taps = max(each.weights.shape[1] for each in runs)
    weights = [np.pad(each.weights, ((0, 0), (0, taps - each.weights.shape[1]))) for each in runs]
    return joined_places([each[:2] for each in runs]), np.ascontiguousarray(np.concatenate(weights), dtype)


def joined_places(runs: Sequence[tuple[Table, Table]]) -> Table:
    """Return (positions, 2), first place and how many, of all axes one after the other."""
    return np.concatenate([np.stack(each, axis=1) for each in runs]).astype(np.intp)


def turned(runs: Runs, size: int) -> Runs:
    """Return the runs of the gradient: of each of so many places the positions that see it."""
    positions, taps = np.nonzero(np.arange(runs.weights.shape[1]) < runs.length[:, None])
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


def even(first: Table, last: Table, share: Table) -> Runs:
    """Return runs whose weights are shares of 1, one for each position."""
    count = last - first
    inside = np.arange(max(int(count.max(initial=0)), 1)) < count[:, None]
    return Runs(first, count, np.where(inside, share[:, None], 0.0))


def windows(size: int, positions: int, kernel: int, stride: int, padding: int, dilation: int = 1
            ) -> tuple[Table, Table]:
    """Return, for each position, the first place inside x, and how many: of windows that may leave it."""
    start = np.arange(positions) * stride - padding
    skipped = np.maximum(0, -(start // dilation))
    past = np.clip(-((start - size) // dilation), 0, kernel)
    return start + skipped * dilation, np.maximum(past - skipped, 0)


def mean_windows(size: int, positions: int, kernel: int, stride: int, padding: int, count_include_pad: int,
                 divide: bool) -> Runs:
    """Return the runs of means; of sums if they are not to be divided."""
    first, count = windows(size, positions, kernel, stride, padding)
    start = np.arange(positions) * stride - padding
    counted = np.minimum(start + kernel, size + padding) - start if count_include_pad else count
    return even(first, first + count, 1 / counted if divide else np.ones(positions))


def adaptive_windows(size: int, positions: int) -> tuple[Table, Table]:
    """Return the first place and the one after the last, of windows that share out an axis evenly."""
    position = np.arange(positions)
    return position * size // positions, -(-(position + 1) * size // positions)


def adaptive_means(size: int, positions: int) -> Runs:
    """Return the runs of their means."""
    first, last = adaptive_windows(size, positions)
    return even(first, last, 1 / (last - first))


def interpolated(size: int, positions: int, mode: int, align_corners: int, scale: float, dtype: Any) -> Runs:
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


def nearest(size: int, positions: int, mode: int, scale: float, number: Any) -> Table:
    """Return where the nearest neighbours are, rounded as `number` and float32 do."""
    ratio = number(1 / scale) if scale else number(size) / number(positions)
    at = np.arange(positions).astype(number)
    if mode == NEAREST_EXACT:
        at = at + number(0.5)
    found: Table = np.minimum(np.floor((at * ratio).astype(np.float32)).astype(np.intp), size - 1)
    return found


def cubic(part: Table) -> Table:
    """Return the weights of the four neighbours of a point, such a part of the way from the second to the third."""
    return keys(np.stack([part + 1, part, 1 - part, 2 - part], axis=1), KEYS)


def keys(distance: Table, a: float) -> Table:
    """Return Keys' cubic of distances."""
    near = ((a + 2) * distance - (a + 3)) * distance * distance + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))


def antialiased(size: int, positions: int, mode: int, ratio: float) -> Runs:
    """Return runs of all that a wider filter reaches."""
    wider, centre = max(ratio, 1.0), (np.arange(positions) + 0.5) * ratio
    reach = wider if mode == ANTIALIASED_LINEAR else 2 * wider
    first = np.maximum((centre - reach + 0.5).astype(np.intp), 0)
    count = np.maximum(np.minimum((centre + reach + 0.5).astype(np.intp), size) - first, 0)
    taps = np.arange(max(int(count.max(initial=0)), 1))
    distance = np.abs(first[:, None] + taps - centre[:, None] + 0.5) / wider
    weights = keys(distance, ANTIALIASED_KEYS) if mode == ANTIALIASED_CUBIC else np.maximum(1 - distance, 0)
    weights = np.where(taps < count[:, None], weights, 0.0)
    return Runs(first, count, weights / weights.sum(axis=1, keepdims=True))


def gathered(size: int, first: Table, weights: Table) -> Runs:
    """Return runs of neighbours that may lie outside: those stand for the first or the last place."""
    positions, taps = weights.shape
    places = np.clip(first[:, None] + np.arange(taps), 0, size - 1)
    begin, end = places[:, 0], places[:, -1] + 1
    found = np.zeros_like(weights)
    np.add.at(found, (np.arange(positions)[:, None], places - begin[:, None]), weights)
    return Runs(begin, end - begin, found)
