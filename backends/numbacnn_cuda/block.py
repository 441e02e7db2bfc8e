"""What the threads of a warp or a block do together: sums, largest and least numbers, always in the same order.

Each comes in three forms: over a group of lanes side by side (a power of two, up to a warp), over a warp, over a block
of whole warps; all threads get the result.
"""
import operator

import numpy as np

from .compile import cuda, device, real
from .elementwise import larger, smaller

WARP, LANES = 32, 0xffffffff
MAX_WARPS = 32


def together(combine, dtype):
    """Return functions that combine a number of each thread into one: over lanes, a warp, a block."""
    @device
    def over_lanes(value, lanes):
        step = lanes // 2
        while step > 0:
            value = combine(value, cuda.shfl_xor_sync(LANES, value, step))
            step //= 2
        return value

    @device
    def over_warp(value):
        return over_lanes(value, WARP)

    @device
    def over_block(value):
        parts = cuda.shared.array(MAX_WARPS, dtype)
        warps = cuda.blockDim.x // WARP
        value = over_lanes(value, WARP)
        if warps > 1:
            cuda.syncthreads()                           # what an earlier call left has been read
            if cuda.threadIdx.x % WARP == 0:
                parts[cuda.threadIdx.x // WARP] = value
            cuda.syncthreads()
            value = parts[0]
            for warp in range(1, warps):
                value = combine(value, parts[warp])
        return value

    return over_lanes, over_warp, over_block


@device
def larger_number(a, b):
    """Return the larger number; a NaN is passed over."""
    return b if b > a or a != a else a


group_sum, warp_sum, block_sum = together(operator.add, real)
group_count, warp_count, block_count = together(operator.add, np.int64)
group_largest, warp_largest, block_largest = together(larger, real)          # NaN where one is NaN
group_max, warp_max, block_max = together(larger_number, real)               # NaN where all are NaN
group_least, warp_least, block_least = together(smaller, np.int64)
