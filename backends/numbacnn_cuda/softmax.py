"""Softmax along an axis. NaN and infinity spread as in PyTorch.

Of a vector, numbers lie `step` apart. A thread does a vector by itself where that is short, or where its neighbours
have others that lie side by side, many of them; else a block of threads does it together.
"""
import math

from numbacnn.kernels.channels_last import flat

from .block import WARP, block_max, block_sum
from .compile import BLOCK, cuda, device, kernel, real
from .functions import PRIMITIVES

exp, log, LOWEST = PRIMITIVES["exp"], PRIMITIVES["log"], -math.inf
SHORT, LONG = 32, 1024                # numbers of a vector that one thread does, always, and at most
MANY = 16384                          # vectors that fill the GPU with a thread each


def softmax(x, y, axis):
    """Lower to one kernel."""
    return along(softmax_alone, softmax_together, x, y, axis)


def softmax_backward(dy, y, dx, axis):
    """Lower to one kernel."""
    return along(softmax_backward_alone, softmax_backward_together, dy, y, dx, axis)


def log_softmax(x, y, axis):
    """Lower to one kernel."""
    return along(log_softmax_alone, log_softmax_together, x, y, axis)


def log_softmax_backward(dy, y, dx, axis):
    """Lower to one kernel."""
    return along(log_softmax_backward_alone, log_softmax_backward_together, dy, y, dx, axis)


def along(alone, together, *arguments):
    """Return the call of one of two kernels, given arrays of one shape, and an axis."""
    *arrays, axis = arguments
    x = arrays[0]
    size, step = (x.shape[axis], x.strides[axis] // x.dtype.itemsize) if x.shape else (1, 1)
    own = size <= SHORT or (step > 1 and size <= LONG and x.size >= MANY * size)
    return [(alone if own else together, [*flat(*arrays), size, step])]


def vectors(y, size):
    """Return how many vectors there are."""
    return y.size // max(size, 1)


def threads(size):
    """Return how many threads do a vector together: whole warps."""
    return min(BLOCK, -(-size // (2 * WARP)) * WARP)


@device
def span(vector, size, step):
    """Return where a vector begins and ends."""
    begin = vector // step * step * size + vector % step
    return begin, begin + size * step


@device
def own_span(size, step):
    """Return where the vector of a block begins, for each of its threads, where it ends, and how far a thread goes."""
    begin, end = span(cuda.blockIdx.x, size, step)
    return begin + cuda.threadIdx.x * step, end, cuda.blockDim.x * step


# --- what a thread does with numbers from `begin` to `end`, `step` apart ----------------------------------------------

@device
def highest(x, begin, end, step):
    """Return the largest number that is not NaN."""
    top = LOWEST
    for i in range(begin, end, step):
        top = x[i] if x[i] > top else top
    return top


@device
def powers(x, begin, end, step, top):
    """Return the sum of exp(x - top)."""
    total = real(0)
    for i in range(begin, end, step):
        total += exp(x[i] - top)
    return total


@device
def products(a, b, begin, end, step):
    """Return the sum of a * b."""
    total = real(0)
    for i in range(begin, end, step):
        total += a[i] * b[i]
    return total


@device
def numbers(a, begin, end, step):
    """Return the sum of a."""
    total = real(0)
    for i in range(begin, end, step):
        total += a[i]
    return total


@device
def put_softmax(x, begin, end, step, top, total, y):
    """Write y = exp(x - top) / total."""
    for i in range(begin, end, step):
        y[i] = exp(x[i] - top) / total


@device
def put_log_softmax(x, begin, end, step, top, rest, y):
    """Write y = x - top - rest."""
    for i in range(begin, end, step):
        y[i] = x[i] - top - rest


@device
def put_softmax_gradient(dy, y, begin, end, step, total, dx):
    """Write dx = y * (dy - total)."""
    for i in range(begin, end, step):
        dx[i] = y[i] * (dy[i] - total)


@device
def put_log_softmax_gradient(dy, y, begin, end, step, total, dx):
    """Write dx = dy - exp(y) * total."""
    for i in range(begin, end, step):
        dx[i] = dy[i] - exp(y[i]) * total


# --- kernels: a vector is a thread's, or a block's --------------------------------------------------------------------

@kernel(items=vectors)
def softmax_alone(x, y, size, step):
    if cuda.grid(1) < y.size // size:
        begin, end = span(cuda.grid(1), size, step)
        top = highest(x, begin, end, step)
        put_softmax(x, begin, end, step, top, powers(x, begin, end, step, top), y)


@kernel(blocks=vectors, block=threads)
def softmax_together(x, y, size, step):
    begin, end, far = own_span(size, step)
    top = block_max(highest(x, begin, end, far))
    put_softmax(x, begin, end, far, top, block_sum(powers(x, begin, end, far, top)), y)


@kernel(items=vectors)
def log_softmax_alone(x, y, size, step):
    if cuda.grid(1) < y.size // size:
        begin, end = span(cuda.grid(1), size, step)
        top = highest(x, begin, end, step)
        put_log_softmax(x, begin, end, step, top, log(powers(x, begin, end, step, top)), y)


@kernel(blocks=vectors, block=threads)
def log_softmax_together(x, y, size, step):
    begin, end, far = own_span(size, step)
    top = block_max(highest(x, begin, end, far))
    put_log_softmax(x, begin, end, far, top, log(block_sum(powers(x, begin, end, far, top))), y)


@kernel(items=vectors)
def softmax_backward_alone(dy, y, dx, size, step):
    if cuda.grid(1) < y.size // size:
        begin, end = span(cuda.grid(1), size, step)
        put_softmax_gradient(dy, y, begin, end, step, products(dy, y, begin, end, step), dx)


@kernel(blocks=vectors, block=threads)
def softmax_backward_together(dy, y, dx, size, step):
    begin, end, far = own_span(size, step)
    put_softmax_gradient(dy, y, begin, end, far, block_sum(products(dy, y, begin, end, far)), dx)


@kernel(items=vectors)
def log_softmax_backward_alone(dy, y, dx, size, step):
    if cuda.grid(1) < y.size // size:
        begin, end = span(cuda.grid(1), size, step)
        put_log_softmax_gradient(dy, y, begin, end, step, numbers(dy, begin, end, step), dx)


@kernel(blocks=vectors, block=threads)
def log_softmax_backward_together(dy, y, dx, size, step):
    begin, end, far = own_span(size, step)
    put_log_softmax_gradient(dy, y, begin, end, far, block_sum(numbers(dy, begin, end, far)), dx)
