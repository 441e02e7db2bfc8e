"""Every kernel of the contract, once more: naive NumPy in float64, to be read beside the formula.

Signatures are those of the contract (numbacnn/kernels.py): arrays to read, arrays to fill, numbers.
"""
import itertools
import math

import numpy as np

# --- convolution -----------------------------------------------------------------------------------------------------


def seen(size, pixel, window, stride, padding, dilation=(1, 1)):
    """Yield (kh, kw, h, w): through which place of its window a pixel of the output sees which pixel of the input."""
    for kh, kw in np.ndindex(*window):
        h = pixel[0] * stride[0] - padding[0] + kh * dilation[0]
        w = pixel[1] * stride[1] - padding[1] + kw * dilation[1]
        if 0 <= h < size[0] and 0 <= w < size[1]:
            yield kh, kw, h, w


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


# --- pooling -----------------------------------------------------------------------------------------------------


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


# --- activations -------------------------------------------------------------------------------------------------


def relu(x, y):
    y[...] = np.where(x <= 0, 0, x)


def relu_backward(dy, y, dx):
    dx[...] = np.where(y <= 0, 0, dy)


def leaky_relu(x, y, negative_slope):
    y[...] = np.where(x > 0, x, negative_slope * x)


def leaky_relu_backward(dy, x, dx, negative_slope):
    dx[...] = np.where(x > 0, dy, negative_slope * dy)


def by_channel(weight, x):
    """Give weight (1) or (C) the axes of x."""
    return weight.reshape((1, -1, *(1,) * (x.ndim - 2))) if weight.size > 1 else weight[0]


def prelu(x, weight, y):
    y[...] = np.where(x > 0, x, by_channel(weight, x) * x)


def prelu_backward_input(dy, x, weight, dx):
    dx[...] = np.where(x > 0, dy, by_channel(weight, x) * dy)


def prelu_backward_weight(dy, x, dweight):
    products = np.where(x > 0, 0, x * dy)
    dweight[:] = products.sum() if dweight.size == 1 else columns(products).sum(axis=0)


def sigmoid(x, y):
    y[...] = 0.5 + 0.5 * np.tanh(x / 2)


def sigmoid_backward(dy, y, dx):
    dx[...] = dy * y * (1 - y)


def softmax(x, y, axis):
    exponentials = np.exp(x - x.max(axis=axis, keepdims=True))
    y[...] = exponentials / exponentials.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, dx, axis):
    dx[...] = y * (dy - (dy * y).sum(axis=axis, keepdims=True))


# --- batch normalisation -----------------------------------------------------------------------------------------


def columns(x):
    """Return the numbers of each channel as a column: (R, C)."""
    return np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])


def batch_norm_statistics(x, running_mean, running_var, mean, rstd, new_running_mean, new_running_var, momentum, eps):
    mean[:] = columns(x).mean(axis=0)
    rstd[:] = 1 / np.sqrt(columns(x).var(axis=0) + eps)
    new_running_mean[:] = (1 - momentum) * running_mean + momentum * mean
    new_running_var[:] = (1 - momentum) * running_var + momentum * columns(x).var(axis=0, ddof=1)


def increment(count, new_count):
    new_count[...] = count + 1


def batch_norm(x, mean, rstd, weight, bias, y):
    columns_of_y = (columns(x) - mean) * rstd * weight + bias
    y[:] = np.moveaxis(columns_of_y.reshape(x.shape[0], *x.shape[2:], x.shape[1]), -1, 1)


def batch_norm_rstd(var, rstd, eps):
    rstd[:] = 1 / np.sqrt(var + eps)


def batch_norm_backward_weight(dy, x, mean, rstd, dweight, dbias):
    dweight[:] = (columns(dy) * (columns(x) - mean) * rstd).sum(axis=0)
    dbias[:] = columns(dy).sum(axis=0)


def batch_norm_backward_input(dy, x, mean, rstd, weight, dweight, dbias, dx, training):
    r = len(columns(x))
    through = (dbias / r + (columns(x) - mean) * rstd * dweight / r) if training else 0
    columns_of_dx = rstd * weight * (columns(dy) - through)
    dx[:] = np.moveaxis(columns_of_dx.reshape(x.shape[0], *x.shape[2:], x.shape[1]), -1, 1)


# --- dropout -----------------------------------------------------------------------------------------------------


def philox(counter, key):
    """Philox-4x32-10 of a counter of four words of 32 bits and a key of two: figure 2 and table 2 of Salmon et al."""
    (c0, c1, c2, c3), (key0, key1) = counter, key
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c0, 2 ** 32)
        high1, low1 = divmod(0xCD9E8D57 * c2, 2 ** 32)
        c0, c1, c2, c3 = high1 ^ c1 ^ key0, low1, high0 ^ c3 ^ key1, low0
        key0, key1 = (key0 + 0x9E3779B9) % 2 ** 32, (key1 + 0xBB67AE85) % 2 ** 32
    return c0, c1, c2, c3


