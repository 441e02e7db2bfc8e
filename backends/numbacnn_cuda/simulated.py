"""A device in this process: its memory is NumPy's, its kernels run in the simulator."""
import threading

import numpy as np

from numbacnn.kernels.channels_last import View

from .compile import Pointers, TensorMap, floating, names_of
from .fault import FIRST, HIGH, LOW, NOTHING, NOTICE, RECORD, RUN, SLOT, WORDS, found
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
        simulate(self.function, (self.grid,), (self.block,), arrays, self.shared_bytes, self.waits)


def numpy_of(argument, bases):
    """Return what a kernel gets for an argument, slots being at these addresses: NumPy arrays, or maps of them."""
    if isinstance(argument, Pointers):
        return [view.array(bases[view.slot]) for view in argument.views]
    if isinstance(argument, TensorMap):
        return argument.of(argument.view.array(bases[argument.view.slot]))
    return argument.array(bases[argument.slot]) if isinstance(argument, View) else argument


class Device:
    """The simulated device."""

    name, arch, index = "simulator", None, 0

    def __init__(self):
        self.shared, self.local = Block(0), threading.local()

    def record(self):
        """Return where the kernels of this thread note what they find wrong."""
        found = getattr(self.local, "record", None)
        if found is None:
            found = self.local.record = Record()
        return found

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
            launch.run(bases)
            if launch.kernel.raises and record_at(bases[SLOT])[FIRST] != NOTHING:
                _, _, *what = found(record_at(bases[SLOT]))
                error = launch.kernel.raises(*what, *launch.arguments[:-2])
                error.launch = number
                raise error


class Record:
    """Where kernels note what they find wrong. A run that fails ends at once, so each begins with nothing."""

    def __init__(self):
        self.words = np.full(WORDS + 1, NOTHING, np.int64)               # the last stands for the host's memory
        self.address = self.words.ctypes.data
        self.words[RUN], self.words[NOTICE] = 0, self.address + WORDS * self.words.itemsize

    def started(self, program):
        """Say that all has run, and nothing failed."""

    def interrupted(self):
        """Forget what was found."""
        self.words[[FIRST, LOW, HIGH]] = NOTHING


def record_at(address):
    """Return the words of a record."""
    return RECORD._replace(slot=0).array(address)


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
