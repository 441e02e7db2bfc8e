"""How arrays lie in memory: an array of four axes channels last, (N, H, W, C), any other in C order.

The only module that knows. The core sees logical shapes and opaque blocks of memory; a kernel sees what its
`arrange` makes of the views of its arguments.
"""
import ctypes
import math
import threading
from typing import NamedTuple

import numpy as np

from .isa import REGISTER

ALIGNMENT = 64                        # bytes: a block begins on a cache line
PADDING = 4 * 64                      # bytes behind it: a tile is loaded whole, 4 vectors (pack.py) of 64 bytes at most
ITEMSIZES = {key: np.dtype(name).itemsize for name in ("float32", "float64", "int64", "int32", "uint8", "bool")
             for key in (name, np.dtype(name))}          # by name, and by dtype: NumPy takes a while to tell
TEMPORARY, WORKSPACE = -1, -2         # slots of the program's own: memory of one call, scratch memory of one worker


class View(NamedTuple):
    """An array seen in some way: at the address in a slot plus an offset; strides in bytes, 0 for a broadcast axis."""

    slot: int
    offset: int
    shape: tuple
    strides: tuple
    dtype: np.dtype

    @classmethod
    def of(cls, place):
        """Return the array of a `Place` as the user sees it, (N, C, H, W), wherever its numbers lie."""
        dtype = np.dtype(place.dtype)
        if len(place.shape) != 4:
            return cls(place.slot, place.offset, place.shape, c_strides(place.shape, dtype.itemsize), dtype)
        n, c, h, w = place.shape
        image, row, pixel, channel = c_strides((n, h, w, c), dtype.itemsize)
        return cls(place.slot, place.offset, place.shape, (image, channel, row, pixel), dtype)

    @property
    def ndim(self):
        return len(self.shape)

    @property
    def size(self):
        return math.prod(self.shape)

    @property
    def nbytes(self):
        """Bytes of its numbers, a broadcast one counted each time."""
        return self.size * self.dtype.itemsize

    @property
    def contiguous(self):
        """Whether it lies in C order, without gaps."""
        expected = c_strides(self.shape, self.dtype.itemsize)
        return all(n == 1 or have == want for n, have, want in zip(self.shape, self.strides, expected, strict=True))

    @property
    def in_vectors(self):
        """Whether its last axis is whole vectors where registers begin, so that it may be written past the caches."""
        return self.offset % REGISTER == 0 and self.shape[-1] * self.dtype.itemsize % REGISTER == 0

    def logical(self):
        """Return the array as the user sees it: (N, C, H, W) with strides."""
        return self

    def physical(self):
        """Return the array as it lies: (N, H, W, C) if it has four axes, in C order."""
        return self.permuted((0, 2, 3, 1)) if self.ndim == 4 else self

    def flat(self):
        """Return its numbers in the order in which they lie, as one axis."""
        return self.shaped((self.size,))

    def rows(self):
        """Return its numbers as (pixels, channels): for arrays of two axes, (N, C), or of four."""
        return self.shaped((math.prod(self.shape) // max(self.shape[1], 1), self.shape[1]))

    def shaped(self, shape):
        """Return its numbers, in the order in which they lie, in another shape; it must have no broadcast axis."""
        return self._replace(shape=shape, strides=c_strides(shape, self.dtype.itemsize))

    def permuted(self, axes):
        """Return the array with its axes in another order."""
        return self._replace(shape=tuple(self.shape[axis] for axis in axes),
                             strides=tuple(self.strides[axis] for axis in axes))

    def broadcast(self, shape):
        """Return the array broadcast to a shape, as NumPy does."""
        missing = len(shape) - self.ndim
        strides = tuple(0 if n == 1 else stride for n, stride in zip(self.shape, self.strides, strict=True))
        return self._replace(shape=shape, strides=(0,) * missing + strides)

    def array(self, address):
        """Return it as a NumPy array, the memory of its slot being at an address."""
        span = sum((n - 1) * stride for n, stride in zip(self.shape, self.strides, strict=True)) + self.dtype.itemsize
        memory = (ctypes.c_char * (span if self.size else 0)).from_address(address + self.offset)
        return np.ndarray(self.shape, self.dtype, memory, strides=self.strides)


def physical(*arguments):
    """Arrange the arguments of a kernel in the usual way: arrays as they lie, numbers as they are."""
    return [argument.physical() if isinstance(argument, View) else argument for argument in arguments]


def flat(*arguments):
    """Arrange the arguments of a kernel whose arrays all have one shape: each as one axis."""
    return [argument.flat() if isinstance(argument, View) else argument for argument in arguments]


def temporary(shape, dtype, offset=0):
    """Return a C-ordered array that lives during one op, for a lowering of several kernel calls; offset in bytes."""
    return c_view(TEMPORARY, offset, shape, dtype)


def c_view(slot, offset, shape, dtype):
    """Return an array in C order."""
    dtype = np.dtype(dtype)
    return View(slot, offset, shape, c_strides(shape, dtype.itemsize), dtype)


def c_strides(shape, itemsize):
    """Return the strides in bytes of an array in C order."""
    strides = []
    for n in reversed(shape):
        strides.append(itemsize)
        itemsize *= n
    return tuple(reversed(strides))


class Memory:
    """A block of bytes that begins on a cache line."""

    __slots__ = ("address", "bytes")

    def __init__(self, nbytes):
        block = np.empty(ALIGNMENT + nbytes + PADDING, np.uint8)
        begin = -block.ctypes.data % ALIGNMENT
        self.bytes = block[begin:begin + nbytes]
        self.address = block.ctypes.data + begin


class Scratch(threading.local):
    """Memory that all programs of a thread share, each while it runs."""

    memory = None

    def address(self, nbytes):
        """Return where so many bytes are."""
        if self.memory is None or self.memory.bytes.size < nbytes:
            self.memory = None                  # freed before there is more
            self.memory = Memory(nbytes)
        return self.memory.address


scratch = Scratch()


def empty(nbytes, index=0):
    """Return a block of memory, uninitialised; `index` counts devices, of which there is one."""
    return Memory(nbytes)


def address(memory):
    """Return where a block begins."""
    return memory.address


def nbytes(shape, dtype):
    """Return how many bytes an array takes."""
    return math.prod(shape) * ITEMSIZES[dtype]


def upload(values, memory, offset=0):
    """Write a NumPy array of logical shape into a block, so many bytes from its beginning."""
    array_in(memory, values.shape, values.dtype, offset)[...] = values


def download(memory, shape, dtype, offset=0):
    """Read a NumPy array of logical shape from a block, so many bytes from its beginning."""
    return array_in(memory, shape, dtype, offset).copy(order="C")


def copy(source, target, nbytes):
    """Copy the first bytes of a block into another."""
    target.bytes[:nbytes] = source.bytes[:nbytes]


def is_view(shape, other):
    """Whether the memory of an array of one shape can be read as one of the other, in row-major order, as it lies."""
    return interleaving(shape) == interleaving(other)


def interleaving(shape):
    """What channels last does to the row-major order: a transposition of (C, H * W), or nothing."""
    if len(shape) != 4:
        return None
    _, channels, height, width = shape
    return None if channels == 1 or height * width == 1 or 0 in shape else (channels, height * width)


def array_in(memory, shape, dtype, offset):
    """Return the array in a block, of logical shape, as a NumPy array that shares its memory."""
    dtype = np.dtype(dtype)
    found = memory.bytes[offset:offset + nbytes(shape, dtype)].view(dtype)
    if len(shape) != 4:
        return found.reshape(shape)
    n, c, h, w = shape
    return found.reshape(n, h, w, c).transpose(0, 3, 1, 2)
