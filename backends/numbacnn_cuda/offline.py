"""A device that is not there: programs are planned for it and their kernels are noted, but nothing runs."""
import itertools

import numpy as np

from .build import Specification


class Device:
    """A device of an architecture.

    Attributes
    ----------
    specifications : dict
        Of all kernels that would run, in the order in which they were met; its values say nothing.
    """

    index = 0

    def __init__(self, arch):
        self.arch, self.name, self.specifications = arch, f"any {arch}", {}

    def empty(self, nbytes):
        """Return a block of memory, which is none."""
        return Block(nbytes)

    address = 0

    def record(self):
        """Return where kernels would note what they find wrong: nowhere."""
        return self

    def started(self, program):
        """Say that nothing can fail."""

    def interrupted(self):
        """Forget nothing."""

    def temporary(self, nbytes):
        """Return where temporaries would be."""
        return 0

    def synchronize(self):
        """Wait for nothing."""

    def launch(self, kernel, arguments):
        """Note a kernel."""
        if kernel.launch_size(arguments)[0]:
            self.specifications[Specification.of(kernel, arguments)] = None

    def sequence(self, launches):
        """Return what runs nothing."""
        return self

    def run(self, bases):
        """Run nothing."""


class Block:
    """Memory that holds zeros, whatever is written to it."""

    __slots__ = ("address", "nbytes")
    addresses = itertools.count(256, 256)

    def __init__(self, nbytes):
        self.nbytes, self.address = nbytes, next(self.addresses)

    def write(self, values, offset):
        """Write nothing."""

    def read(self, nbytes, offset):
        """Return zeros."""
        return np.zeros(nbytes, np.uint8)

    def copy_from(self, source, nbytes):
        """Copy nothing."""


class Runtime:
    """A runtime with one device."""

    count = 1

    def __init__(self, device):
        self.only = device

    def device(self, index):
        """Return the device."""
        return self.only

    def owner(self, addresses):
        """Return the device."""
        return self.only
