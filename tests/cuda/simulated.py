"""How tests run kernels in the simulator: in both orders of threads, which must give the same bits.

Needs NUMBA_ENABLE_CUDASIM=1 before anything is imported; `pytestmark = simulated.only` skips a file without it. With
NUMBACNN_BACKEND=cuda and no simulator the same tests run on the GPU, twice.
"""
import os

import numbacnn_cuda as backend
import numpy as np
import pytest
from numbacnn_cuda.dtypes import BFLOAT16, is_floating
from numbacnn_cuda.frontend import SIMULATED
from numbacnn_cuda.simulator import cuda

ON_DEVICE = not SIMULATED and os.environ.get("NUMBACNN_BACKEND", "").startswith("cuda")
only = pytest.mark.skipif(not (SIMULATED or ON_DEVICE), reason="runs in the simulator: set NUMBA_ENABLE_CUDASIM=1")


def blocks(arrays):
    """Return blocks of the device that hold arrays."""
    found = [backend.empty(backend.nbytes(array.shape, array.dtype), 0) for array in arrays]
    for memory, array in zip(found, arrays, strict=True):
        backend.upload(array, memory)
    return found


def plain(array):
    """Return an array as NumPy compares it: its NaN is equal to NaN in its own dtypes only."""
    return array.astype(np.float32) if array.dtype == BFLOAT16 else array


def run(op, inputs, outputs, numbers=()):
    """Run an op on arrays of logical shape.

    Parameters
    ----------
    op : str
    inputs : list of numpy.ndarray
    outputs : list of (shape, dtype)
        They hold NaN, or another number that is not expected, before.
    numbers : tuple
    """
    found = {}
    for order in "forwards", "backwards":
        cuda.order = order
        try:
            results = [np.full(shape, np.nan if is_floating(np.dtype(dtype)) else -77).astype(dtype)
                       for shape, dtype in outputs]
            arrays = [*map(np.asarray, inputs), *results]
            memories = blocks(arrays)
            backend.launch(op, [(memory, array.shape, str(array.dtype))
                                for memory, array in zip(memories, arrays, strict=True)], numbers)
            found[order] = [backend.download(memory, array.shape, str(array.dtype))
                            for memory, array in zip(memories[len(inputs):], results, strict=True)]
            for memory, array in zip(memories, arrays[:len(inputs)], strict=False):
                after = backend.download(memory, array.shape, str(array.dtype))
                np.testing.assert_array_equal(plain(after), plain(array))
        finally:
            cuda.order = "forwards"
    for one, other in zip(*found.values(), strict=True):
        np.testing.assert_array_equal(plain(one), plain(other), err_msg="the order of threads matters")
    return found["forwards"]
