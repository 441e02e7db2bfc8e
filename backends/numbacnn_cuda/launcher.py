"""A kernel and its arguments, packed as the driver takes them.

What a kernel of Numba's gets, each number a parameter of its own: of an array two zeros (who owns it, which matters to
Python only), its size, the bytes of a number, the address, the shape, the strides in bytes; of a tuple its numbers; of
a map of an array where it lies.
"""
import ctypes

import numpy as np

from numbacnn.kernels.channels_last import View

from .build import Specification
from .compile import Pointers, TensorMap
from .store import binary_of
from .tensor_maps import encoded

WORD = 8                  # bytes of a parameter: every number gets a word of its own


class Launch:
    """A kernel and its arguments, ready to run on one device."""

    def __init__(self, device, kernel, arguments):
        self.device, self.kernel, self.arguments = device, kernel, arguments
        self.grid, self.block = kernel.launch_size(arguments)
        self.shared_bytes = kernel.shared(*arguments) if kernel.shared else 0
        self.specification = Specification.of(kernel, arguments)
        self.tables = [uploaded(device, each) for each in arguments if isinstance(each, np.ndarray)]
        self.function = None

    def prepare(self, bases):
        """Load the machine code, pack all that does not depend on addresses, upload addresses and maps of arrays.

        Returns the memory of these: it must live as long as a graph that was captured.
        """
        if self.function is None:
            self.function = loaded(self.device, self.specification, self.shared_bytes)
            self.words, self.holes, self.pointers = packed(
                self.arguments, self.specification.signature, iter(self.tables))
            self.parameters = (ctypes.c_void_p * len(self.words))(*[
                self.words.ctypes.data + WORD * n for n in range(len(self.words))])
        blocks = [uploaded(self.device, self.looked_up(argument, bases)) for _, argument in self.pointers]
        for (place, _), block in zip(self.pointers, blocks, strict=True):
            self.words[place] = block.address
        return blocks

    def looked_up(self, argument, bases):
        """Return what the kernel finds in memory of an argument: addresses of arrays, or a map of one."""
        if isinstance(argument, TensorMap):
            view = argument.view
            return encoded(self.device.driver, argument, bases[view.slot] + view.offset)
        return np.array([bases[view.slot] + view.offset for view in argument.views], np.int64)

    def start(self, bases, stream):
        """Start it in a stream, slots being at these addresses."""
        for place, slot, offset in self.holes:
            self.words[place] = bases[slot] + offset
        self.device.driver.cuLaunchKernel(self.function, self.grid, 1, 1, self.block, 1, 1, self.shared_bytes, stream,
                                          ctypes.addressof(self.parameters), 0)


def uploaded(device, table):
    """Return a block of memory that holds a table."""
    block = device.empty(table.nbytes)
    block.write(np.ascontiguousarray(table).reshape(-1).view(np.uint8), 0)
    return block


def packed(arguments, signature, tables):
    """Return the words of all parameters, and where addresses go.

    These are (word, slot, offset), and for what a kernel looks up in memory (word, argument).
    """
    words, holes, pointers = [], [], []
    for argument, name in zip(arguments, signature, strict=False):
        if isinstance(argument, View):
            holes.append((len(words) + 4, argument.slot, argument.offset))
            words += array_words(argument.shape, argument.strides, argument.dtype, 0)
        elif isinstance(argument, Pointers):
            pointers.append((len(words) + 4, argument))
            words += array_words((len(argument.views),), (WORD,), np.dtype(np.int64), 0)
        elif isinstance(argument, TensorMap):
            pointers.append((len(words), argument))
            words.append(0)
        elif isinstance(argument, np.ndarray):
            words += array_words(argument.shape, argument.strides, argument.dtype, next(tables).address)
        elif isinstance(argument, tuple):
            words += argument
        elif isinstance(argument, float):
            words.append(int(np.array([argument, 0], name).view(np.int64)[0]))   # a float32 is the first half
        else:
            words.append(int(argument))
    return np.array(words, np.int64), holes, pointers


def array_words(shape, strides, dtype, address):
    """Return the words of an array."""
    return [0, 0, int(np.prod(shape, dtype=np.int64)), dtype.itemsize, address, *shape, *strides]


def loaded(device, specification, shared_bytes):
    """Return the kernel in the device's context, which may ask for so many bytes of shared memory."""
    driver = device.driver
    key = specification, device.index
    if key not in functions:
        binary = binary_of(specification, device.arch)
        module = driver.cuModuleLoadData(binary.cubin)
        functions[key] = driver.cuModuleGetFunction(module, binary.name.encode())
    if shared_bytes > 48 * 1024:
        attribute = driver.api.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
        driver.cuFuncSetAttribute(functions[key], attribute, shared_bytes)
    return functions[key]


functions = {}            # by specification and device
