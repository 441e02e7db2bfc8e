"""Memory that a device shares with other libraries, and when it may go back to whom it belongs.

Python drops a reference while the GPU may still be reading. So neither side gives memory back at once: it is noted, in
a moment when no call of the driver is allowed maybe, and settled before the next run.
"""
from collections import deque

LEGACY, PER_THREAD, NO_STREAM = 1, 2, -1                 # streams as DLPack numbers them; others are handles


class Lent:
    """Memory of ours in the hands of another library, as NumPy knows arrays; while it lives, it is not written to.

    Parameters
    ----------
    device : Device
    memory : Block
    keep : object
        What shall live as long.
    stream : int or None
        The one in which the consumer works; None if he did not say.
    shape, strides, dtype
        Of the array as the user sees it, strides in bytes.
    read_only : bool
    """

    def __init__(self, device, memory, keep, stream, shape, strides, dtype, read_only):
        self.device, self.returned = device, (memory.address, keep, stream)
        self.__array_interface__ = {"shape": shape, "strides": strides, "typestr": dtype.str, "version": 3,
                                    "data": (memory.address, read_only)}

    def __del__(self):
        self.device.lending.returned.append(self.returned)


class Lending:
    """What one device has lent and borrowed."""

    def __init__(self, device):
        self.device = device
        self.returned = []                               # ours: (address, what was kept, the consumer's stream)
        self.finished = []                               # owners of memory of others that nobody here refers to
        self.waiting, self.spare = deque(), []           # (event, owners) until it is reached; events for later

    def settle(self):
        """Take back what others are done with, and give back what we are done with, as far as the GPU is."""
        if self.returned:
            self.take_back()
        if self.finished:
            self.give_back()
        while self.waiting and self.device.driver.api.cuEventQuery(self.waiting[0][0])[0] == 0:
            self.spare.append(self.waiting.popleft()[0])

    def take_back(self):
        """Let what is started from now on wait for consumers, which may have been reading to the last."""
        device, driver, streams = self.device, self.device.driver, set()
        kept = []
        while self.returned:
            address, keep, stream = self.returned.pop()
            kept.append((address, keep))
            streams.add(stream)
        if streams != {LEGACY}:                          # other streams may be gone, so nothing can wait for them
            driver.cuCtxSynchronize()
        else:
            event = self.event()
            driver.cuEventRecord(event, LEGACY)
            driver.cuStreamWaitEvent(device.compute, event, 0)
            self.spare.append(event)
        device.ran({address for address, _ in kept})     # uploads wait for that

    def give_back(self):
        """Keep owners until all that was started so far has run."""
        owners = []
        while self.finished:
            owners.append(self.finished.pop())
        event = self.event()
        self.device.driver.cuEventRecord(event, self.device.compute)
        self.waiting.append((event, owners))

    def event(self):
        """Return an event that nothing waits for."""
        return self.spare.pop() if self.spare else self.device.new_event()
