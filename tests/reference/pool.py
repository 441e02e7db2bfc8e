"""Pooling."""
import itertools
import math

import numpy as np

from reference.windows import seen


def max_pool2d(x, y, argmax, kh, kw, sh, sw, ph, pw, dh, dw):
    for n, c, oh, ow in np.ndindex(*y.shape):
        places = [(h, w) for _, _, h, w in seen(x.shape[2:], (oh, ow), (kh, kw), (sh, sw), (ph, pw), (dh, dw))]
        values = [x[n, c, h, w] for h, w in places]
        nans = [i for i, value in enumerate(values) if np.isnan(value)]
        winner = nans[-1] if nans else values.index(max(values))
        h, w = places[winner]
        y[n, c, oh, ow], argmax[n, c, oh, ow] = values[winner], h * x.shape[3] + w


def max_pool2d_backward(dy, argmax, dx, *window):
    dx[:] = 0
    for n, c, oh, ow in np.ndindex(*dy.shape):
        h, w = divmod(argmax[n, c, oh, ow], dx.shape[3])
        dx[n, c, h, w] += dy[n, c, oh, ow]


def shares(x, y, kh, kw, sh, sw, ph, pw, divisor):
    """Yield (oh, ow, h, w, share): y[:, :, oh, ow] holds x[:, :, h, w] times a share."""
    for oh, ow in np.ndindex(*y.shape[2:]):
        inside = list(seen(x.shape[2:], (oh, ow), (kh, kw), (sh, sw), (ph, pw)))
        for _, _, h, w in inside:
            yield oh, ow, h, w, 1 / (divisor or len(inside))


def adaptive_shares(x, y):
    """Yield the same for windows that share out the image evenly."""
    (height, width), (rows, columns) = x.shape[2:], y.shape[2:]
    for oh, ow in np.ndindex(rows, columns):
        inside = list(itertools.product(range(oh * height // rows, math.ceil((oh + 1) * height / rows)),
                                        range(ow * width // columns, math.ceil((ow + 1) * width / columns))))
        for h, w in inside:
            yield oh, ow, h, w, 1 / len(inside)


def pooled(x, y, shares):
    y[:] = 0
    for oh, ow, h, w, share in shares:
        y[:, :, oh, ow] += share * x[:, :, h, w]


def pooled_backward(dy, dx, shares):
    dx[:] = 0
    for oh, ow, h, w, share in shares:
        dx[:, :, h, w] += share * dy[:, :, oh, ow]


def sum_pool2d(x, y, *window):
    pooled(x, y, shares(x, y, *window, 1))


def sum_pool2d_backward(dy, dx, *window):
    pooled_backward(dy, dx, shares(dx, dy, *window, 1))


def avg_pool2d(x, y, kh, kw, sh, sw, ph, pw, count_include_pad):
    pooled(x, y, shares(x, y, kh, kw, sh, sw, ph, pw, count_include_pad * kh * kw))


def avg_pool2d_backward(dy, dx, kh, kw, sh, sw, ph, pw, count_include_pad):
    pooled_backward(dy, dx, shares(dx, dy, kh, kw, sh, sw, ph, pw, count_include_pad * kh * kw))


def adaptive_avg_pool2d(x, y):
    pooled(x, y, adaptive_shares(x, y))


def adaptive_avg_pool2d_backward(dy, dx):
    pooled_backward(dy, dx, adaptive_shares(dx, dy))
