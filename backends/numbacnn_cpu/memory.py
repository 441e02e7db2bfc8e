"""Blocks of memory, and what lies in them: arrays with their channels last (numbacnn/kernels/channels_last.py).

The core sees logical shapes and opaque blocks of memory; a kernel sees what its `arrange` makes of the views of its
arguments.
"""
import threading

import numpy as np

from numbacnn.kernels.channels_last import array_in, c_view

from .isa import REGISTER

ALIGNMENT = 64                        # bytes: a block begins on a cache line
PADDING = 4 * 64                      # bytes behind it: a tile is loaded whole, 4 vectors (pack.py) of 64 bytes at most
TEMPORARY, WORKSPACE = -1, -2         # slots of the program's own: memory of one call, scratch memory of one worker


def in_vectors(view):
    """Return whether an array's last axis is whole vectors where registers begin: it may be written past the caches."""
    return view.offset % REGISTER == 0 and view.shape[-1] * view.dtype.itemsize % REGISTER == 0


def temporary(shape, dtype, offset=0):
    """Return a C-ordered array that lives during one op, for a lowering of several kernel calls; offset in bytes."""
    return c_view(TEMPORARY, offset, shape, dtype)


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


def upload(values, memory, offset=0):
    """Write a NumPy array of logical shape into a block, so many bytes from its beginning."""
    array_in(memory.bytes, values.shape, values.dtype, offset)[...] = values


def download(memory, shape, dtype, offset=0):
    """Read a NumPy array of logical shape from a block, so many bytes from its beginning."""
    return array_in(memory.bytes, shape, dtype, offset).copy(order="C")


def copy(source, target, nbytes):
    """Copy the first bytes of a block into another."""
    target.bytes[:nbytes] = source.bytes[:nbytes]
