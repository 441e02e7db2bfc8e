"""What kernels of a thread found wrong on a device (fault.py), as the host sees it: without waiting, mostly."""
import ctypes
import weakref

import numpy as np

from .fault import NOTHING, NOTICE, RUN, WORDS, found

WORD = 8                  # bytes


class Record:
    """The record of one thread on one device, and the word of the host's memory where a kernel leaves a notice.

    Attributes
    ----------
    address : int
        Of the record, in the device's memory.
    runs : int
        How many runs that may fail were started.
    """

    def __init__(self, device):
        self.device, self.runs = device, 0
        self.block = device.empty(WORDS * WORD)
        self.address = self.block.address
        place = int(device.driver.cuMemHostAlloc(WORD, 0))
        weakref.finalize(self, device.driver.cuMemFreeHost, place).atexit = False
        self.notice = ctypes.c_int64.from_address(place)
        self.clear(0)

    def clear(self, runs):
        """Forget what was found."""
        words = np.full(WORDS, NOTHING, np.int64)
        words[RUN], words[NOTICE] = runs, ctypes.addressof(self.notice)
        self.notice.value = 0
        self.block.write(words.view(np.uint8), 0)
        self.runs = runs

    def started(self, program):
        """Note a run that may fail."""
        self.runs += 1
        return Started(self, self.runs, self.device.runs, program)

    def interrupted(self):
        """Note that a run could not be started, or not all of it: does the record count it?"""
        self.runs = int(self.read()[RUN])

    def read(self):
        """Return the words of the record, when all that was started has run."""
        return self.block.read(WORDS * WORD, 0).view(np.int64)


class Started:
    """A run that was started and may fail.

    Attributes
    ----------
    number : int
        Which of the thread's runs.
    """

    __slots__ = ("number", "program", "record", "run")

    def __init__(self, record, number, run, program):
        self.record, self.number, self.run, self.program = record, number, run, program

    def failed(self):
        """Return whether it, or another run of the thread, is known to have failed."""
        return self.record.notice.value != 0

    def failure(self):
        """Wait until it has run; return the exception if it failed, once: from then on the thread computes again.

        Runs of a thread are asked in their order.
        """
        record = self.record
        record.device.wait_here(self.run)
        if not record.notice.value:
            return None
        words = record.read()                            # nothing is running any more that could overwrite anything
        run, *what = found(words)
        if run > self.number:
            return None
        record.clear(int(words[RUN]))
        return self.program.failed(*what)
