"""Products of matrices: y (Z, I, J) = bias (J) + a (Z, I, K) b (Z, K, J), the numbers of a and b being anywhere.

z matrix, i row, j column, k inner axis.
"""
import numpy as np

from .compile import cuda, kernel, real
from .elementwise import renamed
from .parts import add_parts, partial
from .tile_rules import needs_tiles, tile_for
from .tiles import LARGE, MIDDLE, NARROW, PAD, SMALL, STEP, clear, fetch, lanes, multiply, put


def product(a, b, y, depth, a_steps, b_steps, bias=None):
    """Return the calls that compute a product.

    Parameters
    ----------
    a, b, y : View
        The factors, and the matrix or matrices (Z, I, J) to write.
    depth : int
        K.
    a_steps, b_steps : tuple of int
        How many numbers it is from matrix to matrix, row to row, and along a row.
    bias : View, optional
        Added to each row.
    """
    if not y.size:
        return []
    rows, columns = y.shape[-2:]
    bias = np.zeros(columns, y.dtype) if bias is None else bias
    y = y.shaped((y.size // (rows * columns), rows, columns))
    if not needs_tiles(rows, columns, y.shape[0], depth):
        return [(product_direct, [a.flat(), b.flat(), bias, y, depth, a_steps, b_steps])]
    tile, parts = tile_for(rows, columns, y.shape[0], depth, y.dtype, TILED)
    target = partial(y, parts)
    along = int(a_steps[2] == 1), int(b_steps[1] == 1 and b_steps[2] != 1)
    return [(TILED[tile], [a.flat(), b.flat(), bias, target, depth, a_steps, b_steps, *along]),
            *add_parts(target, y)]


@kernel(items=lambda y: y.size)
def product_direct(a, b, bias, y, depth, a_steps, b_steps):
    n = cuda.grid(1)
    if n < y.size:
        _, rows, columns = y.shape
        above = n // columns
        j = n - above * columns
        z = above // rows
        i = above - z * rows
        left, right = z * a_steps[0] + i * a_steps[1], z * b_steps[0] + j * b_steps[2]
        total = bias[j]
        for k in range(depth):
            total += a[left + k * a_steps[2]] * b[right + k * b_steps[1]]
        y[z, i, j] = total


def tiled(tile):
    """Return the kernel that makes tiles of such a size; y is (parts, Z, I, J), a part being a piece of k."""
    rows, columns, high, wide = tile
    threads, together, count, apart = tile.threads, tile.together, high * wide, columns // wide
    a_loads, b_loads = rows * STEP // threads, columns * STEP // threads
    tall, broad = rows + PAD, columns + PAD

    def product_tiles(a, b, bias, y, depth, a_steps, b_steps, a_along, b_along):
        left, right = cuda.shared.array((2, STEP, tall), real), cuda.shared.array((2, STEP, broad), real)
        sums, seen = cuda.local.array(count, real), cuda.local.array(wide, real)
        a_held, b_held = cuda.local.array(a_loads, real), cuda.local.array(b_loads, real)
        parts, height, width = y.shape[0], y.shape[2], y.shape[3]
        across, down = (width + columns - 1) // columns, (height + rows - 1) // rows
        place = cuda.blockIdx.x // across
        first_j = (cuda.blockIdx.x - place * across) * columns
        above = place // down
        first_i = (place - above * down) * rows
        z = above // parts
        part = above - z * parts
        span = (depth + parts * STEP - 1) // (parts * STEP) * STEP
        begin, end = part * span, min(part * span + span, depth)
        a_i, a_k, a_i_hop, a_k_hop = lanes(a_along, rows, threads)
        b_j, b_k, b_j_hop, b_k_hop = lanes(b_along, columns, threads)
        a_at = z * a_steps[0] + (first_i + a_i) * a_steps[1] + (begin + a_k) * a_steps[2]
        b_at = z * b_steps[0] + (begin + b_k) * b_steps[1] + (first_j + b_j) * b_steps[2]
        a_hop, b_hop = a_i_hop * a_steps[1] + a_k_hop * a_steps[2], b_k_hop * b_steps[1] + b_j_hop * b_steps[2]
        a_left, b_left = height - first_i - a_i, width - first_j - b_j
        row, column = cuda.threadIdx.x // apart * high, cuda.threadIdx.x % apart
        clear(sums, count)
        fetch(a, a_at, a_hop, a_left, a_i_hop, end - begin - a_k, a_k_hop, a_held, a_loads)
        fetch(b, b_at, b_hop, b_left, b_j_hop, end - begin - b_k, b_k_hop, b_held, b_loads)
        buffer = 0
        for k in range(begin, end, STEP):
            put(left, buffer, a_k, a_k_hop, a_i, a_i_hop, a_held, a_loads)
            put(right, buffer, b_k, b_k_hop, b_j, b_j_hop, b_held, b_loads)
            cuda.syncthreads()
            a_at += STEP * a_steps[2]
            b_at += STEP * b_steps[1]
            fetch(a, a_at, a_hop, a_left, a_i_hop, end - k - STEP - a_k, a_k_hop, a_held, a_loads)
            fetch(b, b_at, b_hop, b_left, b_j_hop, end - k - STEP - b_k, b_k_hop, b_held, b_loads)
            multiply(left, right, buffer, row, column, apart, sums, seen, high, wide, together)
            buffer = 1 - buffer
        for n in range(wide):
            j = first_j + column + n * apart
            if j < width:
                base = bias[j] if part == 0 else real(0)
                for m in range(high):
                    i = first_i + row + m
                    if i < height:
                        y[part, z, i, j] = sums[m * wide + n] + base

    return kernel(blocks=lambda y: y.shape[0] * y.shape[1] * -(-y.shape[2] // rows) * -(-y.shape[3] // columns),
                  block=threads)(renamed(product_tiles, f"product_{rows}_{columns}"))


TILED = {tile: tiled(tile) for tile in (LARGE, MIDDLE, NARROW, SMALL)}