def dropout(x, state, y, new_state, p):
    seed, counter = int(state[0]) % 2 ** 64, int(state[1]) % 2 ** 64
    in_memory = np.moveaxis(x, 1, -1) if x.ndim == 4 else x              # four axes: channels last
    kept = []
    for i, value in enumerate(in_memory.ravel()):
        words = [number for half in (i // 4, counter) for number in divmod(half, 2 ** 32)[::-1]]
        lane = philox(words, divmod(seed, 2 ** 32)[::-1])[i % 4]
        kept.append(value / (1 - p) if (lane >> 8) * 2.0 ** -24 >= p else 0.0)
    kept = np.array(kept).reshape(in_memory.shape)
    y[...] = np.moveaxis(kept, -1, 1) if x.ndim == 4 else kept
    new_state[:] = state[0], state[1] + 1


# --- dense layers and losses -----------------------------------------------------------------------------------------


def linear(x, weight, bias, y):
    y[:] = x @ weight.T + bias


def linear_backward_input(dy, weight, dx):
    dx[:] = dy @ weight


def linear_backward_weight(x, dy, dweight):
    dweight[:] = dy.T @ x


def linear_backward_bias(dy, dbias):
    dbias[:] = dy.sum(axis=0)


def cross_entropy_targets(targets, checked, classes):
    checked[...] = targets
    if not ((targets >= 0) & (targets < classes)).all():
        raise IndexError("targets")


def cross_entropy(logits, targets, losses, probabilities):
    softmax(logits, probabilities, 1)
    for place in np.ndindex(*targets.shape):
        vector = logits[(place[0], slice(None), *place[1:])]
        top = vector.max()
        losses[place] = np.log(np.exp(vector - top).sum()) + top - vector[targets[place]]


def cross_entropy_backward(dlosses, probabilities, targets, dlogits, divisor):
    dlogits[:] = probabilities
    for place in np.ndindex(*targets.shape):
        dlogits[(place[0], targets[place], *place[1:])] -= 1
    dlogits *= (np.broadcast_to(dlosses, targets.shape) / divisor)[:, None]


# --- arithmetic, shape and dtype -------------------------------------------------------------------------------------


def add(a, b, y):
    y[...] = a + b


def subtract(a, b, y):
    y[...] = a - b


def multiply(a, b, y):
    y[...] = a * b


def divide(a, b, y):
    y[...] = a / b


def sum(x, y, divisor):
    y[...] = x.sum(axis=tuple(axis for axis, n in enumerate(y.shape) if n == 1), keepdims=True) / divisor


def argmax(x, y, axis):
    y[...] = x.argmax(axis=axis)


def reshape(x, y):
    y[...] = x.reshape(y.shape)


def permute(x, y, *axes):
    y[...] = x.transpose(axes)


def expand(x, y):
    y[...] = x


def cast(x, y):
    y[...] = x.astype(y.dtype)


# --- optimisers --------------------------------------------------------------------------------------------------


def updated(arrays_and_numbers, states):
    """Copy what is to be updated; return hyper, and for each parameter (gradient, parameter, step, its states).

    Steps are the first state. Parameters that are not in the call keep theirs.
    """
    arrays = [a for a in arrays_and_numbers if isinstance(a, np.ndarray)]
    k = (len(arrays) - 1 - 2 * states) // 3
    numbers = arrays_and_numbers[len(arrays):]
    hyper, gradients, rest = arrays[0], arrays[1:1 + k], arrays[1 + k:]
    old, new = rest[:states + k], rest[states + k:]
    for source, target in zip(old, new, strict=True):
        target[...] = source
    steps = []
    for i, p in enumerate(new[states:]):
        views = []
        if states:
            index, offset = numbers[i], numbers[k + i]
            views = [new[0][index:index + 1], *(s[offset:offset + p.size].reshape(p.shape) for s in new[1:states])]
        steps.append((gradients[i], p, *views))
    return hyper, steps


def sgd(*arrays_and_numbers):
    hyper, steps = updated(arrays_and_numbers, 0)
    lr, weight_decay = hyper
    for g, p in steps:
        p -= lr * (g + weight_decay * p)


def sgd_momentum(*arrays_and_numbers):
    hyper, steps = updated(arrays_and_numbers, 2)
    lr, weight_decay, momentum, dampening, nesterov = hyper
    for g, p, step, buffer in steps:
        g = g + weight_decay * p
        buffer[...] = g if step[0] == 0 else momentum * buffer + (1 - dampening) * g
        p -= lr * (g + momentum * buffer if nesterov else buffer)
        step += 1


def adam(*arrays_and_numbers):
    hyper, steps = updated(arrays_and_numbers, 3)
    lr, beta1, beta2, eps, weight_decay, decoupled = hyper
    for g, p, step, mean, square in steps:
        if decoupled:
            p *= 1 - lr * weight_decay
        else:
            g = g + weight_decay * p
        step += 1
        t = step[0]
        mean[...] = beta1 * mean + (1 - beta1) * g
        square[...] = beta2 * square + (1 - beta2) * g ** 2
        p -= lr / (1 - beta1 ** t) * (mean / (np.sqrt(square / (1 - beta2 ** t)) + eps))
