"""Maps of arrays as the driver makes them: 128 bytes that tell the hardware how to copy parts to shared memory.

Rows of 128 bytes are swizzled on the way, as mma_tile.py does it for other copies. What is outside of the array is 0.
The driver wants to write a map to a multiple of 64. Those of cuda.bindings lie anywhere; so it is called by ctypes.
"""
import ctypes

import numpy as np

from numbacnn.errors import BackendError

NBYTES, ALIGNMENT = 128, 64
SINCE = 12000                     # the version of CUDA of these functions
TYPES = {"bf16": 9, "tf32": 11}   # CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 and ..._TFLOAT32
# No interleaving, CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B, zeros.
HOW = 0, 3, 3, 0
BOXES, WINDOWS = "cuTensorMapEncodeTiled", "cuTensorMapEncodeIm2col"
NUMBERS = ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
FUNCTIONS = {                     # their C types: of the map, the type and rank, address, shape, strides, ...
    BOXES: ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, *NUMBERS, *[ctypes.c_void_p] * 2,
                            *[ctypes.c_int] * 4),
    WINDOWS: ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, *NUMBERS, *[ctypes.c_void_p] * 2,
                              *[ctypes.c_uint32] * 2, ctypes.c_void_p, *[ctypes.c_int] * 4)}


def encoded(driver, given, address):
    """Return the bytes of a map.

    Parameters
    ----------
    driver : numbacnn_cuda.driver.Driver
    given : TensorMap
    address : int
        Where the array lies.
    """
    axes, strides = given.view.ndim, given.view.strides[-2::-1]          # the last axis comes first
    array = (TYPES[given.kind], axes, address, numbers(given.view.shape[::-1], ctypes.c_uint64),
             numbers(strides, ctypes.c_uint64))
    if given.windows:
        lower, upper, (down, right) = given.windows
        pixels, channels = given.box
        name, more = WINDOWS, (numbers(lower[::-1], ctypes.c_int), numbers(upper[::-1], ctypes.c_int), channels, pixels,
                               numbers((1, right, down, 1), ctypes.c_uint32))
    else:
        name, more = BOXES, (numbers(given.box[::-1], ctypes.c_uint32), numbers((1,) * axes, ctypes.c_uint32))
    memory = np.zeros(NBYTES + ALIGNMENT, np.uint8)
    begin = -memory.ctypes.data % ALIGNMENT
    made = memory[begin:begin + NBYTES]
    status = function(driver, name)(made.ctypes.data, *array, *more, *HOW)
    if status:
        driver.fail(name, status)
    return made


def numbers(values, kind):
    """Return whole numbers as C has them."""
    return (kind * len(values))(*values)


def function(driver, name):
    """Return a function of the driver, ready to call."""
    found = driver.cuGetProcAddress(name.encode(), SINCE, 0)[0]
    if not found:
        raise BackendError(f"cuda: the driver has no {name}; install R525 or newer")
    return FUNCTIONS[name](int(found))
