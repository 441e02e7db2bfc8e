"""Random numbers: the generator is that of dropout, and so is the count. An item is a block: one call of it."""
import math

import numpy as np

from .compile import compiled, kernel
from .dropout import EIGHT, HIGH, LANES, LOW, dropout_count, philox

ELEVEN, ONE = np.uint64(11), np.uint64(1)
SINGLE, WHOLE, DOUBLE = 2.0 ** -24, 2.0 ** -32, 2.0 ** -53


def random_uniform(state, y, new_state):
    """Lower to the numbers, and then the count."""
    return drawn(uniform_lanes if y.dtype == np.float32 else uniform_words, state, y, new_state)


def random_normal(state, y, new_state):
    """Lower to the numbers, and then the count."""
    return drawn(normal_lanes if y.dtype == np.float32 else normal_words, state, y, new_state)


def random_integers(state, y, new_state, low, high):
    """Lower to the numbers, and then the count."""
    return drawn(integer_words, state, y, new_state, low, high - low - 1)


def drawn(kernel, state, y, new_state, *numbers):
    """Return the calls: the new state may lie where the old one did, which every worker reads."""
    return [(kernel, [state, y, *numbers]), (dropout_count, [state, new_state])]


def blocks_of(y):
    """Return how many blocks there are: lanes for float32, words of two lanes for other dtypes."""
    return -(-y.size // (LANES if y.dtype == np.float32 else LANES // 2))


@compiled
def words(block, state):
    """Return the two words of a block."""
    a, b, c, d = philox(block, state[1], state[0])
    return a | b << HIGH, c | d << HIGH


@kernel(items=blocks_of)
def uniform_lanes(state, y, begin, end):
    for block in range(begin, end):
        lanes = philox(block, state[1], state[0])
        for lane in range(min(LANES, y.size - LANES * block)):
            y[LANES * block + lane] = np.float64(lanes[lane] >> EIGHT) * SINGLE


@kernel(items=blocks_of)
def uniform_words(state, y, begin, end):
    for block in range(begin, end):
        first, second = words(block, state)
        y[2 * block] = np.float64(first >> ELEVEN) * DOUBLE
        if 2 * block + 1 < y.size:
            y[2 * block + 1] = np.float64(second >> ELEVEN) * DOUBLE


@compiled
def put_pair(y, i, u, v):
    """Write two normal numbers, made of u in (0, 1] and v in [0, 1), to position i, as far as y reaches."""
    r, t = math.sqrt(-2 * math.log(u)), 2 * math.pi * v
    if i < y.size:
        y[i] = r * math.cos(t)
    if i + 1 < y.size:
        y[i + 1] = r * math.sin(t)


@kernel(items=blocks_of)
def normal_lanes(state, y, begin, end):
    for block in range(begin, end):
        a, b, c, d = philox(block, state[1], state[0])
        put_pair(y, LANES * block, np.float64(a + ONE) * WHOLE, np.float64(b) * WHOLE)
        put_pair(y, LANES * block + 2, np.float64(c + ONE) * WHOLE, np.float64(d) * WHOLE)


@kernel(items=blocks_of)
def normal_words(state, y, begin, end):
    for block in range(begin, end):
        first, second = words(block, state)
        put_pair(y, 2 * block, np.float64((first >> ELEVEN) + ONE) * DOUBLE, np.float64(second >> ELEVEN) * DOUBLE)


@kernel(items=blocks_of)
def integer_words(state, y, low, last, begin, end):
    """`last` is how far the highest number is from the lowest: their count might be too large for a word."""
    count = np.uint64(last) + ONE
    for block in range(begin, end):
        first, second = words(block, state)
        y[2 * block] = low + np.int64(upper_product(first, count))
        if 2 * block + 1 < y.size:
            y[2 * block + 1] = low + np.int64(upper_product(second, count))


@compiled
def upper_product(a, b):
    """Return the upper 64 bits of the product of two words."""
    high_a, low_a, high_b, low_b = a >> HIGH, a & LOW, b >> HIGH, b & LOW
    one, other = high_a * low_b, low_a * high_b
    middle = (low_a * low_b >> HIGH) + (one & LOW) + (other & LOW)
    return high_a * high_b + (one >> HIGH) + (other >> HIGH) + (middle >> HIGH)
