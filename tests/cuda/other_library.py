"""What stands for arrays of another library on GPUs that are not there, whose memory is this process's."""
import ctypes

import numpy as np
from numbacnn_cuda import dlpack
from numbacnn_cuda.dtypes import BFLOAT16

DTYPES = ["float32", "float64", "int64", "int32", "uint8", "bool"]
SIDE = 77                 # the handle of another library's stream


class Theirs:
    """An array of another library on a GPU.

    Attributes
    ----------
    freed : int
        How often its capsule's deleter was called.
    """

    def __init__(self, fake, values, version=(1, 0), index=0, strides=None, shift=0):
        self.fake, self.version, self.index, self.values = fake, version, index, np.asarray(values)
        self.streams, self.freed = [], 0
        self.block = fake.runtime.device(index).empty(self.values.nbytes + shift + 8)
        self.address = self.block.address + shift
        if strides is None:
            memory = np.ascontiguousarray(self.values)
            self.shape, self.strides = memory.shape, memory.strides
        else:                                            # `values` as it lies; seen with these
            memory, (self.shape, self.strides) = self.values, strides
        ctypes.memmove(self.address, memory.ctypes.data, memory.nbytes)

    def __dlpack_device__(self):
        return dlpack.CUDA, self.index

    def __dlpack__(self, *, stream=None, **options):
        if self.version is None and options:
            raise TypeError("max_version")
        self.streams.append(stream)
        return dlpack.capsule(Held(self), self.version is not None, False, self.index,
                              narrow=self.values.dtype == BFLOAT16)


class Held:
    """What a capsule refers to."""

    def __init__(self, owner):
        self.owner = owner
        typestr = "<u2" if owner.values.dtype == BFLOAT16 else owner.values.dtype.str
        self.__array_interface__ = {"shape": owner.shape, "strides": owner.strides, "typestr": typestr,
                                    "data": (owner.address, False), "version": 3}

    def __del__(self):
        self.owner.freed += 1


class Described:
    """An array of another library that has the older protocol only."""

    def __init__(self, theirs, **options):
        self.theirs = theirs
        self.__cuda_array_interface__ = {"shape": theirs.shape, "strides": theirs.strides, "version": 3,
                                         "typestr": theirs.values.dtype.str, "data": (theirs.address, False),
                                         "stream": None} | options


def address_of(x):
    return x.array.storage.address


def seen(known):
    """The array that a description or a capsule is of; all memory is this process's."""
    if isinstance(known, dict):
        address, shape, strides, dtype = known["data"][0], known["shape"], known["strides"], known["typestr"]
    else:
        address, shape, dtype = known.data, known.shape, known.dtype
        strides = known.strides and tuple(n * np.dtype(dtype).itemsize for n in known.strides)
    reach = sum((n - 1) * s for n, s in zip(shape, strides or (), strict=bool(strides))) + 8 if 0 not in shape else 0
    return np.ndarray(shape, dtype, (ctypes.c_char * max(reach, 8 * int(np.prod(shape)))).from_address(address),
                      strides=strides)
