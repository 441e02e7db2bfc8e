"""Gradients of relu(batch_norm(x) + batch_norm(x2)): a shortcut of a residual network with a batch norm of its own.

Both batch norms receive one gradient, so both are computed in the same two passes over memory: dy, x and x2 are read,
ReLU is decided by what x and x2 give, as in norm_backward.py. Channels: mean, rstd, weight, bias, each twice.
"""
import numpy as np

from .columns import (
    ROWS,
    THREADS,
    below_of,
    blocks_of,
    column_sum,
    completed,
    cut_of,
    is_first,
    joiner,
    joining,
    load,
    own_numbers,
    part_sum,
    parts_of,
    precisely,
    threads_of,
)
from .compile import cuda, kernel, real
from .elementwise import renamed
from .norm_backward import share_of
from .norm_forward import cut_to_write, normal, passed


def batch_norms_add_relu_backward_weight(dy, *rest):
    """Lower to sums over parts, and their sums."""
    return sums(shortcut_sums, dy, dy, *rest)


def batch_norms_add_relu_fork_backward_weight(a, b, *rest):
    """Lower the same for two gradients."""
    return sums(shortcut_fork_sums, a, b, *rest)


def batch_norms_add_relu_backward_input(dy, *rest):
    """Lower to one pass."""
    return gradients(shortcut_gradients, dy, dy, *rest)


def batch_norms_add_relu_fork_backward_input(a, b, *rest):
    """Lower the same for two gradients."""
    return gradients(shortcut_fork_gradients, a, b, *rest)


def sums(kernel, a, b, x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2, dweight, dbias, dweight2,
         dbias2):
    """Return the calls for the gradients of weights and biases."""
    cut = cut_of(x, merged=True)
    parts = parts_of(cut, 3, x.dtype)
    return [(kernel, [a.flat(), b.flat(), x.flat(), mean, rstd, weight, bias, x2.flat(), mean2, rstd2, weight2, bias2,
                      parts, cut]),
            (shortcut_join, [parts, dweight, dbias, dweight2, dbias2, below_of(parts.shape[0])])]


def gradients(kernel, a, b, x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2, dweight, dbias, dweight2,
              dbias2, dx, dx2, training):
    """Return the call for the gradients of x and x2."""
    return [(kernel, [a.flat(), b.flat(), x.flat(), mean, rstd, weight, bias, x2.flat(), mean2, rstd2, weight2, bias2,
                      dweight, dbias, dweight2, dbias2, dx.flat(), dx2.flat(), cut_to_write(x), share_of(x),
                      training])]


def summing(forked, name):
    """Return the kernel for the sums of parts of one gradient, or of the sum of two."""
    def sum_up(a, b, x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2, parts, cut):
        """parts (P, 3, C): the sums of dy, dy * z, dy * z2."""
        _, part, c, begin, end, step, _ = own_numbers(cut)
        center, scale, shift, center2, scale2, shift2 = real(0), real(0), real(0), real(0), real(0), real(0)
        if begin < end:
            center, scale, shift = mean[c], rstd[c] * weight[c], bias[c]
            center2, scale2, shift2 = mean2[c], rstd2[c] * weight2[c], bias2[c]
        total, rest, product, product_rest, product2, product2_rest = (
            real(0), real(0), real(0), real(0), real(0), real(0))
        values, values2 = cuda.local.array(ROWS, real), cuda.local.array(ROWS, real)
        gradients, others = cuda.local.array(ROWS, real), cuda.local.array(ROWS, real)
        for start in range(begin, end, ROWS * step):
            load(x, start, end, step, values)
            load(x2, start, end, step, values2)
            load(a, start, end, step, gradients)
            if forked:
                load(b, start, end, step, others)
            sums, products, products2 = real(0), real(0), real(0)
            for k in range(ROWS):
                if start + k * step < end:
                    d, d2, dy = values[k] - center, values2[k] - center2, gradients[k]
                    if forked:
                        dy += others[k]
                    dy = passed(dy, normal(d, scale, shift) + normal(d2, scale2, shift2))
                    sums += dy
                    products += dy * d
                    products2 += dy * d2
            total, rest = precisely(total, rest, sums)
            product, product_rest = precisely(product, product_rest, products)
            product2, product2_rest = precisely(product2, product2_rest, products2)
        columns, together = cut[5], cut[6]
        total = column_sum(completed(total, rest), columns, together)
        product = column_sum(completed(product, product_rest), columns, together)
        product2 = column_sum(completed(product2, product2_rest), columns, together)
        if is_first(cut):
            parts[part, 0, c], parts[part, 1, c], parts[part, 2, c] = total, product * rstd[c], product2 * rstd2[c]

    return kernel(blocks=blocks_of, block=threads_of)(renamed(sum_up, name))


@kernel(blocks=joining, block=THREADS, wide=True)
def shortcut_join(parts, dweight, dbias, dweight2, dbias2, below):
    c, first = joiner(below)
    beside = THREADS // below
    total = column_sum(part_sum(parts, 0, c, first, below), beside, below)
    product = column_sum(part_sum(parts, 1, c, first, below), beside, below)
    product2 = column_sum(part_sum(parts, 2, c, first, below), beside, below)
    if first == 0 and c < dbias.size:
        dweight[c], dbias[c], dweight2[c], dbias2[c] = product, total, product2, total


def writing(forked, name):
    """Return the kernel for the gradients of x and x2."""
    def write(a, b, x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2, dweight, dbias, dweight2, dbias2,
              dx, dx2, cut, share, training):
        _, _, c, begin, end, step, _ = own_numbers(cut)
        if begin < end:
            center, scale, shift = mean[c], rstd[c] * weight[c], bias[c]
            center2, scale2, shift2 = mean2[c], rstd2[c] * weight2[c], bias2[c]
            slope, constant = share * rstd[c] * dweight[c], share * dbias[c]
            slope2, constant2 = share * rstd2[c] * dweight2[c], share * dbias2[c]
            values, values2 = cuda.local.array(ROWS, real), cuda.local.array(ROWS, real)
            gradients, others = cuda.local.array(ROWS, real), cuda.local.array(ROWS, real)
            for start in range(begin, end, ROWS * step):
                load(x, start, end, step, values)
                load(x2, start, end, step, values2)
                load(a, start, end, step, gradients)
                if forked:
                    load(b, start, end, step, others)
                for k in range(ROWS):
                    if start + k * step < end:
                        d, d2, dy = values[k] - center, values2[k] - center2, gradients[k]
                        if forked:
                            dy += others[k]
                        dy = passed(dy, normal(d, scale, shift) + normal(d2, scale2, shift2))
                        dy2 = dy
                        if training:
                            dy -= cuda.fma(d, slope, constant)
                            dy2 -= cuda.fma(d2, slope2, constant2)
                        dx[np.uintp(start + k * step)] = scale * dy
                        dx2[np.uintp(start + k * step)] = scale2 * dy2

    return kernel(blocks=blocks_of, block=threads_of)(renamed(write, name))


shortcut_sums, shortcut_fork_sums = summing(False, "shortcut_sums"), summing(True, "shortcut_fork_sums")
shortcut_gradients = writing(False, "shortcut_gradients")
shortcut_fork_gradients = writing(True, "shortcut_fork_gradients")
