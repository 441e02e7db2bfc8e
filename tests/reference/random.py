"""Random numbers."""
import math

import numpy as np

from reference.dropout import philox


def lanes(state, count):
    """So many lanes, block by block."""
    seed, counter = int(state[0]) % 2 ** 64, int(state[1]) % 2 ** 64
    key = divmod(seed, 2 ** 32)[::-1]
    blocks = [philox([*divmod(b, 2 ** 32)[::-1], *divmod(counter, 2 ** 32)[::-1]], key) for b in range(-(-count // 4))]
    return [lane for block in blocks for lane in block]


def words(state, count):
    found = lanes(state, 2 * count)
    return [low + (high << 32) for low, high in zip(found[::2], found[1::2], strict=True)]


def counted(state, new_state):
    new_state[:] = state[0], state[1] + 1


def random_uniform(state, y, new_state):
    if y.dtype == np.float32:
        y[:] = [(lane >> 8) * 2.0 ** -24 for lane in lanes(state, len(y))[:len(y)]]
    else:
        y[:] = [(word >> 11) * 2.0 ** -53 for word in words(state, len(y))[:len(y)]]
    counted(state, new_state)


def random_normal(state, y, new_state):
    if y.dtype == np.float32:
        given = [((p + 1) * 2.0 ** -32, q * 2.0 ** -32) for p, q in np.reshape(lanes(state, len(y)), (-1, 2)).tolist()]
    else:
        given = [(((p >> 11) + 1) * 2.0 ** -53, (q >> 11) * 2.0 ** -53)
                 for p, q in zip(*[iter(words(state, len(y) + len(y) % 2))] * 2, strict=True)]
    found = [math.sqrt(-2 * math.log(u)) * trigonometric(2 * math.pi * v) for u, v in given
             for trigonometric in (math.cos, math.sin)]
    y[:] = found[:len(y)]
    counted(state, new_state)


def random_integers(state, y, new_state, low, high):
    y[:] = [low + (word * (high - low) >> 64) for word in words(state, len(y))[:len(y)]]
    counted(state, new_state)
