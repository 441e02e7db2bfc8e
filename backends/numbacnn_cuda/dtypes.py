"""bfloat16 among the dtypes: numbers of 16 bits in memory, of which kernels see float32."""
import ml_dtypes
import numpy as np

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def is_floating(dtype):
    """Return whether numbers of a dtype have fractions; NumPy's kinds know its own only."""
    return dtype.kind == "f" or dtype == BFLOAT16


def computed(dtype):
    """Return the dtype in which sums, statistics and parts of numbers of a dtype are kept."""
    return np.dtype(np.float32) if dtype == BFLOAT16 else dtype
