"""Layer and RMS norm: rows of numbers that lie side by side, a block of threads for each.

The mean is that of differences from the row's first number; then squares are of differences from the mean, and the mean
of these mends it. How far numbers are from zero plays no role. What a pass has read the next one finds in the cache.
Sums over rows, for weight and bias, are those of columns.py; known (R, 3) is that of norm_moments.py.
"""
import math

from .block import WARP, block_sum
from .columns import (
    ROWS,
    above,
    add_pairs,
    below_of,
    blocks_of,
    column_sum,
    completed,
    cut,
    is_first,
    load,
    own_numbers,
    parts_of,
    precisely,
    threads_of,
)
from .compile import cuda, device, kernel, real
from .functions import PRIMITIVES
from .norm_moments import finite, known_of

sqrt = PRIMITIVES["sqrt"]
MOST, EACH = 512, 8                   # threads of a row, at most; numbers of a thread, at least if there are many


def layer_norm(x, weight, bias, y, mean, rstd, eps, centered):
    """Lower to one pass."""
    if not x.size:
        return []
    known, _ = known_of(mean, rstd, x.dtype)
    return [(layer_norm_rows, [x.flat(), weight.flat(), bias.flat(), y.flat(), known, row_size(x), float(eps),
                               centered]),
            (layer_norm_statistics, [known, mean, rstd, float(eps)])]


def layer_norm_backward_input(dy, x, mean, rstd, weight, dx, centered):
    """Lower to one pass."""
    if not x.size:
        return []
    known, learn = known_of(mean, rstd, x.dtype)
    return [learn, (layer_norm_gradient, [dy.flat(), x.flat(), known, weight.flat(), dx.flat(), row_size(x), centered])]


def layer_norm_backward_weight(dy, x, mean, rstd, dweight, dbias):
    """Lower to what is known of rows, sums over parts of the rows, and their sums."""
    columns = cut(1, x.shape[0], row_size(x))
    parts = parts_of(columns, 2, x.dtype)
    known, learn = known_of(mean, rstd, x.dtype, above(parts))
    return [learn, (layer_norm_sums, [dy.flat(), x.flat(), known, parts, columns]),
            (add_pairs, [parts, dbias.flat(), dweight.flat(), below_of(parts.shape[0])])]


def row_size(x):
    """Return how many numbers a row has."""
    return math.prod(x.shape[1:])


