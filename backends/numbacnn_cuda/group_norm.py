"""Group and instance norm: the channels of a group of an image are normalised together; cuts are those of columns.py.

Backward, a first pass sums up dy and dy * z for each channel of an image, z = (x - mean) * rstd; of these are the
gradients of weight and bias, and what a second pass needs to write dx. known (N * G, 3) is that of norm_moments.py.
"""
import math

from .block import WARP, block_sum
from .columns import (
    ROWS,
    THREADS,
    WRITES,
    above,
    add_pairs,
    below_of,
    blocks_of,
    column_sum,
    completed,
    cut_of,
    is_first,
    joiner,
    load,
    numbers_of,
    own_numbers,
    parts_of,
    precisely,
    threads_of,
)
from .compile import BLOCK, cuda, kernel, real
from .dtypes import computed
from .functions import PRIMITIVES
from .memory import temporary
from .norm_moments import known_of, moments, write_known

sqrt = PRIMITIVES["sqrt"]


def group_norm(x, weight, bias, y, mean, rstd, eps):
    """Lower to moments of parts, those of groups, and a pass that writes y."""
    if not x.size:
        return []
    cut = cut_of(x)
    parts = parts_of(cut, 3, x.dtype)
    known, _ = known_of(mean, rstd, x.dtype, above(parts))
    each = x.shape[1] // mean.shape[1]
    return [(moments, [x.flat(), parts, cut]), (group_norm_join, [parts, mean, rstd, known, cut, each, float(eps)]),
            (group_norm_apply, [x.flat(), known, weight, bias, y.flat(), cut_of(x, blocks=WRITES), each])]


def group_norm_backward_input(dy, x, mean, rstd, weight, dx):
    """Lower to sums over parts, those of groups, and a pass that writes dx."""
    if not x.size:
        return []
    parts, known, calls = sums_of(dy, x, mean, rstd)
    each, slopes = x.shape[1] // mean.shape[1], temporary((mean.size, 2), computed(x.dtype), above(known))
    return [*calls, (group_norm_slopes, [parts, rstd, weight, slopes, each, each * math.prod(x.shape[2:])]),
            (group_norm_gradient, [dy.flat(), x.flat(), known, weight, slopes, dx.flat(), cut_of(x, blocks=WRITES),
                                   each])]


def group_norm_backward_weight(dy, x, mean, rstd, dweight, dbias):
    """Lower to sums over parts, and their sums."""
    parts, _, calls = sums_of(dy, x, mean, rstd)
    return [*calls, (add_pairs, [parts, dbias, dweight, below_of(parts.shape[0])])]


def instance_norm_running(*arrays_and_numbers):
    """Lower to one kernel, whose threads share a channel."""
    mean = arrays_and_numbers[0]
    return [(running_join, [*arrays_and_numbers, below_of(mean.shape[0])])]


