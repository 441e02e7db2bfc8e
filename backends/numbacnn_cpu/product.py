"""Products of small matrices: the inner loops of convolution and of dense layers. i row, j column, k inner axis."""
import functools

import numpy as np

from .compile import compiled

DEPTH = 8                 # rows of b that `add_product` adds up in one pass over a row of y


@functools.partial(compiled, reassociate=True)
def add_dots(a, b, y):
    """y (I, J) += a (I, K) times b (J, K) transposed: the numbers of both are read along their rows.

    4 x 2 sums at a time: eight vector registers, six loads for eight multiplications. At an edge the last row and the
    last column are summed again, so every sum is made in the same way and has the same bits wherever it stands.
    """
    rows, depth = a.shape
    columns = b.shape[0]
    for j0 in range(0, columns, 2):
        j1 = min(j0 + 1, columns - 1)
        for i0 in range(0, rows, 4):
            i1, i2, i3 = min(i0 + 1, rows - 1), min(i0 + 2, rows - 1), min(i0 + 3, rows - 1)
            sum00, sum01, sum10, sum11 = y[i0, j0], y[i0, j1], y[i1, j0], y[i1, j1]
            sum20, sum21, sum30, sum31 = y[i2, j0], y[i2, j1], y[i3, j0], y[i3, j1]
            for k in range(depth):
                a0, a1, a2, a3 = a[i0, k], a[i1, k], a[i2, k], a[i3, k]
                b0, b1 = b[j0, k], b[j1, k]
                sum00 += a0 * b0
                sum01 += a0 * b1
                sum10 += a1 * b0
                sum11 += a1 * b1
                sum20 += a2 * b0
                sum21 += a2 * b1
                sum30 += a3 * b0
                sum31 += a3 * b1
            y[i0, j0], y[i0, j1], y[i1, j0], y[i1, j1] = sum00, sum01, sum10, sum11
            y[i2, j0], y[i2, j1], y[i3, j0], y[i3, j1] = sum20, sum21, sum30, sum31


@compiled
def add_product(a, b, y, first, last):
    """Columns first ... last - 1 of y (I, J) += those of a (I, K) times b (K, J): a row of y is summed as a whole."""
    rows, depth = a.shape
    first, last = np.uintp(first), np.uintp(last)       # unsigned: patches.py says why
    whole = depth - depth % DEPTH
    for i in range(rows):
        for k in range(0, whole, DEPTH):
            a0, a1, a2, a3 = a[i, k], a[i, k + 1], a[i, k + 2], a[i, k + 3]
            a4, a5, a6, a7 = a[i, k + 4], a[i, k + 5], a[i, k + 6], a[i, k + 7]
            for j in range(first, last):
                y[i, j] += (a0 * b[k, j] + a1 * b[k + 1, j] + a2 * b[k + 2, j] + a3 * b[k + 3, j]
                            + a4 * b[k + 4, j] + a5 * b[k + 5, j] + a6 * b[k + 6, j] + a7 * b[k + 7, j])
        for k in range(whole, depth):
            a0 = a[i, k]
            for j in range(first, last):
                y[i, j] += a0 * b[k, j]
