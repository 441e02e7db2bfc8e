"""Gradients of batch normalisation, alone and with what surrounds it: x as rows (R, C), in two passes over memory.

The first sums up dy and dy * (x - mean), from which the gradients of weight and bias follow; the second writes dx.
What stands between dy and the gradient of the normalised x happens in the same passes: a sum of two gradients, where y
was used twice (FORKED), and ReLU, whose output is read (BY_OUTPUT) or computed again from x (BY_INPUT), bit by bit as
it was. Rows are taken as in norm_forward.py; parts of the rows as in norm_moments.py, (P, sums, columns) in float64.
"""
from .compile import Constant, compiled, inlined, kernel
from .norm_forward import passes_caches, write
from .norm_moments import AHEAD, ROWS, part_rows, parts_of
from .simd import accumulate, fill, fma, lanes, load, prefetch, select

ONE, FORKED = Constant(0), Constant(1)                                  # gradients: b is not read, or added to a
EVERYWHERE, BY_OUTPUT, BY_INPUT = Constant(0), Constant(1), Constant(2)         # where they arrive
DROPPED, KEPT = Constant(0), Constant(1)                                # whether their sum is written


def batch_norm_relu_backward_weight(dy, x, mean, rstd, weight, bias, dweight, dbias):
    """Lower the same for a gradient with respect to relu(batch_norm(x))."""
    return sums((dy, dy, dy), x, (mean, rstd, weight, bias), dy, (dweight, dbias), (ONE, BY_INPUT, DROPPED))


def batch_norm_relu_backward_input(dy, x, mean, rstd, weight, bias, dweight, dbias, dx, training):
    """Lower the same for a gradient with respect to relu(batch_norm(x))."""
    return gradient((dy, dy), x, (mean, rstd, weight, bias, dweight, dbias), dx, (ONE, BY_INPUT), training)


def batch_norm_relu_fork_backward_weight(a, b, x, mean, rstd, weight, bias, dweight, dbias):
    """Lower the same for two gradients with respect to relu(batch_norm(x))."""
    return sums((a, b, a), x, (mean, rstd, weight, bias), a, (dweight, dbias), (FORKED, BY_INPUT, DROPPED))


def batch_norm_relu_fork_backward_input(a, b, x, mean, rstd, weight, bias, dweight, dbias, dx, training):
    """Lower the same for two gradients with respect to relu(batch_norm(x))."""
    return gradient((a, b), x, (mean, rstd, weight, bias, dweight, dbias), dx, (FORKED, BY_INPUT), training)


def batch_norm_add_relu_backward_weight(dy, y, x, mean, rstd, g, dweight, dbias):
    """Lower the same for a gradient with respect to y = relu(batch_norm(x) + ...), and g = relu_backward(dy, y)."""
    return sums((dy, dy, y), x, (mean, rstd, mean, mean), g, (dweight, dbias), (ONE, BY_OUTPUT, KEPT))


def batch_norm_add_relu_fork_backward_weight(a, b, y, x, mean, rstd, g, dweight, dbias):
    """Lower the same for two gradients with respect to y."""
    return sums((a, b, y), x, (mean, rstd, mean, mean), g, (dweight, dbias), (FORKED, BY_OUTPUT, KEPT))


def sums(gradients, x, channels, g, outputs, how):
    """Return the calls for the gradients of weight and bias."""
    rows = x.rows()
    parts = parts_of(rows)
    flat = [view.flat() for view in (*gradients, x)]
    return [(batch_norm_sum, [*flat, *channels, g.flat(), parts, part_rows(rows), rows.shape[0], *how,
                              passes_caches(g.rows())]), add_sums(parts, 1, channels[1], *outputs)]


def batch_norm_join_sums(sums, rstd, dweight, dbias):
    """Lower the gradients of weight and bias to the sum of parts that another op has written."""
    return [add_sums(sums, 1, rstd, dweight, dbias)]


def add_sums(parts, number, rstd, dweight, dbias):
    """Return the call that adds up parts; which of their sums is that of dy * (x - mean)."""
    return batch_norm_add_sums, [parts, number, rstd, dweight, dbias]


def gradient(gradients, x, channels, dx, how, training):
    """Return the call for the gradient of x."""
    rows = x.rows()
    flat = [view.flat() for view in (*gradients, x)]
    return [(batch_norm_gradient, [*flat, *channels, dx.flat(), rows.shape[0], *how, training,
                                  passes_caches(dx.rows())])]


