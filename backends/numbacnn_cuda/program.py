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
from .fault import RECORD, begin_run, guarded
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
        self.may_fail = any(call.kernel.raises for call in self.calls)
        self.sequences = {}           # by the number of the device
        self.parts = None

    def run(self, addresses):
        """Run all calls, slot i being at addresses[i]; the same number of slots each time.

        Returns what was started, if it may still fail (record.py), else None. An exception of a kernel has the
        attribute `call`, the number of the call; none after it overwrites an array in place.
        """
        device = runtime().owner(addresses)
        sequence = self.sequences.get(device.index)
        if sequence is None:
            sequence = device.sequence([device.launch(call.kernel, call.arguments) for call in self.calls])
            self.sequences[device.index] = sequence
        record = device.record()
        try:
            sequence.run([*addresses, record.address, device.temporary(self.temporary)])
            return record.started(self) if self.may_fail else None
        except BaseException as error:
            record.interrupted()
            if hasattr(error, "launch"):
                error.call = self.calls[error.launch].op
            raise

    def failed(self, launch, item, value):
        """Return the exception of a launch that found something wrong."""
        kernel, arguments, op = self.calls[launch]
        error = kernel.raises(item, value, *arguments[:-2])
        error.call = op
        return error

    def time(self, addresses):
        """Run all calls, one by one; return the seconds that each took."""
        if self.parts is None:
            self.parts = [Program([call]) for call in self.source]
        seconds = []
        for number, part in enumerate(self.parts):
            begin = time.perf_counter()
            try:
                finish(part.run(addresses))
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
    finish(Program([(op, [*places, *numbers])]).run(addresses))


def finish(started):
    """Wait for what was started, if it may fail, and raise its exception."""
    error = started and started.failure()
    if error:
        raise error


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
        guard = overwrites(op, arguments)
        for kernel, arranged in lower(op, views):
            arranged = [plain(argument) for argument in arranged]
            if kernel.raises:
                arranged += [RECORD, len(result) + 1]    # its place behind begin_run
            elif guard:
                kernel, arranged = guarded(kernel), [*arranged, RECORD]
            result.append(Call(kernel, arranged, number))
    if any(call.kernel.raises for call in result):
        result.insert(0, Call(begin_run, [RECORD], 0))
    return result


def overwrites(op, arguments):
    """Return whether an op writes over what it reads: over an array that outlives the run, if it fails."""
    places = [argument for argument in arguments if isinstance(argument, Place)]
    return op in sys.modules[__package__].UPDATES and len(set(places)) < len(places)


def plain(argument):
    """Return an argument as a kernel takes it: numbers as Python's."""
    return argument.item() if isinstance(argument, np.generic) else argument


def temporary_bytes(calls):
    """Return how many bytes the temporaries of one op take at most."""
    ends = [view.offset + view.nbytes for call in calls for argument in call.arguments for view in views_of(argument)
            if view.slot == TEMPORARY]
    return -(-max(ends, default=1) // ALIGNMENT) * ALIGNMENT
