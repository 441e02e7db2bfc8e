"""GPUs through the CUDA driver: contexts, memory, streams. The only module that calls the driver, with launcher.py.

Each device has two streams: kernels run in one, uploads in the other, so that the next batch is copied while a step
runs. An upload waits for the last run that used its memory, and the next run waits for the upload.
"""
import ctypes
import functools
import threading
from collections import deque
from weakref import WeakValueDictionary

import numpy as np

from numbacnn.errors import BackendError

from .frontend import OLDEST, REMEDY
from .launcher import Launch
from .lending import Lending
from .record import Record
from .replay import Sequence

NEWEST_TOOLKIT = "R525 or newer"
STAGING = 4               # pinned blocks of memory for uploads
EVENTS = 64               # of the last runs: those before them are waited for with the oldest


class Driver:
    """The functions of the CUDA driver, whose errors are exceptions.

    Parameters
    ----------
    api : module
        cuda.bindings.driver, or what stands for it.
    """

    def __init__(self, api):
        self.api = api

    def __getattr__(self, name):
        """Return a function of the driver that checks what it returns; its result, or a tuple of several."""
        function = getattr(self.api, name)

        def checked(*arguments):
            status, *results = function(*arguments)
            if status:
                self.fail(name, status)
            return results[0] if len(results) == 1 else tuple(results)

        setattr(self, name, checked)
        return checked

    def fail(self, name, status):
        """Raise the exception of a status."""
        if status == self.api.CUresult.CUDA_ERROR_OUT_OF_MEMORY:
            raise MemoryError
        what = getattr(status, "name", str(status))
        raise BackendError(f"cuda: {name} failed with {what}; {REMEDIES.get(what, LAST_RESORT)}")


LAST_RESORT = "the device has given up this program: start it again"
REMEDIES = {
    "CUDA_ERROR_NO_DEVICE": "there is no NVIDIA GPU, or CUDA_VISIBLE_DEVICES hides it; use the CPU, "
                            "device('cpu') or NUMBACNN_BACKEND=cpu",
    "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH": f"the driver and its library have different versions; install one driver, "
                                         f"{NEWEST_TOOLKIT}, and restart the machine",
    "CUDA_ERROR_INSUFFICIENT_DRIVER": f"the driver is too old; install {NEWEST_TOOLKIT}, or {REMEDY}",
    "CUDA_ERROR_NO_BINARY_FOR_GPU": f"the kernel is for another GPU; remove the folder of kernels, or {REMEDY}",
    "CUDA_ERROR_UNSUPPORTED_PTX_VERSION": f"the driver is older than the toolkit; {REMEDY}",
}


def opened():
    """Return the driver of this machine, ready to use."""
    try:
        from cuda.bindings import driver as api
    except ImportError as error:
        raise BackendError(f"cuda: the package cuda-bindings is needed and cannot be imported ({error}); {REMEDY}"
                           ) from error
    driver = Driver(api)
    try:
        driver.cuInit(0)
    except BackendError:
        raise
    except Exception as error:                           # there is no library of the driver to load
        raise BackendError("cuda: there is no NVIDIA driver on this machine; install one, "
                           f"{NEWEST_TOOLKIT}, or use the CPU: device('cpu'), NUMBACNN_BACKEND=cpu") from error
    return driver


class Runtime:
    """All GPUs of this machine."""

    def __init__(self, driver=None):
        self.driver = driver or opened()
        self.count = self.driver.cuDeviceGetCount()
        if self.count == 0:
            raise BackendError("cuda: " + REMEDIES["CUDA_ERROR_NO_DEVICE"])
        self.blocks = WeakValueDictionary()              # by address

    @functools.cache                                     # noqa: B019 (there is one runtime)
    def device(self, index):
        """Return the device of that number."""
        return Device(self, index)

    def owner(self, addresses):
        """Return the device on whose memory a plan works."""
        return next((self.blocks[address].device for address in addresses if address in self.blocks),
                    self.device(0))


