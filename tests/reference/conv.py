"""Convolution."""
import numpy as np

from reference.windows import seen


def terms(x, weight, y, sh, sw, ph, pw, dh, dw, groups):
    """Yield (o, oh, ow, channels, h, w, kh, kw): y[:, o, oh, ow] holds x[:, channels, h, w] weight[o, :, kh, kw]."""
    outputs, channels, *window = weight.shape
    for o, oh, ow in np.ndindex(*y.shape[1:]):
        first = o // (outputs // groups) * channels
        for kh, kw, h, w in seen(x.shape[2:], (oh, ow), window, (sh, sw), (ph, pw), (dh, dw)):
            yield o, oh, ow, slice(first, first + channels), h, w, kh, kw


def conv2d(x, weight, bias, y, *geometry):
    y[:] = bias[:, None, None]
    for o, oh, ow, channels, h, w, kh, kw in terms(x, weight, y, *geometry):
        y[:, o, oh, ow] += x[:, channels, h, w] @ weight[o, :, kh, kw]


def conv2d_backward_input(dy, weight, dx, *geometry):
    dx[:] = 0
    for o, oh, ow, channels, h, w, kh, kw in terms(dx, weight, dy, *geometry):
        dx[:, channels, h, w] += np.outer(dy[:, o, oh, ow], weight[o, :, kh, kw])


def conv2d_backward_weight(x, dy, dweight, *geometry):
    dweight[:] = 0
    for o, oh, ow, channels, h, w, kh, kw in terms(x, dweight, dy, *geometry):
        dweight[o, :, kh, kw] += dy[:, o, oh, ow] @ x[:, channels, h, w]


def conv2d_backward_bias(dy, dbias):
    dbias[:] = dy.sum(axis=(0, 2, 3))
