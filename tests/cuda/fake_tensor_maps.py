"""The driver's functions that make maps of arrays, without a GPU: what they are told is kept in the 128 bytes.

They are functions of C, as the driver's are, and refuse what its manual says they refuse.
"""
import ctypes
import struct

import numpy as np
from numbacnn_cuda.compile import TensorMap, Windows
from numbacnn_cuda.dtypes import BFLOAT16
from numbacnn_cuda.tensor_maps import BOXES, FUNCTIONS, WINDOWS

SWIZZLED = (0, 3, 3, 0)   # what kernels here rely on; 128 bytes
KINDS = {9: ("bf16", BFLOAT16), 11: ("tf32", np.float32)}
INVALID = 1
# Whether windows, type, rank; address; shape; strides; steps; box; corners.
LAYOUT = struct.Struct("=BBB Q 4I 3Q 4B 4H 4b")
assert LAYOUT.size <= 128


def array_of(kind, address, count):
    """Return numbers that C wrote."""
    return list((kind * count).from_address(address))


def is_right(where, kind, rank, address, shape, strides, steps, inner):
    """Whether the manual allows it."""
    itemsize = np.dtype(KINDS[kind][1]).itemsize
    return (where % 64 == 0 and address % 16 == 0 and all(1 <= n <= 2**32 for n in shape)
            and all(stride % 16 == 0 and stride < 2**40 for stride in strides) and all(1 <= n <= 8 for n in steps)
            and inner * itemsize <= 128 and kind in KINDS and rank == len(shape))


def encode_boxes(where, kind, rank, address, shape, strides, box, steps, *how):
    """Stand for cuTensorMapEncodeTiled."""
    shape, strides = array_of(ctypes.c_uint64, shape, rank), array_of(ctypes.c_uint64, strides, rank - 1)
    box, steps = array_of(ctypes.c_uint32, box, rank), array_of(ctypes.c_uint32, steps, rank)
    if not is_right(where, kind, rank, address, shape, strides, steps, box[0]) or how != SWIZZLED or max(box) > 256:
        return INVALID
    kept(where, (0, kind, rank), address, shape, strides, steps, box, ())
    return 0


def encode_windows(where, kind, rank, address, shape, strides, lower, upper, channels, pixels, steps, *how):
    """Stand for cuTensorMapEncodeIm2col."""
    shape, strides = array_of(ctypes.c_uint64, shape, rank), array_of(ctypes.c_uint64, strides, rank - 1)
    steps = array_of(ctypes.c_uint32, steps, rank)
    corners = array_of(ctypes.c_int, lower, rank - 2) + array_of(ctypes.c_int, upper, rank - 2)
    if not is_right(where, kind, rank, address, shape, strides, steps, channels) or how != SWIZZLED or rank != 4 or (
            pixels > 1024 or channels > 256 or any(not -128 <= n <= 127 for n in corners)):
        return INVALID
    kept(where, (1, kind, rank), address, shape, strides, steps, (channels, pixels), corners)
    return 0


def kept(where, what, address, shape, strides, steps, box, corners):
    """Write it all to a map."""
    padded = [number for each, count in ((shape, 4), (strides, 3), (steps, 4), (box, 4), (corners, 4))
              for number in (*each, *(0,) * (count - len(each)))]
    LAYOUT.pack_into((ctypes.c_char * 128).from_address(where), 0, *what, address, *padded)


def decoded(where):
    """Return the map of an array that lies at an address."""
    assert where % 64 == 0
    is_windows, kind, rank, address, *found = LAYOUT.unpack((ctypes.c_char * LAYOUT.size).from_address(where))
    shape, strides, steps, box = found[:rank][::-1], found[4:3 + rank][::-1], found[7:11], found[11:15]
    kind, dtype = KINDS[kind]
    strides = (*strides, np.dtype(dtype).itemsize)
    reach = sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True)) + strides[-1]
    array = np.ndarray(shape, dtype, (ctypes.c_char * reach).from_address(address), strides=strides)
    if not is_windows:
        return TensorMap(array, kind, box[:rank][::-1])
    lower, upper = tuple(found[15:17][::-1]), tuple(found[17:19][::-1])
    return TensorMap(array, kind, (box[1], box[0]), Windows(lower, upper, (steps[2], steps[1])))


def address_of(name, version):
    """Return where a function of C lies, for this version of CUDA; 0 if there is none."""
    return ctypes.cast(functions[name], ctypes.c_void_p).value if version >= 12000 and name in functions else 0


functions = {BOXES: FUNCTIONS[BOXES](encode_boxes), WINDOWS: FUNCTIONS[WINDOWS](encode_windows)}