class Device:
    """One GPU: its context, its streams, its memory."""

    def __init__(self, runtime, index):
        self.runtime, self.driver, self.index = runtime, runtime.driver, index
        driver, api = self.driver, self.driver.api
        self.handle = driver.cuDeviceGet(index)
        attribute = api.CUdevice_attribute
        self.capability = tuple(driver.cuDeviceGetAttribute(each, self.handle) for each in (
            attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR,
            attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR))
        self.name = driver.cuDeviceGetName(128, self.handle).split(b"\0")[0].decode()
        if self.capability < OLDEST:
            raise BackendError(f"cuda: {self.name} has compute capability {self.capability[0]}.{self.capability[1]}, "
                               f"kernels need {OLDEST[0]}.{OLDEST[1]} or newer; use the CPU: device('cpu')")
        self.arch = f"sm_{self.capability[0]}{self.capability[1]}" + "a" * (self.capability[0] >= 9)
        self.context = driver.cuDevicePrimaryCtxRetain(self.handle)
        before = driver.cuCtxGetCurrent()
        self.enter()
        self.compute, self.uploads = (driver.cuStreamCreate(api.CUstream_flags.CU_STREAM_NON_BLOCKING)
                                      for _ in range(2))
        pool = driver.cuDeviceGetDefaultMemPool(self.handle)
        driver.cuMemPoolSetAttribute(pool, api.CUmemPool_attribute.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD,
                                     api.cuuint64_t(2**64 - 1))
        self.staging = [Staging(self) for _ in range(STAGING)]
        self.local = threading.local()                   # the record of each thread
        self.lock = threading.RLock()                    # whoever starts something in a stream
        self.freed, self.shared = [], None               # addresses that nobody refers to; memory of temporaries
        self.runs = 0                                    # how many there were; the events of the last ones
        self.events = [self.new_event() for _ in range(EVENTS)]
        self.used = deque(maxlen=EVENTS)                 # (run, addresses of the memory that it used), the newest last
        self.lending = Lending(self)
        self.reserved = self.most_reserved = 0           # bytes, now and at most
        driver.cuCtxSetCurrent(before)

    def enter(self):
        """Make this the device of the calling thread."""
        self.driver.cuCtxSetCurrent(self.context)

    def current(self):
        """Return a block of code in which this is the device of the calling thread; then it is another one again."""
        return Current(self)

    def collect(self):
        """Free what nobody refers to any more; never while a stream is captured, which would capture that."""
        self.lending.settle()
        while self.freed:
            address, nbytes = self.freed.pop()
            self.driver.cuMemFreeAsync(address, self.compute)
            self.reserved -= nbytes

    def new_event(self):
        """Return an event, which counts as reached."""
        return self.driver.cuEventCreate(self.driver.api.CUevent_flags.CU_EVENT_DISABLE_TIMING)

    def empty(self, nbytes):
        """Return a block of memory."""
        with self.lock, Current(self):
            self.collect()
            block = Block(self, nbytes)
            self.reserved += nbytes
            self.most_reserved = max(self.reserved, self.most_reserved)
            return block

    def borrow(self, address, nbytes, owner):
        """Return a block of memory that belongs to somebody else."""
        return Borrowed(self, address, nbytes, owner)

    def temporary(self, nbytes):
        """Return where memory is that all programs share, each while it runs."""
        if self.shared is None or self.shared.nbytes < nbytes:
            self.shared = None                           # freed before there is more
            self.shared = self.empty(nbytes)
        return self.shared.address

    def record(self):
        """Return where the kernels of this thread note what they find wrong."""
        found = getattr(self.local, "record", None)
        if found is None:
            found = self.local.record = Record(self)
        return found

    def launch(self, kernel, arguments):
        """Return a kernel with its arguments, ready to run."""
        return Launch(self, kernel, arguments)

    def sequence(self, launches):
        """Return launches that run one after the other, ready to run."""
        return Sequence(self, launches)

    def ran(self, addresses):
        """Note that a run was started that uses the memory at these addresses, a set."""
        self.runs += 1
        self.driver.cuEventRecord(self.events[self.runs % EVENTS], self.compute)
        self.used.append((self.runs, addresses))

    def last_run(self, block):
        """Return the last run that used a block: that before which it was made, if none is known."""
        for run, addresses in reversed(self.used):
            if run < block.run:
                break
            if block.address in addresses:
                return run
        return block.run

    def event_of(self, run):
        """Return the event of a run: of that one, or of the oldest whose event is still known."""
        return self.events[max(run, self.runs - EVENTS + 1) % EVENTS]

    def wait_for_run(self, run, stream):
        """Let a stream wait until a run has ended."""
        self.driver.cuStreamWaitEvent(stream, self.event_of(run), 0)

    def wait_here(self, run):
        """Wait until a run has ended."""
        self.driver.cuEventSynchronize(self.event_of(run))

    def synchronize(self):
        """Wait for all that was started, and give back what nobody needs any more."""
        for wait in True, False:
            with self.lock, Current(self):
                self.collect()
            if wait:
                self.driver.cuStreamSynchronize(self.compute)


