"""Philox-4x32-10: J. Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (SC 2011)."""
import numpy as np

from .compile import cuda, device, kernel

MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)      # table 2 and section 3.3 of the paper
WEYL = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW, HIGH = np.uint64(0xFFFFFFFF), np.uint64(32)                # the lower 32 bits of 64; how far up the upper ones are
EIGHT = np.uint64(8)
LANES = 4
THREADS = 256                         # of a block whose threads share lanes
STRIDE = THREADS + 8                  # from lane to lane in shared memory: so no bank is asked twice
SHARED = LANES * STRIDE


@device
def philox(low, high, seed):
    """Return the four lanes for the counter (low, high) and a key of 64 bits, as uint64."""
    low, high, seed = np.uint64(low), np.uint64(high), np.uint64(seed)
    c0, c1, c2, c3 = low & LOW, low >> HIGH, high & LOW, high >> HIGH
    key0, key1 = seed & LOW, seed >> HIGH
    for _ in range(10):
        product0, product1 = MULTIPLIERS[0] * c0, MULTIPLIERS[1] * c2
        c0, c1 = (product1 >> HIGH) ^ c1 ^ key0, product1 & LOW
        c2, c3 = (product0 >> HIGH) ^ c3 ^ key1, product0 & LOW
        key0, key1 = (key0 + WEYL[0]) & LOW, (key1 + WEYL[1]) & LOW
    return c0, c1, c2, c3


@device
def draw(lanes, state):
    """Draw the block of each thread; leave the upper 24 bits of its lanes to all, in shared memory (SHARED numbers)."""
    thread = cuda.threadIdx.x
    a, b, c, d = philox(cuda.blockIdx.x * THREADS + thread, state[1], state[0])
    lanes[thread], lanes[STRIDE + thread] = a >> EIGHT, b >> EIGHT
    lanes[2 * STRIDE + thread], lanes[3 * STRIDE + thread] = c >> EIGHT, d >> EIGHT
    cuda.syncthreads()


@device
def drawn(lanes, i):
    """Return the 24 bits for the i-th of the numbers that a block of threads serves."""
    return np.int64(lanes[i % LANES * STRIDE + i // LANES])


@kernel(items=lambda: 1)
def philox_count(state, new_state):
    """A launch of its own: the new state may lie where the old one does, which every thread reads."""
    if cuda.grid(1) == 0:
        seed, counter = state[0], state[1]
        new_state[0], new_state[1] = seed, counter + 1
