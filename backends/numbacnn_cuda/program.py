"""Run the calls of a plan: all of them (`Program`), or one op at once (`launch`).

Both lower an op to launches of kernels in the same way; how these get to the device is the runtime's business.
"""
import sys
import time
from typing import NamedTuple

import numpy as np

from numbacnn.kernels import Place
from numbacnn.kernels.channels_last import View

from .compile import Kernel, views_of
from .memory import ALIGNMENT, TEMPORARY
from .runtime import runtime


class Call(NamedTuple):
    """One launch of a kernel."""

    kernel: object
    arguments: list                   # views, NumPy arrays (tables), tuples of ints, numbers
    op: int                           # the number of the program's call to which it belongs


class Program:
    """A list of calls, lowered. Several Python threads may run it at once.

    Parameters
    ----------
    calls : list of (str, list)
        The name of an op, and its arguments: places and numbers.
    """

    def __init__(self, calls):
        self.source = calls
        self.calls = lower_all(calls)
        self.temporary = temporary_bytes(self.calls)
        self.sequences = {}           # by the number of the device
        self.parts = None

    def run(self, addresses):
        """Run all calls, slot i being at addresses[i]; the same number of slots each time.

        An exception of a kernel has the attribute `call`, the number of the call; none after it has run.
        """
        device = runtime().owner(addresses)
        sequence = self.sequences.get(device.index)
        if sequence is None:
            sequence = device.sequence([device.launch(call.kernel, call.arguments) for call in self.calls])
            self.sequences[device.index] = sequence
        try:
            sequence.run([*addresses, device.temporary(self.temporary)])
        except Exception as error:
            if hasattr(error, "launch"):
                error.call = self.calls[error.launch].op
            raise

    def time(self, addresses):
        """Run all calls, one by one; return the seconds that each took."""
        if self.parts is None:
            self.parts = [Program([call]) for call in self.source]
        seconds = []
        for number, part in enumerate(self.parts):
            begin = time.perf_counter()
            try:
                part.run(addresses)
                runtime().owner(addresses).synchronize()
            except Exception as error:
                error.call = number
                raise
            seconds.append(time.perf_counter() - begin)
        return seconds


def launch(op, arrays, numbers):
    """Run one op at once.

    Parameters
    ----------
    op : str
    arrays : list of (memory, shape, dtype)
    numbers : list of int or float
    """
    addresses = [memory.address for memory, *_ in arrays]
    places = [Place(addresses.index(memory.address), 0, shape, dtype) for memory, shape, dtype in arrays]
    Program([(op, [*places, *numbers])]).run(addresses)


def lower(op, arguments):
    """Return the kernels `[(kernel, arguments)]` that compute an op, given views and numbers.

    An op is a kernel, which arranges its arguments itself, or a function that returns such a list; or its name.
    """
    found = getattr(sys.modules[__package__], op) if isinstance(op, str) else op
    return [(found, found.arrange(*arguments))] if isinstance(found, Kernel) else found(*arguments)


def lower_all(calls):
    """Return the `Call`s of a program."""
    result = []
    for number, (op, arguments) in enumerate(calls):
        views = [View.of(argument) if isinstance(argument, Place) else argument for argument in arguments]
        result += [Call(kernel, [plain(argument) for argument in arranged], number)
                   for kernel, arranged in lower(op, views)]
    return result


def plain(argument):
    """Return an argument as a kernel takes it: numbers as Python's."""
    return argument.item() if isinstance(argument, np.generic) else argument


def temporary_bytes(calls):
    """Return how many bytes the temporaries of one op take at most."""
    ends = [view.offset + view.nbytes for call in calls for argument in call.arguments for view in views_of(argument)
            if view.slot == TEMPORARY]
    return -(-max(ends, default=1) // ALIGNMENT) * ALIGNMENT
