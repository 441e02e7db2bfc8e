"""Dropout."""
import numpy as np


def philox(counter, key):
    """Philox-4x32-10 of a counter of four words of 32 bits and a key of two: figure 2 and table 2 of Salmon et al."""
    (c0, c1, c2, c3), (key0, key1) = counter, key
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c0, 2 ** 32)
        high1, low1 = divmod(0xCD9E8D57 * c2, 2 ** 32)
        c0, c1, c2, c3 = high1 ^ c1 ^ key0, low1, high0 ^ c3 ^ key1, low0
        key0, key1 = (key0 + 0x9E3779B9) % 2 ** 32, (key1 + 0xBB67AE85) % 2 ** 32
    return c0, c1, c2, c3


def dropout(x, state, y, new_state, p):
    seed, counter = int(state[0]) % 2 ** 64, int(state[1]) % 2 ** 64
    in_memory = np.moveaxis(x, 1, -1) if x.ndim == 4 else x              # four axes: channels last
    kept = []
    for i, value in enumerate(in_memory.ravel()):
        words = [number for half in (i // 4, counter) for number in divmod(half, 2 ** 32)[::-1]]
        lane = philox(words, divmod(seed, 2 ** 32)[::-1])[i % 4]
        kept.append(value / (1 - p) if (lane >> 8) * 2.0 ** -24 >= p else 0.0)
    kept = np.array(kept).reshape(in_memory.shape)
    y[...] = np.moveaxis(kept, -1, 1) if x.ndim == 4 else kept
    new_state[:] = state[0], state[1] + 1
