"""Random numbers: the generator is that of dropout, and so is the count."""
import math

import numpy as np

from .compile import Primitive, cuda, device, kernel, real
from .dtypes import BFLOAT16, computed
from .philox import HIGH, LANES, SHARED, THREADS, draw, drawn, philox, philox_count

ELEVEN, ONE = np.uint64(11), np.uint64(1)
LOW = np.uint64(0xFFFFFFFF)
# of pi times a number: no table of the digits of pi, as cos and sin of large angles need it in local memory
cosine_of_pi = Primitive("cospi", lambda x: math.cos(math.pi * x))
sine_of_pi = Primitive("sinpi", lambda x: math.sin(math.pi * x))
SINGLE, WHOLE, DOUBLE = 2.0 ** -24, 2.0 ** -32, 2.0 ** -53


def random_uniform(state, y, new_state):
    """Lower to the numbers, and then the count; those that bfloat16 would round to 1 are the largest below 1."""
    if computed(y.dtype) != np.float32:
        return counted(uniform_words, state, y, new_state)
    return counted(uniform_lanes, state, y, new_state, 1 - 2.0 ** -8 if y.dtype == BFLOAT16 else 1.0)


def random_normal(state, y, new_state):
    """Lower to the numbers, and then the count."""
    return counted(normal_lanes if computed(y.dtype) == np.float32 else normal_words, state, y, new_state)


def random_integers(state, y, new_state, low, high):
    """Lower to the numbers, and then the count."""
    return counted(integer_words, state, y, new_state, low, high - low - 1)


def counted(kernel, state, y, new_state, *numbers):
    """Return the calls that write the numbers, and the count."""
    return [(kernel, [state, y, *numbers]), (philox_count, [state, new_state])]


def blocks_of(y):
    """Return how many calls of the generator there are: four lanes each for float32, else two words."""
    return -(-y.size // (LANES if computed(y.dtype) == np.float32 else LANES // 2))


@device
def words(block, state):
    """Return the two words of a call of the generator."""
    a, b, c, d = philox(block, state[1], state[0])
    return a | b << HIGH, c | d << HIGH


@kernel(blocks=lambda y: -(-y.size // (LANES * THREADS)), block=THREADS)
def uniform_lanes(state, y, highest):
    lanes = cuda.shared.array(SHARED, np.uint32)
    draw(lanes, state)
    for k in range(LANES):
        own = k * THREADS + cuda.threadIdx.x
        i = cuda.blockIdx.x * LANES * THREADS + own
        if i < y.size:
            y[i] = min(real(drawn(lanes, own)) * SINGLE, highest)


@kernel(items=blocks_of)
def uniform_words(state, y):
    block = cuda.grid(1)
    if 2 * block < y.size:
        first, second = words(block, state)
        y[2 * block] = np.float64(first >> ELEVEN) * DOUBLE
        if 2 * block + 1 < y.size:
            y[2 * block + 1] = np.float64(second >> ELEVEN) * DOUBLE


@device
def put_pair(y, i, u, v):
    """Write two normal numbers, made of u in (0, 1] and v in [0, 1), to position i, as far as y reaches."""
    r = math.sqrt(-2.0 * math.log(u))
    if i < y.size:
        y[i] = r * cosine_of_pi(2.0 * v)
    if i + 1 < y.size:
        y[i + 1] = r * sine_of_pi(2.0 * v)


@kernel(items=blocks_of, wide=True)
def normal_lanes(state, y):
    block = cuda.grid(1)
    if LANES * block < y.size:
        a, b, c, d = philox(block, state[1], state[0])
        put_pair(y, LANES * block, np.float64(a + ONE) * WHOLE, np.float64(b) * WHOLE)
        put_pair(y, LANES * block + 2, np.float64(c + ONE) * WHOLE, np.float64(d) * WHOLE)


@kernel(items=blocks_of, wide=True)
def normal_words(state, y):
    block = cuda.grid(1)
    if 2 * block < y.size:
        first, second = words(block, state)
        put_pair(y, 2 * block, np.float64((first >> ELEVEN) + ONE) * DOUBLE, np.float64(second >> ELEVEN) * DOUBLE)


@kernel(items=blocks_of)
def integer_words(state, y, low, last):
    """`last` is how far the highest number is from the lowest: their count might be too large for a word."""
    block, count = cuda.grid(1), np.uint64(last) + ONE
    if 2 * block < y.size:
        first, second = words(block, state)
        y[2 * block] = low + np.int64(upper_product(first, count))
        if 2 * block + 1 < y.size:
            y[2 * block + 1] = low + np.int64(upper_product(second, count))


@device
def upper_product(a, b):
    """Return the upper 64 bits of the product of two words."""
    high_a, low_a, high_b, low_b = a >> HIGH, a & LOW, b >> HIGH, b & LOW
    one, other = high_a * low_b, low_a * high_b
    middle = (low_a * low_b >> HIGH) + (one & LOW) + (other & LOW)
    return high_a * high_b + (one >> HIGH) + (other >> HIGH) + (middle >> HIGH)
