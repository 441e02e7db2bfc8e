"""Blocks of memory on a device, and what lies in them: arrays with their channels last (numbacnn.kernels)."""
import numpy as np

from numbacnn.kernels.channels_last import array_in, c_view, nbytes

from .runtime import runtime

ALIGNMENT = 256                       # bytes: where temporaries begin
TEMPORARY = -1                        # slot of the program's own: memory of one call


def temporary(shape, dtype, offset=0):
    """Return a C-ordered array that lives during one op, for a lowering of several kernels; offset in bytes."""
    return c_view(TEMPORARY, offset, shape, dtype)


def behind(array):
    """Return where the next temporary may begin, in bytes."""
    return -(-(array.offset + array.nbytes) // ALIGNMENT) * ALIGNMENT


def empty(nbytes, index=0):
    """Return a block of memory on a device, uninitialised."""
    return runtime().device(index).empty(nbytes)


def address(memory):
    """Return where a block begins."""
    return memory.address


def upload(values, memory, offset=0):
    """Write a NumPy array of logical shape into a block, so many bytes from its beginning."""
    staged = np.empty(nbytes(values.shape, values.dtype), np.uint8)
    array_in(staged, values.shape, values.dtype)[...] = values
    memory.write(staged, offset)


def download(memory, shape, dtype, offset=0):
    """Read a NumPy array of logical shape from a block, so many bytes from its beginning."""
    return array_in(memory.read(nbytes(shape, dtype), offset), shape, dtype).copy(order="C")


def copy(source, target, nbytes):
    """Copy the first bytes of a block into another."""
    target.copy_from(source, nbytes)
