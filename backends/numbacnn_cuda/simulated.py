"""A device in this process: its memory is NumPy's, its kernels run in the simulator."""
import numpy as np

from numbacnn.kernels.channels_last import View

from .compile import Pointers, floating, names_of
from .simulator import RUBBISH, WAITING, simulate

ALIGNMENT = 256           # of blocks of memory, as on a device


class Block:
    """A block of memory."""

    __slots__ = ("address", "bytes")

    def __init__(self, nbytes):
        found = np.full(nbytes + ALIGNMENT, RUBBISH, np.uint8)
        begin = -found.ctypes.data % ALIGNMENT
        self.bytes = found[begin:begin + nbytes]
        self.address = found.ctypes.data + begin

    def write(self, values, offset):
        """Write bytes."""
        self.bytes[offset:offset + values.size] = values

    def read(self, nbytes, offset):
        """Return bytes."""
        return self.bytes[offset:offset + nbytes]

    def copy_from(self, source, nbytes):
        """Write the first bytes of another block."""
        self.bytes[:nbytes] = source.bytes[:nbytes]


class Launch:
    """A kernel and its arguments, ready to run."""

    def __init__(self, kernel, arguments):
        self.kernel, self.arguments = kernel, arguments
        dtype = floating(arguments)
        self.function = kernel.of(dtype)
        self.waits = not WAITING.isdisjoint(names_of(self.function))
        self.grid, self.block = kernel.launch_size(arguments)
        self.shared_bytes = kernel.shared(*arguments) if kernel.shared else 0
        number = np.float64 if kernel.wide else dtype
        self.given = [number(each) if isinstance(each, float) else each for each in arguments]

    def run(self, bases):
        """Run it, slots being at these addresses."""
        if not self.grid:
            return
        arrays = [numpy_of(each, bases) for each in self.given]
        fault = np.full(1, np.iinfo(np.int64).max)
        simulate(self.function, (self.grid,), (self.block,), [*arrays, *[fault] * (self.kernel.raises is not None)],
                 self.shared_bytes, self.waits)
        if fault[0] != np.iinfo(np.int64).max:
            raise self.kernel.raises(int(fault[0]), *arrays)


def numpy_of(argument, bases):
    """Return what a kernel gets for an argument, slots being at these addresses: NumPy arrays."""
    if isinstance(argument, Pointers):
        return [view.array(bases[view.slot]) for view in argument.views]
    return argument.array(bases[argument.slot]) if isinstance(argument, View) else argument


class Device:
    """The simulated device."""

    name, arch, index = "simulator", None, 0

    def __init__(self):
        self.shared = Block(0)

    def empty(self, nbytes):
        """Return a block of memory."""
        return Block(nbytes)

    def temporary(self, nbytes):
        """Return where memory is that all programs share, each while it runs."""
        if self.shared.bytes.size < nbytes:
            self.shared = Block(nbytes)
        return self.shared.address

    def synchronize(self):
        """Wait for nothing: all has run."""

    def launch(self, kernel, arguments):
        """Return a kernel with its arguments, ready to run."""
        return Launch(kernel, arguments)

    def sequence(self, launches):
        """Return launches that run one after the other, ready to run."""
        return Sequence(launches)


class Sequence:
    """Launches, one after the other."""

    def __init__(self, launches):
        self.launches = launches

    def run(self, bases):
        """Run them all; an exception has the attribute `launch`, the number of the launch."""
        for number, launch in enumerate(self.launches):
            try:
                launch.run(bases)
            except Exception as error:
                error.launch = number
                raise


class Runtime:
    """The simulator as a runtime with one device."""

    count = 1

    def __init__(self):
        self.only = Device()

    def device(self, index):
        """Return the device of that number."""
        return self.only

    def owner(self, addresses):
        """Return the device on whose memory a plan works."""
        return self.only