@kernel(items=lambda parts: parts.shape[0])
def batch_norm_sum(a, b, y, x, mean, rstd, weight, bias, g, parts, size, rows, forked, where, kept, past, begin, end):
    """An item is a part: `size` rows, the last one maybe fewer."""
    for part in range(begin, end):
        first, last = part * size, min(part * size + size, rows)
        sums_of(a, b, y, x, mean, rstd, weight, bias, g, parts, part, first, last, 0, mean.size, forked, where, kept,
                past)


@compiled
def sums_of(a, b, y, x, mean, rstd, weight, bias, g, parts, part, first, last, column, columns,
            forked, where, kept, past):
    """Write the sums of dy and of dy * (x - mean) over rows first ... last - 1 as a part; parts (P, 2, columns).

    Also for a kernel that just wrote these rows of a, which may then be g; or just so many columns of them, which are
    whole vectors, unless they are the last ones: several workers may each write some columns of a part.
    """
    channels, width, zero = mean.size, lanes(x), fill(x, 0)
    totals, products = parts[part, 0], parts[part, 1]
    for c in range(column, column - (-columns // width) * width):
        totals[c], products[c] = 0, 0
    for row in range(first, last, ROWS):
        for c in range(column, column + columns, width):
            center, scale, shift = load(mean, c), load(rstd, c) * load(weight, c), load(bias, c)
            i, total, product = row * channels + c, zero, zero
            for _ in range(min(ROWS, last - row)):
                prefetch(x, i + AHEAD)
                difference, dy = load(x, i) - center, arriving(a, b, i, forked)
                if where == BY_INPUT:
                    dy = select(fma(difference, scale, shift) <= zero, zero, dy)
                elif where == BY_OUTPUT:
                    prefetch(y, i + AHEAD)
                    dy = select(load(y, i) <= zero, zero, dy)
                if kept:
                    write(g, i, dy, channels - c, past)
                total, product = total + dy, fma(dy, difference, product)
                i += channels
            accumulate(totals, c, total)
            accumulate(products, c, product)


@inlined
def arriving(a, b, i, forked):
    """Return the gradient that arrives: one, or the sum of two."""
    prefetch(a, i + AHEAD)
    dy = load(a, i)
    if forked:
        prefetch(b, i + AHEAD)
        dy = dy + load(b, i)
    return dy


@kernel(items=lambda rstd: rstd.size)
def batch_norm_add_sums(parts, number, rstd, dweight, dbias, begin, end):
    """An item is a channel."""
    real = dweight.dtype.type
    for c in range(begin, end):
        total, product = 0.0, 0.0
        for part in range(parts.shape[0]):
            total += parts[part, 0, c]
            product += parts[part, number, c]
        dweight[c], dbias[c] = real(product * rstd[c]), real(total)


@kernel(items=lambda rows: rows)
def batch_norm_gradient(a, b, x, mean, rstd, weight, bias, dweight, dbias, dx, rows, forked, where, training, past,
                        begin, end):
    """An item is a row."""
    at = begin * mean.size
    write_gradient(a, b, x, at, end - begin, mean, rstd, weight, bias, dweight, dbias, dx, at, rows, forked, where,
                   training, past)


@compiled
def write_gradient(a, b, x, at, count, mean, rstd, weight, bias, dweight, dbias, dx, there, rows, forked, where,
                   training, past):
    """dx = factor * (dy - constant - slope * (x - mean)), or factor * dy: of some rows, there being `rows` in all.

    They begin at position `at` of x and the gradients, and are written from position `there` of dx on.
    """
    channels, width, zero = mean.size, lanes(x), fill(x, 0)
    share = fill(x, 1 / max(rows, 1))                    # of each row in the statistics
    for row in range(0, count, ROWS):
        for c in range(0, channels, width):
            center, spread, shift = load(mean, c), load(rstd, c), load(bias, c)
            factor = spread * load(weight, c)
            slope, constant = share * spread * load(dweight, c), share * load(dbias, c)
            i, j = at + row * channels + c, there + row * channels + c
            for _ in range(min(ROWS, count - row)):
                prefetch(x, i + AHEAD)
                difference, dy = load(x, i) - center, arriving(a, b, i, forked)
                if where == BY_INPUT:
                    dy = select(fma(difference, factor, shift) <= zero, zero, dy)
                if training:
                    dy = dy - fma(slope, difference, constant)
                write(dx, j, factor * dy, channels - c, past)
                i += channels
                j += channels
