"""Dropout: the mask comes from a counter. A thread draws for four neighbours, and writes four that lie far apart."""
import math

import numpy as np

from numbacnn.kernels.channels_last import flat

from .compile import cuda, kernel, real
from .philox import LANES, SHARED, THREADS, draw, drawn, philox_count


def dropout(x, state, y, new_state, p):
    """Lower to the mask, and then the count; of 24 bits those are kept that are at least p * 2^24."""
    return [(dropout_mask, [*flat(x, state, y), math.ceil(p * 2 ** 24), 1 - p]), (philox_count, [state, new_state])]


@kernel(blocks=lambda y: -(-y.size // (LANES * THREADS)), block=THREADS)
def dropout_mask(x, state, y, least, keep):
    scale = 1.0 / keep                                   # and a product: the bits of the CPU
    lanes = cuda.shared.array(SHARED, np.uint32)
    draw(lanes, state)
    for k in range(LANES):
        own = k * THREADS + cuda.threadIdx.x
        i = cuda.blockIdx.x * LANES * THREADS + own
        if i < y.size:
            y[i] = x[i] * scale if drawn(lanes, own) >= least else real(0)