class Block:
    """A block of memory of a GPU."""

    __slots__ = ("__weakref__", "address", "device", "nbytes", "run")

    def __init__(self, device, nbytes):
        self.device, self.nbytes, self.run = device, nbytes, device.runs + 1     # no upload before it is there
        driver = device.driver
        self.address = int(driver.cuMemAllocAsync(max(nbytes, 1), device.compute))
        device.runs += 1
        driver.cuEventRecord(device.events[device.runs % EVENTS], device.compute)
        device.runtime.blocks[self.address] = self

    def __del__(self):
        if hasattr(self, "address"):
            self.device.freed.append((self.address, self.nbytes))

    def write(self, values, offset):
        """Write bytes, without waiting for the device."""
        device = self.device
        with device.lock, Current(device):
            device.staging.append(device.staging.pop(0))
            device.staging[-1].send(values, self, offset)

    def read(self, nbytes, offset):
        """Return bytes, when all that was started has run."""
        device = self.device
        values = np.empty(nbytes, np.uint8)
        with Current(device):
            if nbytes:
                device.driver.cuMemcpyDtoHAsync(values.ctypes.data, self.address + offset, nbytes, device.compute)
            device.driver.cuStreamSynchronize(device.compute)
        return values

    def copy_from(self, source, nbytes):
        """Write the first bytes of another block, of any device; the host waits for nothing."""
        device, giver, driver = self.device, source.device, self.device.driver
        if not nbytes:
            return
        if giver is device:
            with device.lock, Current(device):
                driver.cuMemcpyAsync(self.address, source.address, nbytes, device.compute)
            return
        with giver.lock, Current(giver):                 # its numbers may still be being computed
            event = giver.lending.event()
            driver.cuEventRecord(event, giver.compute)
        with device.lock, Current(device):
            driver.cuStreamWaitEvent(device.compute, event, 0)
            driver.cuMemcpyPeerAsync(self.address, device.context, source.address, giver.context, nbytes,
                                     device.compute)
            device.ran({self.address})
            copied = device.lending.event()
            driver.cuEventRecord(copied, device.compute)
        with giver.lock, Current(giver):                 # what is run or uploaded there next may overwrite the source
            driver.cuStreamWaitEvent(giver.compute, copied, 0)
            giver.ran({source.address})
            giver.lending.spare.append(event)
        device.lending.spare.append(copied)


class Current:
    """A block of code in which a device is the calling thread's. Other libraries may have chosen another one."""

    __slots__ = ("before", "device")

    def __init__(self, device):
        self.device = device

    def __enter__(self):
        device = self.device
        self.before = device.driver.cuCtxGetCurrent()
        if self.before != device.context:
            device.driver.cuCtxSetCurrent(device.context)

    def __exit__(self, *error):
        if self.before != self.device.context:
            self.device.driver.cuCtxSetCurrent(self.before)


class Borrowed(Block):
    """A block of memory that belongs to another library; nothing is written to it."""

    __slots__ = ("owner",)

    def __init__(self, device, address, nbytes, owner):
        self.device, self.address, self.nbytes, self.owner, self.run = device, address, nbytes, owner, 0

    def __del__(self):
        self.device.lending.finished.append(self.owner)


class Staging:
    """Pinned memory, from which an upload goes on while the program does."""

    def __init__(self, device):
        self.device, self.address, self.nbytes, self.sent = device, 0, 0, device.new_event()

    def send(self, values, block, offset):
        """Upload bytes into a block."""
        device, driver, nbytes = self.device, self.device.driver, values.size
        if not nbytes:
            return
        driver.cuEventSynchronize(self.sent)             # the last upload from here
        if self.nbytes < nbytes:
            if self.address:
                driver.cuMemFreeHost(self.address)
                self.address = self.nbytes = 0
            self.address, self.nbytes = int(driver.cuMemHostAlloc(nbytes, 0)), nbytes
        ctypes.memmove(self.address, values.ctypes.data, nbytes)
        device.wait_for_run(device.last_run(block), device.uploads)
        driver.cuMemcpyHtoDAsync(block.address + offset, self.address, nbytes, device.uploads)
        driver.cuEventRecord(self.sent, device.uploads)
        driver.cuStreamWaitEvent(device.compute, self.sent, 0)
