"""Images in other sizes: each output from the formula, one after the other."""
import itertools
import math

import numpy as np

NEAREST, NEAREST_EXACT, LINEAR, CUBIC = range(4)


def keys(distance):
    """Keys' cubic, a = -3/4."""
    a, d = -0.75, abs(distance)
    if d <= 1:
        return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1
    return a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a if d < 2 else 0.0


def neighbours(position, size, positions, mode, align_corners, scale):
    """Places of the input and their weights, of one output along an axis."""
    ratio = 1 / scale if scale else size / positions
    if mode in (NEAREST, NEAREST_EXACT):
        at = ratio * (position + 0.5 if mode == NEAREST_EXACT else position)
        return [(min(math.floor(np.float32(at)), size - 1), 1.0)]
    if align_corners:
        at = position * (size - 1) / (positions - 1) if positions > 1 else 0.0
    else:
        at = ratio * (position + 0.5) - 0.5
    if mode == LINEAR:
        at = min(max(at, 0), size - 1)
        first = math.floor(at)
        return [(first, 1 - (at - first)), (min(first + 1, size - 1), at - first)]
    first = math.floor(at)
    return [(min(max(place, 0), size - 1), keys(at - place)) for place in range(first - 1, first + 3)]


def weights(x, y, mode, align_corners, scales):
    """Yield (position, place, weight): a position of y holds a place of x times a weight."""
    for position in np.ndindex(*y.shape[2:]):
        along = [neighbours(at, size, positions, mode, align_corners, scale)
                 for at, size, positions, scale in zip(position, x.shape[2:], y.shape[2:], scales, strict=True)]
        for each in itertools.product(*along):
            yield position, tuple(place for place, _ in each), math.prod(weight for _, weight in each)


def interpolate(x, y, mode, align_corners, *scales):
    y[:] = 0
    for position, place, weight in weights(x, y, mode, align_corners, scales):
        y[(..., *position)] += weight * x[(..., *place)]


def interpolate_backward(dy, dx, mode, align_corners, *scales):
    dx[:] = 0
    for position, place, weight in weights(dx, dy, mode, align_corners, scales):
        dx[(..., *place)] += weight * dy[(..., *position)]