def sums_of(dy, x, mean, rstd):
    """Return memory for sums over parts, and for what is known of groups, and the calls that write both."""
    cut = cut_of(x)
    parts = parts_of(cut, 2, x.dtype)
    known, learn = known_of(mean, rstd, x.dtype, above(parts))
    return parts, known, [learn, (group_norm_sums, [dy.flat(), x.flat(), known, parts, cut,
                                                    x.shape[1] // mean.shape[1]])]


def threads(parts, mean, each):
    """Return how many threads join the parts of a group: whole warps."""
    numbers = parts.shape[0] // max(mean.shape[0], 1) * each
    return min(BLOCK, max(WARP, -(-numbers // WARP) * WARP))


@kernel(blocks=lambda mean: mean.size, block=threads, wide=True)
def group_norm_join(parts, mean, rstd, known, cut, each, eps):
    """A block joins the parts and the channels of a group of an image."""
    groups, pieces = mean.shape[1], cut[8]
    image = cuda.blockIdx.x // groups
    group = cuda.blockIdx.x - image * groups
    base, total, square = 0.0 + parts[image * pieces, 0, group * each], 0.0, 0.0
    for k in range(cuda.threadIdx.x, pieces * each, cuda.blockDim.x):
        part, c = image * pieces + k // each, group * each + k % each
        total += numbers_of(part, cut) * (parts[part, 0, c] - base) + parts[part, 1, c]
    count = cut[1] * each
    middle = base + block_sum(total) / count
    for k in range(cuda.threadIdx.x, pieces * each, cuda.blockDim.x):
        part, c = image * pieces + k // each, group * each + k % each
        own, sums = numbers_of(part, cut), 0.0 + parts[part, 1, c]
        away = parts[part, 0, c] - middle + sums / own
        square += parts[part, 2, c] - sums * sums / own + own * away * away
    square = block_sum(square)
    if cuda.threadIdx.x == 0:
        spread = 1.0 / sqrt(square / count + eps)
        mean[image, group], rstd[image, group] = middle, spread
        write_known(known, cuda.blockIdx.x, middle, spread)


@kernel(blocks=blocks_of, block=threads_of)
def group_norm_apply(x, known, weight, bias, y, cut, each):
    image, _, c, begin, end, step, _ = own_numbers(cut)
    if begin < end:
        group = (image * weight.size + c) // each
        center, low, scale, shift = known[group, 0], known[group, 1], known[group, 2] * weight[c], bias[c]
        values = cuda.local.array(ROWS, real)
        for start in range(begin, end, ROWS * step):
            load(x, start, end, step, values)
            for k in range(ROWS):
                if start + k * step < end:
                    y[start + k * step] = ((values[k] - center) - low) * scale + shift


@kernel(blocks=blocks_of, block=threads_of)
def group_norm_sums(dy, x, known, parts, cut, each):
    """parts (P, 2, C): the sums of dy, and of dy * z."""
    image, part, c, begin, end, step, _ = own_numbers(cut)
    group = (image * parts.shape[2] + c) // each if begin < end else 0
    center, low = known[group, 0], known[group, 1]
    total, rest, product, rest_of_products = real(0), real(0), real(0), real(0)
    values, gradients = cuda.local.array(ROWS, real), cuda.local.array(ROWS, real)
    for start in range(begin, end, ROWS * step):
        load(x, start, end, step, values)
        load(dy, start, end, step, gradients)
        sums, products = real(0), real(0)
        for k in range(ROWS):
            if start + k * step < end:
                sums += gradients[k]
                products += gradients[k] * ((values[k] - center) - low)
        total, rest = precisely(total, rest, sums)
        product, rest_of_products = precisely(product, rest_of_products, products)
    columns, together = cut[5], cut[6]
    total = column_sum(completed(total, rest), columns, together)
    product = column_sum(completed(product, rest_of_products), columns, together)
    if is_first(cut):
        parts[part, 0, c], parts[part, 1, c] = total, product * known[group, 2]


@kernel(blocks=lambda rstd: rstd.size, block=lambda parts, rstd, each: threads(parts, rstd, each), wide=True)
def group_norm_slopes(parts, rstd, weight, slopes, each, numbers):
    """slopes (N * G, 2): of each group, the slope and the constant of dx; there are so many `numbers` in it."""
    groups, pieces = rstd.shape[1], parts.shape[0] // rstd.shape[0]
    image = cuda.blockIdx.x // groups
    group = cuda.blockIdx.x - image * groups
    total, product = 0.0, 0.0
    for k in range(cuda.threadIdx.x, pieces * each, cuda.blockDim.x):
        part, c = image * pieces + k // each, group * each + k % each
        factor = 0.0 + weight[c]
        total += factor * parts[part, 0, c]
        product += factor * parts[part, 1, c]
    total, product = block_sum(total), block_sum(product)
    if cuda.threadIdx.x == 0:
        spread = rstd[image, group]
        slopes[cuda.blockIdx.x, 0] = spread * spread * product / numbers
        slopes[cuda.blockIdx.x, 1] = spread * total / numbers


@kernel(blocks=blocks_of, block=threads_of)
def group_norm_gradient(dy, x, known, weight, slopes, dx, cut, each):
    image, _, c, begin, end, step, _ = own_numbers(cut)
    if begin < end:
        group = (image * weight.size + c) // each
        center, low, factor = known[group, 0], known[group, 1], known[group, 2] * weight[c]
        slope, constant = slopes[group, 0], slopes[group, 1]
        values, gradients = cuda.local.array(ROWS, real), cuda.local.array(ROWS, real)
        for start in range(begin, end, ROWS * step):
            load(x, start, end, step, values)
            load(dy, start, end, step, gradients)
            for k in range(ROWS):
                if start + k * step < end:
                    moved = ((values[k] - center) - low) * slope + constant
                    dx[start + k * step] = factor * gradients[k] - moved


@kernel(blocks=lambda running_mean, below: -(-running_mean.size * below // THREADS), block=THREADS, wide=True)
def running_join(mean, rstd, running_mean, running_var, new_running_mean, new_running_var, momentum, eps, count, below):
    c, first = joiner(below)
    images, means, variances = mean.shape[0], 0.0, 0.0
    if c < running_mean.size:
        for image in range(first, images, below):
            means += mean[image, c]
            variances += 1.0 / (rstd[image, c] * rstd[image, c]) - eps
    means = column_sum(means, THREADS // below, below)
    variances = column_sum(variances, THREADS // below, below)
    if first == 0 and c < running_mean.size:
        new_running_mean[c] = (1.0 - momentum) * running_mean[c] + momentum * (means / images)
        new_running_var[c] = (1.0 - momentum) * running_var[c] + momentum * (variances / images * count / (count - 1))
