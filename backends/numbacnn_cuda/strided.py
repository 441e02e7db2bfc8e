"""Arrays seen through strides: any broadcast, permutation, slice or window as one axis that a kernel can walk.

A kernel gets the numbers of an array as one axis, and two tuples: how long the axes are, and how far apart numbers
along them lie. Axes that can be walked as one are merged, so that most arrays have one or two.
"""
import math

import numpy as np
from numpy import int64, uint32

from numbacnn.kernels import Place
from numbacnn.kernels.channels_last import View

from .compile import BLOCK, cuda, device, kernel
from .dtypes import computed
from .memory import TEMPORARY

PHYSICAL = 0, 3, 1, 2                                    # where an axis of (N, C, H, W) lies
SIDE, LEAST = 32, 16                                    # of squares that are turned; numbers that are worth one
SQUARE = SIDE * (SIDE + 1)                               # one more, so that columns lie in different banks
BITS = {1: np.dtype(np.uint8), 2: np.dtype(np.int16), 4: np.dtype(np.int32), 8: np.dtype(np.int64)}


def bits(x):
    """Return the numbers of an array as they lie, as whole numbers of their size: fewer kernels are compiled."""
    return x.flat()._replace(dtype=BITS[x.dtype.itemsize])


def as_whole(x):
    """Return an array of truth values as one of 0 and 1."""
    return x._replace(dtype=np.dtype(np.uint8)) if x.dtype == np.bool_ else x


def around(x, axis):
    """Return how many numbers an array has outside of an axis, along it, and inside, as it lies."""
    shape, position = x.physical().shape, PHYSICAL[axis] if x.ndim == 4 else axis
    return math.prod(shape[:position]), shape[position], math.prod(shape[position + 1:])


def walks(shape, *views):
    """Return `(shape, strides of the first view, strides of the next, ...)`, of at least one axis, merged.

    Strides count numbers. All views have this shape; the order of its axes is kept, the last one is innermost.
    """
    steps = [[stride // view.dtype.itemsize for stride in view.strides] for view in views]
    axes = [(n, *each) for n, *each in zip(shape, *steps, strict=True) if n != 1]
    merged = axes[:1]
    for n, *inner in axes[1:]:
        above, *outer = merged[-1]
        if all(far == n * near for far, near in zip(outer, inner, strict=True)):
            merged[-1] = (above * n, *inner)
        else:
            merged.append((n, *inner))
    return list(zip(*(merged or [(1, *[0] * len(views))]), strict=True))


def numbers_of(view):
    """Return all memory that a view can reach, from its first number on, as one axis; no stride is negative."""
    reach = sum((n - 1) * stride for n, stride in zip(view.shape, view.strides, strict=True)) // view.dtype.itemsize + 1
    return view.shaped((reach if view.size else 0,))


@device
def divided(i, n):
    """Return i // n and i % n, of numbers from 0 to 2^31 - 1: an array has no more, and 64 bits take much longer."""
    whole = int64(uint32(i) // uint32(n))
    return whole, i - whole * n


@device
def follow(shape, strides, i):
    """Return how far from the first number that one lies which comes i-th in row-major order."""
    at = 0
    for axis in range(len(shape) - 1, 0, -1):
        i, here = divided(i, shape[axis])
        at += here * strides[axis]
    return at + i * strides[0]


@kernel(items=lambda y: y.size)
def gather_numbers(x, y, shape, strides):
    i = cuda.grid(1)
    if i < y.size:
        y[i] = x[follow(shape, strides, i)]


@kernel(items=lambda y: y.size)
def gather_truths(x, y, shape, strides):
    i = cuda.grid(1)
    if i < y.size:
        y[i] = x[follow(shape, strides, i)] != 0


@kernel(blocks=lambda y, rows, columns: -(-rows // SIDE) * -(-columns // SIDE) * (y.size // max(rows * columns, 1)))
def turn_squares(x, y, shape, strides, y_strides, rows, columns, step, pitch):
    """Copy squares through shared memory: threads read along columns, which lie so in x, and write along rows."""
    square = cuda.shared.array(SQUARE, x.dtype)
    above, right = divided(cuda.blockIdx.x, (columns + SIDE - 1) // SIDE)
    plane, down = divided(above, (rows + SIDE - 1) // SIDE)
    source, target = follow(shape, strides, plane), follow(shape, y_strides, plane)
    line, lane = cuda.threadIdx.x // SIDE, cuda.threadIdx.x % SIDE
    for k in range(line, SIDE, BLOCK // SIDE):
        row, column = down * SIDE + lane, right * SIDE + k
        if row < rows and column < columns:
            square[k * (SIDE + 1) + lane] = x[source + row + column * step]
    cuda.syncthreads()
    for k in range(line, SIDE, BLOCK // SIDE):
        row, column = down * SIDE + k, right * SIDE + lane
        if row < rows and column < columns:
            y[target + row * pitch + column] = square[lane * (SIDE + 1) + k]


def turn(seen, y, shape, strides):
    """Return the call that copies a view by squares, or None where these would be too small, or no better."""
    rows_at = next((axis for axis, (n, stride) in enumerate(zip(shape, strides, strict=True))
                    if stride == 1 and n >= LEAST), None)
    if seen.dtype != y.dtype or rows_at is None or strides[-1] <= 1 or shape[-1] < LEAST:
        return None
    pitches = [math.prod(shape[axis + 1:]) for axis in range(len(shape))]
    rest = [axis for axis in range(len(shape) - 1) if axis != rows_at]
    planes = [tuple(values[axis] for axis in rest) or (1,) for values in (shape, strides, pitches)]
    return (turn_squares, [numbers_of(seen)._replace(dtype=BITS[y.dtype.itemsize]), bits(y), *planes,
                           shape[rows_at], shape[-1], strides[-1], pitches[rows_at]])


def gather(seen, y):
    """Return the call that copies a view to y, as y lies; the view has the shape of y as it lies, any strides >= 0."""
    shape, strides = walks(seen.shape, seen)
    turned = turn(seen, y, shape, strides)
    if turned:
        return turned
    to_truths = y.dtype == np.bool_ and seen.dtype != np.bool_
    return (gather_truths if to_truths else gather_numbers, [numbers_of(seen), y.flat(), shape, strides])


def unrounded(y, offset=0):
    """Return where to keep numbers of y that are read again, and the calls that then write y.

    That is y itself, or a temporary where numbers of y have fewer bits than those computed with.
    """
    if computed(y.dtype) == y.dtype:
        return y, []
    found = View.of(Place(TEMPORARY, offset, y.shape, computed(y.dtype).name))
    return found, [gather(found.flat(), y.flat())]
