"""Pooling."""
import itertools
import math

import numpy as np

# How windows lie is told by a function `seen(axis, position)`: which places along an axis a position of y sees.


def in_windows(x, kernel, stride, padding, dilation=None):
    """Windows of a size, a step, a border and a distance between places, for each axis."""
    def seen(axis, position):
        start, step = position * stride[axis] - padding[axis], dilation[axis] if dilation else 1
        return [place for place in range(start, start + kernel[axis] * step, step) if 0 <= place < x.shape[2 + axis]]
    return seen


def evenly(x, y):
    """Windows that share out the image evenly."""
    def seen(axis, position):
        size, positions = x.shape[2 + axis], y.shape[2 + axis]
        return range(position * size // positions, math.ceil((position + 1) * size / positions))
    return seen


def places(seen, position):
    """All places that a position sees, in row-major order."""
    return list(itertools.product(*(seen(axis, along) for axis, along in enumerate(position))))


def parts(numbers, axes):
    """Numbers in groups, one of each group for each axis."""
    return [numbers[i:i + axes] for i in range(0, len(numbers), axes)]


def maxima(x, y, argmax, seen):
    for n, c, *position in np.ndindex(*y.shape):
        found = places(seen, position)
        values = [x[(n, c, *place)] for place in found]
        nans = [i for i, value in enumerate(values) if np.isnan(value)]
        winner = nans[-1] if nans else values.index(max(values))
        y[(n, c, *position)] = values[winner]
        argmax[(n, c, *position)] = np.ravel_multi_index(found[winner], x.shape[2:])


def pooled(x, y, seen, divisor):
    """Sums of windows, each divided by `divisor` of a position, or by how many places it has."""
    y[:] = 0
    for position in np.ndindex(*y.shape[2:]):
        found = places(seen, position)
        for place in found:
            y[(..., *position)] += x[(..., *place)] / (divisor(position) if divisor else len(found))


def pooled_backward(dy, dx, seen, divisor):
    dx[:] = 0
    for position in np.ndindex(*dy.shape[2:]):
        found = places(seen, position)
        for place in found:
            dx[(..., *place)] += dy[(..., *position)] / (divisor(position) if divisor else len(found))


def mean_of(x, numbers):
    """Windows, and what is divided by, of a mean."""
    *window, include, divisor = numbers
    kernel, stride, padding = parts(window, x.ndim - 2)

    def inside(position):
        starts = [at * s for at, s in zip(position, stride, strict=True)]        # in the padded image
        return math.prod(min(start + k, size + 2 * p) - start
                         for start, k, size, p in zip(starts, kernel, x.shape[2:], padding, strict=True))

    seen = in_windows(x, kernel, stride, padding)
    return seen, (lambda position: divisor) if divisor else inside if include else None


def max_pool(x, y, argmax, *window):
    maxima(x, y, argmax, in_windows(x, *parts(window, x.ndim - 2)))


def max_pool2d(x, y, argmax, kh, kw, sh, sw, ph, pw, dh, dw):
    max_pool(x, y, argmax, kh, kw, sh, sw, ph, pw, dh, dw)


def adaptive_max_pool(x, y, argmax):
    maxima(x, y, argmax, evenly(x, y))


def max_pool_backward(dy, argmax, dx):
    dx[:] = 0
    for n, c, *position in np.ndindex(*dy.shape):
        place = np.unravel_index(int(argmax[(n, c, *position)]), dx.shape[2:])
        dx[(n, c, *place)] += dy[(n, c, *position)]


def max_pool2d_backward(dy, argmax, dx, *window):
    max_pool_backward(dy, argmax, dx)


def max_unpool(x, indices, y):
    y[:] = 0
    for n, c, *position in np.ndindex(*x.shape):
        place = np.unravel_index(int(indices[(n, c, *position)]), y.shape[2:])
        y[(n, c, *place)] = x[(n, c, *position)]


def max_unpool_backward(dy, indices, dx):
    for n, c, *position in np.ndindex(*dx.shape):
        place = np.unravel_index(int(indices[(n, c, *position)]), dy.shape[2:])
        dx[(n, c, *position)] = dy[(n, c, *place)]


def avg_pool(x, y, *window):
    pooled(x, y, *mean_of(x, window))


def avg_pool_backward(dy, dx, *window):
    pooled_backward(dy, dx, *mean_of(dx, window))


def avg_pool2d(x, y, *window):
    avg_pool(x, y, *window)


def avg_pool2d_backward(dy, dx, *window):
    avg_pool_backward(dy, dx, *window)


def adaptive_avg_pool(x, y):
    pooled(x, y, evenly(x, y), None)


def adaptive_avg_pool_backward(dy, dx):
    pooled_backward(dy, dx, evenly(dx, dy), None)

