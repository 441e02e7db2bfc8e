"""Images in other sizes: each output from the formula, one after the other."""
import itertools
import math

import numpy as np

NEAREST, NEAREST_EXACT, LINEAR, CUBIC, ANTIALIASED_LINEAR, ANTIALIASED_CUBIC = range(6)


def keys(distance, a=-0.75):
    """Keys' cubic."""
    d = abs(distance)
    if d <= 1:
        return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1
    return a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a if d < 2 else 0.0


def neighbours(position, size, positions, mode, align_corners, scale):
    """Places of the input and their weights, of one output along an axis."""
    ratio = 1 / scale if scale else size / positions
    if mode in (NEAREST, NEAREST_EXACT):
        at = ratio * (position + 0.5 if mode == NEAREST_EXACT else position)
        return [(min(math.floor(np.float32(at)), size - 1), 1.0)]
    if mode >= ANTIALIASED_LINEAR:
        return filtered(position, size, mode, (size - 1) / max(positions - 1, 1) * (positions > 1) if align_corners
                        else ratio)
    if align_corners:
        at = position * (size - 1) / (positions - 1) if positions > 1 else 0.0
    else:
        at = ratio * (position + 0.5) - 0.5
    if mode == LINEAR and size == positions:
        return [(position, 1.0)]
    if mode == LINEAR:
        at = min(max(at, 0), size - 1)
        first = math.floor(at)
        return [(first, 1 - (at - first)), (min(first + 1, size - 1), at - first)]
    first = math.floor(at)
    return [(min(max(place, 0), size - 1), keys(at - place)) for place in range(first - 1, first + 3)]


def filtered(position, size, mode, ratio):
    """The same for a filter that is as wide as what an output covers."""
    wider, centre = max(ratio, 1), (position + 0.5) * ratio
    reach = wider * (1 if mode == ANTIALIASED_LINEAR else 2)
    found = []
    for place in range(max(int(centre - reach + 0.5), 0), min(int(centre + reach + 0.5), size)):
        distance = (place + 0.5 - centre) / wider
        found.append((place, keys(distance, -0.5) if mode == ANTIALIASED_CUBIC else max(0, 1 - abs(distance))))
    total = math.fsum(weight for _, weight in found)
    return [(place, weight / total) for place, weight in found]


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
