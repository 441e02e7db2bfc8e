"""Gradients of batch normalisation, alone and with what surrounds it, in two passes over memory.

The first sums up dy and dy * z, z = (x - mean) * rstd, from which the gradients of weight and bias follow; the second
writes dx. What stands between dy and the gradient of the normalised x happens in the same passes: a sum of two
gradients, where y was used twice (forked), and ReLU, whose output is read (BY_OUTPUT) or computed again from x
(BY_INPUT), bit by bit as it was. Kernels are made for each such case, so none reads what it does not need.
"""
import numpy as np

from .columns import (
    ROWS,
    add_pairs,
    below_of,
    blocks_of,
    column_sum,
    completed,
    cut_of,
    is_first,
    load,
    own_numbers,
    parts_of,
    precisely,
    threads_of,
)
from .compile import cuda, kernel, real
from .elementwise import renamed
from .norm_forward import cut_to_write, normal, passed

EVERYWHERE, BY_OUTPUT, BY_INPUT = range(3)               # where gradients arrive


def batch_norm_relu_backward_weight(dy, x, mean, rstd, weight, bias, dweight, dbias):
    """Lower the gradients for that of relu(batch_norm(x)) to sums over parts, and their sums."""
    return sums(relu_sums, (dy, dy, dy, x), (mean, rstd, weight, bias), dy, dweight, dbias)


def batch_norm_relu_backward_input(dy, x, mean, rstd, weight, bias, dweight, dbias, dx, training):
    """Lower the gradient for that of relu(batch_norm(x)) to one pass."""
    return gradient(relu_gradient, (dy, dy, x), (mean, rstd, weight, bias, dweight, dbias), dx, training)


def batch_norm_relu_fork_backward_weight(a, b, x, mean, rstd, weight, bias, dweight, dbias):
    """Lower the same for two gradients of relu(batch_norm(x))."""
    return sums(relu_fork_sums, (a, b, a, x), (mean, rstd, weight, bias), a, dweight, dbias)


def batch_norm_relu_fork_backward_input(a, b, x, mean, rstd, weight, bias, dweight, dbias, dx, training):
    """Lower the same for two gradients of relu(batch_norm(x))."""
    return gradient(relu_fork_gradient, (a, b, x), (mean, rstd, weight, bias, dweight, dbias), dx, training)


def batch_norm_add_relu_backward_weight(dy, y, x, mean, rstd, g, dweight, dbias):
    """Lower the same for the gradient of y = relu(batch_norm(x) + ...), and g = relu_backward(dy, y)."""
    return sums(add_relu_sums, (dy, dy, y, x), (mean, rstd, mean, mean), g, dweight, dbias)


def batch_norm_add_relu_fork_backward_weight(a, b, y, x, mean, rstd, g, dweight, dbias):
    """Lower the same for two gradients of y."""
    return sums(add_relu_fork_sums, (a, b, y, x), (mean, rstd, mean, mean), g, dweight, dbias)


def sums(kernel, arrays, channels, g, dweight, dbias):
    """Return the calls for the gradients of weight and bias."""
    cut = cut_of(g, merged=True)
    parts = parts_of(cut, 2, g.dtype)
    return [(kernel, [*[view.flat() for view in arrays], *channels, g.flat(), parts, cut]),
            (add_pairs, [parts, dbias, dweight, below_of(parts.shape[0])])]


def gradient(kernel, arrays, channels, dx, training):
    """Return the call for the gradient of x."""
    return [(kernel, [*[view.flat() for view in arrays], *channels, dx.flat(), cut_to_write(dx), share_of(dx),
                      training])]


def share_of(x):
    """Return the share of each number in the statistics of its channel."""
    return x.shape[1] / max(x.size, 1)


