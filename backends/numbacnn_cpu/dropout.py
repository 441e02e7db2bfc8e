"""Dropout. The mask comes from a counter: J. Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (SC 2011)."""
import math

import numpy as np

from numbacnn.kernels.channels_last import flat

from .compile import compiled, kernel

MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)      # table 2 and section 3.3 of the paper
WEYL = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW, HIGH = np.uint64(0xFFFFFFFF), np.uint64(32)                # the lower 32 bits of 64; how far up the upper ones are
EIGHT = np.uint64(8)
LANES = 4


def dropout(x, state, y, new_state, p):
    """Lower to the mask, and then the count: the new state may lie where the old one did, which every worker reads."""
    return [(dropout_mask, [*flat(x, state, y), p]), (dropout_count, [state, new_state])]


@kernel(items=lambda y: -(-y.size // LANES))
def dropout_mask(x, state, y, p, begin, end):
    """An item is what one call of the generator serves. What it draws is left in y first: then no branch is taken."""
    real = x.dtype.type
    keep, least, zero = real(1 - p), real(math.ceil(p * 2 ** 24)), real(0)      # of 24 bits: those >= p * 2**24
    seed, counter = state[0], state[1]
    x, y = x[LANES * begin:LANES * end], y[LANES * begin:LANES * end]
    for item in range(y.size // LANES):
        lanes = philox(begin + item, counter, seed)
        for lane in range(LANES):
            y[LANES * item + lane] = lanes[lane] >> EIGHT
    lanes = philox(begin + y.size // LANES, counter, seed)
    for lane in range(y.size % LANES):
        y[y.size // LANES * LANES + lane] = lanes[lane] >> EIGHT
    for i in range(y.size):
        y[i] = x[i] / keep if y[i] >= least else zero


@kernel(items=lambda: 1)
def dropout_count(state, new_state, begin, end):
    seed, counter = state[0], state[1]
    new_state[0], new_state[1] = seed, counter + 1


@compiled
def philox(low, high, seed):
    """Return the four lanes of Philox-4x32-10 for the counter (low, high) and a key of 64 bits, as uint64."""
    low, high, seed = np.uint64(low), np.uint64(high), np.uint64(seed)
    c0, c1, c2, c3 = low & LOW, low >> HIGH, high & LOW, high >> HIGH
    key0, key1 = seed & LOW, seed >> HIGH
    for _ in range(10):
        product0, product1 = MULTIPLIERS[0] * c0, MULTIPLIERS[1] * c2
        c0, c1 = (product1 >> HIGH) ^ c1 ^ key0, product1 & LOW
        c2, c3 = (product0 >> HIGH) ^ c3 ^ key1, product0 & LOW
        key0, key1 = (key0 + WEYL[0]) & LOW, (key1 + WEYL[1]) & LOW
    return c0, c1, c2, c3