def threads(size):
    """Return how many threads a row gets: a power of two, so that few variants of a kernel are compiled."""
    return min(MOST, max(WARP, 1 << (-(-size // EACH) - 1).bit_length()))


@device
def sum_of(x, begin, end, step, pivot):
    """Return the sum of x - pivot."""
    total, rest = real(0), real(0)
    values = cuda.local.array(ROWS, real)
    for start in range(begin, end, ROWS * step):
        load(x, start, end, step, values)
        sums = real(0)
        for k in range(ROWS):
            if start + k * step < end:
                sums += values[k] - pivot
        total, rest = precisely(total, rest, sums)
    return completed(total, rest)


@device
def moments_of(x, begin, end, step, center, low):
    """Return the sums of x - center - low, and of its squares."""
    total, rest, square, rest_of_squares = real(0), real(0), real(0), real(0)
    values = cuda.local.array(ROWS, real)
    for start in range(begin, end, ROWS * step):
        load(x, start, end, step, values)
        sums, squares = real(0), real(0)
        for k in range(ROWS):
            if start + k * step < end:
                difference = (values[k] - center) - low
                sums += difference
                squares += difference * difference
        total, rest = precisely(total, rest, sums)
        square, rest_of_squares = precisely(square, rest_of_squares, squares)
    return completed(total, rest), completed(square, rest_of_squares)


@kernel(blocks=lambda known: known.shape[0], block=threads)
def layer_norm_rows(x, weight, bias, y, known, size, eps, centered):
    """Leaves the variance where rstd will be."""
    row, step = cuda.blockIdx.x, cuda.blockDim.x
    at = row * size
    begin, end = at + cuda.threadIdx.x, at + size
    center, low, count = real(0), real(0), real(size)
    if centered:
        pivot = finite(x[at])
        away = block_sum(sum_of(x, begin, end, step, pivot)) / count
        center = pivot + away
        low = completed(real(0), away - (center - pivot))
    total, square = moments_of(x, begin, end, step, center, low)
    square = block_sum(square) / count
    if centered:
        mended = block_sum(total) / count
        low += completed(real(0), mended)
        square -= mended * mended
    if cuda.threadIdx.x == 0:
        known[row, 0], known[row, 1], known[row, 2] = center, low, square
    scale = 1.0 / sqrt(square + eps)
    values = cuda.local.array(ROWS, real)
    for start in range(begin, end, ROWS * step):
        load(x, start, end, step, values)
        for k in range(ROWS):
            i = start + k * step
            if i < end:
                y[i] = ((values[k] - center) - low) * scale * weight[i - at] + bias[i - at]


@kernel(items=lambda mean: mean.size, wide=True)
def layer_norm_statistics(known, mean, rstd, eps):
    row = cuda.grid(1)
    if row < mean.size:
        mean[row] = 0.0 + known[row, 0] + known[row, 1]
        rstd[row] = 1.0 / sqrt(known[row, 2] + eps)


@kernel(blocks=lambda known: known.shape[0], block=threads)
def layer_norm_gradient(dy, x, known, weight, dx, size, centered):
    """dx = rstd * dy * weight - slope * (x - mean) - constant."""
    row, step = cuda.blockIdx.x, cuda.blockDim.x
    at = row * size
    begin, end = at + cuda.threadIdx.x, at + size
    center, low, scale = known[row, 0], known[row, 1], known[row, 2]
    values, gradients = cuda.local.array(ROWS, real), cuda.local.array(ROWS, real)
    total, rest, product, rest_of_products = real(0), real(0), real(0), real(0)
    for start in range(begin, end, ROWS * step):
        load(x, start, end, step, values)
        load(dy, start, end, step, gradients)
        sums, products = real(0), real(0)
        for k in range(ROWS):
            if start + k * step < end:
                g = gradients[k] * weight[start + k * step - at]
                sums += g
                products += g * ((values[k] - center) - low)
        total, rest = precisely(total, rest, sums)
        product, rest_of_products = precisely(product, rest_of_products, products)
    total = block_sum(completed(total, rest))
    product = block_sum(completed(product, rest_of_products))
    slope = scale * scale * scale * (product / real(size))
    constant = scale * (total / real(size)) if centered else real(0)
    for start in range(begin, end, ROWS * step):
        load(x, start, end, step, values)
        load(dy, start, end, step, gradients)
        for k in range(ROWS):
            i = start + k * step
            if i < end:
                dx[i] = scale * gradients[k] * weight[i - at] - (((values[k] - center) - low) * slope + constant)


@kernel(blocks=blocks_of, block=threads_of)
def layer_norm_sums(dy, x, known, parts, cut):
    """parts (P, 2, D): the sums of dy, and of dy * (x - mean) * rstd; a channel is a column."""
    _, part, c, begin, end, step, _ = own_numbers(cut)
    columns, together = cut[5], cut[6]
    row = begin // cut[2]
    total, rest, product, rest_of_products = real(0), real(0), real(0), real(0)
    values, gradients = cuda.local.array(ROWS, real), cuda.local.array(ROWS, real)
    for start in range(begin, end, ROWS * step):
        load(x, start, end, step, values)
        load(dy, start, end, step, gradients)
        sums, products = real(0), real(0)
        for k in range(ROWS):
            if start + k * step < end:
                sums += gradients[k]
                products += gradients[k] * (((values[k] - known[row, 0]) - known[row, 1]) * known[row, 2])
            row += together
        total, rest = precisely(total, rest, sums)
        product, rest_of_products = precisely(product, rest_of_products, products)
    total = column_sum(completed(total, rest), columns, together)
    product = column_sum(completed(product, rest_of_products), columns, together)
    if is_first(cut):
        parts[part, 0, c], parts[part, 1, c] = total, product