def summing(name, forked=False, where=EVERYWHERE, kept=False):
    """Return a kernel for the sums of parts; if gradients are `kept`, g is what arrives at the normalised x."""
    def sum_up(a, b, y, x, mean, rstd, weight, bias, g, parts, cut):
        """parts (P, 2, C): the sums of dy, and of dy * z."""
        _, part, c, begin, end, step, _ = own_numbers(cut)
        center, scale, shift = real(0), real(0), real(0)
        if begin < end:
            center, scale, shift = mean[c], rstd[c] * weight[c], bias[c]
        total, rest, product, rest_of_products = real(0), real(0), real(0), real(0)
        values, outputs = cuda.local.array(ROWS, real), cuda.local.array(ROWS, real)
        gradients, others = cuda.local.array(ROWS, real), cuda.local.array(ROWS, real)
        for start in range(begin, end, ROWS * step):
            load(x, start, end, step, values)
            load(a, start, end, step, gradients)
            if forked:
                load(b, start, end, step, others)
            if where == BY_OUTPUT:
                load(y, start, end, step, outputs)
            sums, products = real(0), real(0)
            for k in range(ROWS):
                if start + k * step < end:
                    difference, dy = values[k] - center, gradients[k]
                    if forked:
                        dy += others[k]
                    if where == BY_OUTPUT:
                        dy = passed(dy, outputs[k])
                    if where == BY_INPUT:
                        dy = passed(dy, normal(difference, scale, shift))
                    if kept:
                        g[np.uintp(start + k * step)] = dy
                    sums += dy
                    products += dy * difference
            total, rest = precisely(total, rest, sums)
            product, rest_of_products = precisely(product, rest_of_products, products)
        columns, together = cut[5], cut[6]
        total = column_sum(completed(total, rest), columns, together)
        product = column_sum(completed(product, rest_of_products), columns, together)
        if is_first(cut):
            parts[part, 0, c], parts[part, 1, c] = total, product * rstd[c]

    return kernel(blocks=blocks_of, block=threads_of)(renamed(sum_up, name))


def writing(name, forked=False, where=EVERYWHERE):
    """Return a kernel for the gradient of x."""
    def write(a, b, x, mean, rstd, weight, bias, dweight, dbias, dx, cut, share, training):
        _, _, c, begin, end, step, _ = own_numbers(cut)
        if begin < end:
            center, scale, shift = mean[c], rstd[c] * weight[c], bias[c]
            slope, constant = share * rstd[c] * dweight[c], share * dbias[c]
            values = cuda.local.array(ROWS, real)
            gradients, others = cuda.local.array(ROWS, real), cuda.local.array(ROWS, real)
            for start in range(begin, end, ROWS * step):
                load(x, start, end, step, values)
                load(a, start, end, step, gradients)
                if forked:
                    load(b, start, end, step, others)
                for k in range(ROWS):
                    if start + k * step < end:
                        difference, dy = values[k] - center, gradients[k]
                        if forked:
                            dy += others[k]
                        if where == BY_INPUT:
                            dy = passed(dy, normal(difference, scale, shift))
                        if training:
                            dy -= cuda.fma(difference, slope, constant)
                        dx[np.uintp(start + k * step)] = scale * dy

    return kernel(blocks=blocks_of, block=threads_of)(renamed(write, name))


batch_norm_sums = summing("batch_norm_sums")
relu_sums = summing("relu_sums", where=BY_INPUT)
relu_fork_sums = summing("relu_fork_sums", forked=True, where=BY_INPUT)
add_relu_sums = summing("add_relu_sums", where=BY_OUTPUT, kept=True)
add_relu_fork_sums = summing("add_relu_fork_sums", forked=True, where=BY_OUTPUT, kept=True)
batch_norm_gradient = writing("batch_norm_gradient")
relu_gradient = writing("relu_gradient", where=BY_INPUT)
relu_fork_gradient = writing("relu_fork_gradient", forked=True, where=BY_INPUT)


@kernel(blocks=blocks_of, block=threads_of)
def batch_norm_scale(dy, rstd, weight, dx, cut):
    _, _, c, begin, end, step, _ = own_numbers(cut)
    if begin < end:
        factor = rstd[c] * weight[c]
        gradients = cuda.local.array(ROWS, real)
        for start in range(begin, end, ROWS * step):
            load(dy, start, end, step, gradients)
            for k in range(ROWS):
                if start + k * step < end:
                    dx[np.uintp(start + k * step)] = factor * gradients[k]
