"""PReLU: one slope, or one per channel. NaN takes the branch of PyTorch."""
from .columns import (
    ROWS,
    SUMS,
    WRITES,
    add_parts,
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
from .compile import cuda, kernel, real


def prelu(x, weight, y):
    """Lower to one pass."""
    return [(prelu_bend, [x.flat(), x.flat(), weight, y.flat(), cut_for(x, weight, WRITES)])]


def prelu_backward_input(dy, x, weight, dx):
    """Lower to the same pass: dy is bent where x is."""
    return [(prelu_bend, [dy.flat(), x.flat(), weight, dx.flat(), cut_for(x, weight, WRITES)])]


def prelu_backward_weight(dy, x, dweight):
    """Lower to sums over parts, and their sums."""
    cut = cut_for(x, dweight, SUMS)
    parts = parts_of(cut, 1, x.dtype)
    return [(prelu_sums, [dy.flat(), x.flat(), parts, cut]), (add_parts, [parts, dweight, below_of(parts.shape[0])])]


def cut_for(x, weight, blocks):
    """Return the cut (columns.py) of x as rows of channels; with one slope, as one channel."""
    return cut(1, x.size // max(weight.size, 1), weight.size, 1, blocks)


@kernel(blocks=blocks_of, block=threads_of)
def prelu_bend(a, x, weight, y, cut):
    """y = a where x > 0, else a times its slope."""
    _, _, c, begin, end, step, _ = own_numbers(cut)
    if begin < end:
        slope = weight[c]
        values, signs = cuda.local.array(ROWS, real), cuda.local.array(ROWS, real)
        for start in range(begin, end, ROWS * step):
            load(a, start, end, step, values)
            load(x, start, end, step, signs)
            for k in range(ROWS):
                if start + k * step < end:
                    y[start + k * step] = values[k] if signs[k] > 0 else slope * values[k]


@kernel(blocks=blocks_of, block=threads_of)
def prelu_sums(dy, x, parts, cut):
    """parts (P, 1, C): the sums of x * dy where x <= 0."""
    _, part, c, begin, end, step, _ = own_numbers(cut)
    total, rest = real(0), real(0)
    values, gradients = cuda.local.array(ROWS, real), cuda.local.array(ROWS, real)
    for start in range(begin, end, ROWS * step):
        load(x, start, end, step, values)
        load(dy, start, end, step, gradients)
        sums = real(0)
        for k in range(ROWS):
            if start + k * step < end and not values[k] > 0:
                sums += values[k] * gradients[k]
        total, rest = precisely(total, rest, sums)
    total = column_sum(completed(total, rest), cut[5], cut[6])
    if is_first(cut):
        parts[part, 0, c] = total
