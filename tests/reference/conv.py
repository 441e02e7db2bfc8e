"""Convolution."""
import numpy as np

from reference.windows import seen


def terms(x, weight, y, sh, sw, ph, pw, dh, dw, groups):
    """Yield (oh, ow, h, w, kh, kw): y[:, :, oh, ow] holds x[:, :, h, w] times weight[:, :, kh, kw], group by group."""
    for oh, ow in np.ndindex(*y.shape[2:]):
        for kh, kw, h, w in seen(x.shape[2:], (oh, ow), weight.shape[2:], (sh, sw), (ph, pw), (dh, dw)):
            yield oh, ow, h, w, kh, kw


def grouped(x, weight, y, groups):
    """(N, G, C, H, W), (G, O, C, KH, KW) and (N, G, O, OH, OW): each group of channels has filters of its own."""
    return (x.reshape(len(x), groups, weight.shape[1], *x.shape[2:]),
            weight.reshape(groups, len(weight) // groups, *weight.shape[1:]),
            y.reshape(len(y), groups, len(weight) // groups, *y.shape[2:]))


def conv2d(x, weight, bias, y, *geometry):
    y[:] = bias[:, None, None]
    images, filters, _ = grouped(x, weight, y, geometry[-1])
    for oh, ow, h, w, kh, kw in terms(x, weight, y, *geometry):
        y[:, :, oh, ow] += np.einsum("ngc,goc->ngo", images[..., h, w], filters[..., kh, kw]).reshape(y.shape[:2])


def conv2d_backward_input(dy, weight, dx, *geometry):
    dx[:] = 0
    _, filters, gradients = grouped(dx, weight, dy, geometry[-1])
    for oh, ow, h, w, kh, kw in terms(dx, weight, dy, *geometry):
        dx[:, :, h, w] += np.einsum("ngo,goc->ngc", gradients[..., oh, ow], filters[..., kh, kw]).reshape(dx.shape[:2])


def conv2d_backward_weight(x, dy, dweight, *geometry):
    dweight[:] = 0
    images, _, gradients = grouped(x, dweight, dy, geometry[-1])
    for oh, ow, h, w, kh, kw in terms(x, dweight, dy, *geometry):
        found = np.einsum("ngo,ngc->goc", gradients[..., oh, ow], images[..., h, w])
        dweight[:, :, kh, kw] += found.reshape(dweight.shape[:2])


def conv2d_backward_bias(dy, dbias):
    dbias[:] = dy.sum(axis=(0, 2, 3))


def conv_filters(weight, y):
    y[:] = weight.swapaxes(1, 2).reshape(y.shape) if weight.ndim == 5 else weight[:, :, None]


def conv_filters_backward(dy, dweight):
    if dweight.ndim == 5:
        outputs, channels, taps, *window = dweight.shape
        dweight[:] = dy.reshape(outputs, taps, channels, *window).swapaxes(1, 2)
    else:
        dweight[:] = dy[:, :, 0]


def seen_by_window(x, y, kh, kw, *geometry):
    """Yield (h, w, tap, l): through which tap window l of y sees which pixel of x."""
    stride, padding, dilation = geometry[:2], geometry[2:4], geometry[4:]
    size = [(n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, k, s, p, d in zip(x.shape[2:], (kh, kw), stride, padding, dilation, strict=True)]
    for place, pixel in enumerate(np.ndindex(*size)):
        for i, j, h, w in seen(x.shape[2:], pixel, (kh, kw), stride, padding, dilation):
            yield h, w, i * kw + j, place


def unfold(x, y, kh, kw, *geometry):
    y[:] = 0
    for h, w, tap, place in seen_by_window(x, y, kh, kw, *geometry):
        y[:, tap::kh * kw, place] = x[:, :, h, w]


def unfold_backward(dy, dx, kh, kw, *geometry):
    dx[:] = 0
    for h, w, tap, place in seen_by_window(dx, dy, kh, kw, *geometry):
        dx[:, :, h, w] += dy[:, tap::kh * kw, place]


def windows(volume, images, kd, sd, pd, dd, groups):
    """Yield (n, channels, d, image, where): what `where` of an image, and where from."""
    count, channels, depth = volume.shape[:3]
    for image in range(len(images)):
        n, od = divmod(image, len(images) // count)
        for g, k in np.ndindex(groups, kd):
            d, each = od * sd - pd + k * dd, channels // groups
            first = (g * kd + k) * each
            if 0 <= d < depth:
                yield n, slice(g * each, g * each + each), d, image, slice(first, first + each)


def depth_windows(x, y, *numbers):
    y[:] = 0
    for n, channels, d, image, where in windows(x, y, *numbers):
        y[image, where] = x[n, channels, d]


def depth_windows_backward(dy, dx, *numbers):
    dx[:] = 0
    for n, channels, d, image, where in windows(dx, dy, *numbers):
        dx[n, channels, d] += dy[image, where]
