"""Numbers put where indices point, and taken from there: gradients of maxima, and unpooling.

`max_pool_backward` knows no windows, only where the maxima of outputs are. Along an axis of n places and m outputs,
p m - o n says how far place p lies off output o. The least and largest of these numbers, over all outputs of all
planes, bound the outputs that may point to a place: about as many as there are windows that hold it, whatever these
were. Each place looks at those, in row-major order: no two threads write to one number, and results are the same at
each run. Indices that come from no pooling are served as well, but a place may have to look at its whole plane.
In place of m and n two numbers serve whose ratio is about the same.
"""
import numpy as np

from .block import block_least
from .compile import cuda, device, kernel, real
from .division import dividers, quotient, split
from .fault import fail
from .memory import temporary
from .planes import place_of, places_in

AXES = 3
PARTS, EACH = 1024, 2048  # most blocks that look for bounds, and how many outputs one looks at, at least
LIMIT = 58                # bits of p m and o n
FAR = 2**LIMIT            # as far as a place can be off an output


# --- gradients of maxima --------------------------------------------------------------------------------------------

def max_pool_backward(dy, argmax, dx):
    """Lower to bounds, of parts and of all, and one pass over dx."""
    planes, image, outputs = argmax.planes(), dx.planes().shape[1:4], dy.planes().shape[1:4]
    count = min(PARTS, -(-dy.size // EACH))
    rises, falls = zip(*map(slope, image, outputs), strict=True)
    parts, bounds = temporary((count, 2 * AXES), np.int64), temporary((2 * AXES,), np.int64, 2 * AXES * PARTS * 8)
    return [(bounds_of_parts, [planes.flat(), parts, rises, falls, *places_in(dy), *dividers(image[2], image[1])]),
            (bounds_of_all, [parts, bounds]),
            (collect, [dy.flat(), argmax.flat(), dx.flat(), bounds, outputs, rises, *dividers(*falls), *places_in(dx)])]


def slope(n, m):
    """Return m and n, or smaller numbers of about the same ratio if products of them and places were too large."""
    spare = max((n * m).bit_length() - LIMIT, 0)
    return max(m >> spare, 1), max(n >> spare, 1)


@kernel(blocks=lambda parts: parts.shape[0])
def bounds_of_parts(argmax, parts, rises, falls, numbers, columns, rows, slices, width, height):
    """Write the least of p m - o n and of its opposite, for each axis, over a part of the outputs."""
    d_least, d_most, h_least, h_most, w_least, w_most = FAR, FAR, FAR, FAR, FAR, FAR
    for i in range(cuda.grid(1), argmax.size, cuda.gridsize(1)):
        _, od, oh, ow, _ = place_of(i, numbers, columns, rows, slices)
        above, w = split(np.int64(argmax[i]), width)
        d, h = split(above, height)
        d_off, h_off, w_off = d * rises[0] - od * falls[0], h * rises[1] - oh * falls[1], w * rises[2] - ow * falls[2]
        d_least, d_most = min(d_least, d_off), min(d_most, -d_off)
        h_least, h_most = min(h_least, h_off), min(h_most, -h_off)
        w_least, w_most = min(w_least, w_off), min(w_most, -w_off)
    d_least, d_most = block_least(d_least), block_least(d_most)
    h_least, h_most = block_least(h_least), block_least(h_most)
    w_least, w_most = block_least(w_least), block_least(w_most)
    if cuda.threadIdx.x == 0:
        b = cuda.blockIdx.x
        parts[b, 0], parts[b, 1], parts[b, 2] = d_least, h_least, w_least
        parts[b, 3], parts[b, 4], parts[b, 5] = d_most, h_most, w_most


@kernel(blocks=lambda bounds: bounds.size)
def bounds_of_all(parts, bounds):
    """Write the least of the parts. A block finds one bound."""
    least = FAR
    for part in range(cuda.threadIdx.x, parts.shape[0], cuda.blockDim.x):
        least = min(least, parts[part, cuda.blockIdx.x])
    least = block_least(least)
    if cuda.threadIdx.x == 0:
        bounds[cuda.blockIdx.x] = least


@kernel(items=lambda dx: dx.size)
def collect(dy, argmax, dx, bounds, outputs, rises, depth, height, width, numbers, columns, rows, slices):
    i = cuda.grid(1)
    if i < dx.size:
        plane, d, h, w, number = place_of(i, numbers, columns, rows, slices)
        place = (d * rows[0] + h) * columns[0] + w
        first, last = pointing(d, outputs[0], rises[0], depth, bounds[0], bounds[3])
        top, bottom = pointing(h, outputs[1], rises[1], height, bounds[1], bounds[4])
        left, right = pointing(w, outputs[2], rises[2], width, bounds[2], bounds[5])
        total = real(0)
        for od in range(first, last):
            for oh in range(top, bottom):
                row = (plane * outputs[0] + od) * outputs[1] + oh
                for ow in range(left, right):
                    k = (row * outputs[2] + ow) * numbers[0] + number
                    if argmax[k] == place:
                        total += dy[k]
        dx[i] = total


@device
def pointing(p, outputs, m, n, least, most):
    """Return from which to before which output, o, p m - o n is from `least` to -`most`; n is a divider."""
    first = quotient(max(p * m + most + n[0] - 1, 0), n)
    return first, min(quotient(max(p * m - least + n[0], 0), n), outputs)


# --- unpooling ------------------------------------------------------------------------------------------------------

def outside(item, index, x, indices, y, *_):
    """Return the exception for an index that is not a place of y."""
    return IndexError(f"max_unpool: indices must be from 0 to {y.shape[1] - 1}, got {index}")


def max_unpool(x, indices, y):
    """Lower to which number comes last of those that go to a place, found by their order, and a pass over y."""
    last = temporary((y.size,), np.int32 if x.size < 2**31 else np.int64)
    return [(clear, [last]),
            (find_last, [x.flat(), indices.flat(), y.places(), last, *places_along(x)]),
            (take_last, [x.flat(), last, y.flat()])]


def places_along(x):
    """Return dividers that find the number and place of a number of x."""
    _, places, numbers = x.places().shape
    return dividers(numbers, places)


@kernel(items=lambda last: last.size)
def clear(last):
    i = cuda.grid(1)
    if i < last.size:
        last[i] = -1


@kernel(items=lambda x: x.size, raises=outside)
def find_last(x, indices, y, last, numbers, places, fault, launch):
    """Write for each place of y the last number of x that goes there; whole numbers, so that all orders are alike."""
    i = cuda.grid(1)
    if i < x.size:
        index = indices[i]
        if 0 <= index < y.shape[1]:
            place, number = split(i, numbers)
            cuda.atomic.max(last, (quotient(place, places) * y.shape[1] + index) * numbers[0] + number, i)
        else:
            fail(fault, launch, i, index)


@kernel(items=lambda y: y.size)
def take_last(x, last, y):
    i = cuda.grid(1)
    if i < y.size:
        y[i] = x[last[i]] if last[i] >= 0 else 0.0


max_unpool.raises = find_last.raises                     # as of all ops that may raise


def numbers_along(dy, indices, dx):
    """Arrange arrays of `max_unpool_backward`."""
    return [dx.flat(), indices.flat(), dy.places(), *places_along(dx)]


@kernel(items=lambda dx: dx.size, arrange=numbers_along, raises=outside)
def max_unpool_backward(dx, indices, dy, numbers, places, fault, launch):
    i = cuda.grid(1)
    if i < dx.size:
        index = indices[i]
        if 0 <= index < dy.shape[1]:
            place, number = split(i, numbers)
            dx[i] = dy[quotient(place, places), index, number]
        else:
            dx[i] = real(0)
            fail(fault, launch, i, index)
