"""Gradients of relu(batch_norm(x) + batch_norm(x2)): a shortcut of a residual network with a batch norm of its own.

Both batch norms receive one gradient, so both are computed in the same two passes over memory: dy, x and x2 are read,
ReLU is decided by what x and x2 give, as in norm_backward.py. Channels: mean, rstd, weight, bias, each twice.
"""
from .compile import inlined, kernel
from .norm_backward import FORKED, ONE, add_sums, arriving
from .norm_forward import passes_caches, write
from .norm_moments import AHEAD, ROWS, part_rows, parts_of
from .simd import accumulate, fill, fma, lanes, load, prefetch, select


def batch_norms_add_relu_backward_weight(dy, *rest):
    """Lower to sums over parts of the rows, and their sums."""
    return sums(dy, dy, ONE, *rest)


def batch_norms_add_relu_fork_backward_weight(a, b, *rest):
    """Lower the same for two gradients with respect to y."""
    return sums(a, b, FORKED, *rest)


def batch_norms_add_relu_backward_input(dy, *rest):
    """Lower to one pass."""
    return gradients(dy, dy, ONE, *rest)


def batch_norms_add_relu_fork_backward_input(a, b, *rest):
    """Lower the same for two gradients with respect to y."""
    return gradients(a, b, FORKED, *rest)


def sums(a, b, forked, x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2, dweight, dbias, dweight2, dbias2):
    """Return the calls for the gradients of weights and biases."""
    rows = x.rows()
    parts = parts_of(rows, 3)
    return [(batch_norms_sum, [a.flat(), b.flat(), x.flat(), mean, rstd, weight, bias, x2.flat(), mean2, rstd2, weight2,
                               bias2, parts, part_rows(rows), rows.shape[0], forked]),
            add_sums(parts, 1, rstd, dweight, dbias), add_sums(parts, 2, rstd2, dweight2, dbias2)]


def gradients(a, b, forked, x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2, dweight, dbias, dweight2,
              dbias2, dx, dx2, training):
    """Return the call for the gradients of x and x2."""
    rows = x.rows()
    return [(batch_norms_gradient, [a.flat(), b.flat(), x.flat(), mean, rstd, weight, bias, x2.flat(), mean2, rstd2,
                                    weight2, bias2, dweight, dbias, dweight2, dbias2, dx.flat(), dx2.flat(),
                                    rows.shape[0], forked, training, passes_caches(dx.rows(), dx2.rows())])]


@kernel(items=lambda parts: parts.shape[0])
def batch_norms_sum(a, b, x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2, parts, size, rows, forked,
                    begin, end):
    """parts (P, 3, columns): the sums of dy, dy * (x - mean), dy * (x2 - mean2). An item is a part."""
    channels, width, zero = mean.size, lanes(x), fill(x, 0)
    for part in range(begin, end):
        totals, products, products2 = parts[part, 0], parts[part, 1], parts[part, 2]
        totals[:] = 0
        products[:] = 0
        products2[:] = 0
        last = min(part * size + size, rows)
        for row in range(part * size, last, ROWS):
            for c in range(0, channels, width):
                scale, scale2 = load(rstd, c) * load(weight, c), load(rstd2, c) * load(weight2, c)
                i, total, product, product2 = row * channels + c, zero, zero, zero
                for _ in range(min(ROWS, last - row)):
                    d, d2 = difference(x, i, mean, c), difference(x2, i, mean2, c)
                    value = fma(d, scale, load(bias, c)) + fma(d2, scale2, load(bias2, c))
                    dy = select(value <= zero, zero, arriving(a, b, i, forked))
                    total, product, product2 = total + dy, fma(dy, d, product), fma(dy, d2, product2)
                    i += channels
                accumulate(totals, c, total)
                accumulate(products, c, product)
                accumulate(products2, c, product2)


@inlined
def difference(x, i, mean, c):
    """Return how far the vector at position i is from the means of its channels, from c."""
    prefetch(x, i + AHEAD)
    return load(x, i) - load(mean, c)


@kernel(items=lambda rows: rows)
def batch_norms_gradient(a, b, x, mean, rstd, weight, bias, x2, mean2, rstd2, weight2, bias2, dweight, dbias, dweight2,
                         dbias2, dx, dx2, rows, forked, training, past, begin, end):
    """dx and dx2, as in norm_backward.py. An item is a row."""
    channels, width, zero = mean.size, lanes(x), fill(x, 0)
    share = fill(x, 1 / max(rows, 1))                    # of each row in the statistics
    for row in range(begin, end, ROWS):
        for c in range(0, channels, width):
            factor, factor2 = load(rstd, c) * load(weight, c), load(rstd2, c) * load(weight2, c)
            slope, constant = share * load(rstd, c) * load(dweight, c), share * load(dbias, c)
            slope2, constant2 = share * load(rstd2, c) * load(dweight2, c), share * load(dbias2, c)
            i = row * channels + c
            for _ in range(min(ROWS, end - row)):
                d, d2 = difference(x, i, mean, c), difference(x2, i, mean2, c)
                value = fma(d, factor, load(bias, c)) + fma(d2, factor2, load(bias2, c))
                dy = select(value <= zero, zero, arriving(a, b, i, forked))
                dy2 = dy
                if training:
                    dy, dy2 = dy - fma(slope, d, constant), dy - fma(slope2, d2, constant2)
                write(dx, i, factor * dy, channels - c, past)
                write(dx2, i, factor2 * dy2, channels - c, past)
                i += channels
