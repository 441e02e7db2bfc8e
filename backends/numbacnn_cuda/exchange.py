"""Arrays given to other libraries and taken from them where they lie: DLPack and __cuda_array_interface__.

https://data-apis.org/array-api/latest/API_specification/generated/array_api.array.__dlpack__.html tells which stream
waits for which, https://numba.readthedocs.io/en/stable/cuda/cuda_array_interface.html has the other protocol.
The simulator's memory is this process's, not a GPU's, so it takes no part: DLPACK is None.
"""
from typing import NamedTuple

import numpy as np

from numbacnn.errors import BackendError
from numbacnn.kernels import Place
from numbacnn.kernels.channels_last import ITEMSIZES, View, c_strides

from .dlpack import CUDA, VERSION, VERSIONS, Taken, capsule
from .dtypes import BFLOAT16
from .frontend import SIMULATED
from .lending import LEGACY, NO_STREAM, Lent
from .runtime import runtime
from .strided import gather

DLPACK = None if SIMULATED else CUDA                     # how DLPack calls our devices
ALIGNMENT = 64            # bytes: where arrays of a plan begin, on which kernels count


class Received(NamedTuple):
    """An array of another library.

    Attributes
    ----------
    memory : Borrowed
        A block that belongs to the other library, whose first number is its first.
    shape, strides : tuple of int
        As the user sees it; strides in bytes.
    dtype : str
        Maybe one that we do not compute with.
    index : int
        Of the device.
    lies : bool
        Whether it lies as ours do, so that it can be used where it is.
    """

    memory: object
    shape: tuple
    strides: tuple
    dtype: str
    index: int
    lies: bool


# --- giving ---------------------------------------------------------------------------------------------------------

def lend(memory, keep, array, index, stream, version, copied):
    """Return a DLPack capsule for an array in a block.

    Parameters
    ----------
    memory : Block
    keep : object
        What must live while the consumer has the array.
    array : (shape, dtype)
    index : int
        Of the device.
    stream : int or None
        The consumer's, which waits for ours: 1 or None for the default stream, -1 if nobody shall wait.
    version : tuple of int or None
        The newest of DLPack that the consumer knows.
    copied : bool
        Whether the block is for the consumer alone; else he may only read, which DLPack says from version 1 on.
    """
    if stream is not None and (type(stream) is not int or stream < NO_STREAM or stream == 0):
        raise BufferError("__dlpack__: stream must be the number of a CUDA stream, 1 for the default one, or -1, got "
                          f"{stream!r}")
    stream = LEGACY if stream is None else stream
    device = runtime().device(index)
    lent = lent_array(device, memory, keep, stream, array, not copied)
    if stream != NO_STREAM:
        with device.lock, device.current():
            device.ran(())
            device.wait_for_run(device.runs, stream)
    return capsule(lent, knows_views(version), copied, index, narrow=array[1] == "bfloat16")


def knows_views(version):
    """Return whether a consumer of that version of DLPack can be told that it may only read."""
    return version is not None and tuple(version) >= VERSION and bool(VERSIONS)


def array_interface(memory, keep, array, index):
    """Return __cuda_array_interface__ of an array in a block, and what must live while somebody uses it."""
    if array[1] == "bfloat16":
        raise AttributeError("__cuda_array_interface__: it has no name for bfloat16; use DLPack, such as "
                             "torch.from_dlpack(x)")
    device = runtime().device(index)
    lent = lent_array(device, memory, keep, None, array, True)
    with device.lock, device.current():
        return {**lent.__array_interface__, "stream": int(device.compute)} | (
            {} if 0 not in array[0] else {"data": (0, True)}), lent


def lent_array(device, memory, keep, stream, array, read_only):
    """Return an array of the user's shape as it is lent; bfloat16 as its bits."""
    shape, dtype = array
    seen = View.of(Place(0, 0, shape, dtype))
    dtype = np.dtype(np.uint16) if seen.dtype == BFLOAT16 else seen.dtype
    return Lent(device, memory, keep, stream, shape, seen.strides, dtype, read_only)


# --- taking ---------------------------------------------------------------------------------------------------------

def receive(data):
    """Return what an object with __dlpack__ or __cuda_array_interface__ has on a GPU; our stream waits for it."""
    if hasattr(data, "__dlpack__"):
        index = data.__dlpack_device__()[1]
        device = runtime().device(index)
        stream = int(device.compute)
        try:
            given = data.__dlpack__(stream=stream, max_version=VERSION)
        except TypeError:                                # from before version 1
            given = data.__dlpack__(stream=stream)
        taken = Taken(given)
        itemsize = taken.tensor.bits * taken.tensor.lanes // 8
        strides = taken.strides and tuple(stride * itemsize for stride in taken.strides)
        return received(device, taken.data, taken, taken.shape, strides, taken.dtype, itemsize)
    known = data.__cuda_array_interface__
    if known.get("mask") is not None:
        raise BufferError("masked arrays have no counterpart here; fill what is masked")
    dtype, address = np.dtype(known["typestr"]), known["data"][0] or 0
    device = device_at(address)
    wait_for_producer(device, known)
    return received(device, address, data, tuple(known["shape"]), known.get("strides"),
                    dtype.name if dtype.isnative else dtype.str, dtype.itemsize)


def received(device, address, owner, shape, strides, dtype, itemsize):
    """Return an array at an address."""
    strides = c_strides(shape, itemsize) if strides is None else tuple(strides)
    if 0 not in shape and any(stride < 0 for stride in strides):
        raise BufferError(f"its strides {strides} go backwards; copy it first")
    reach = 0 if 0 in shape else itemsize + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
    lies = dtype in ITEMSIZES and 0 not in shape and address % ALIGNMENT == 0 and all(
        n == 1 or have == want
        for n, have, want in zip(shape, strides, View.of(Place(0, 0, shape, dtype)).strides, strict=True))
    return Received(device.borrow(address, reach, owner), shape, strides, dtype, device.index, lies)


def copy_received(found, memory):
    """Write the numbers of an array of another library into a block, where the GPU is."""
    device = runtime().device(found.index)
    source = View(0, 0, found.shape, found.strides, np.dtype(found.dtype))
    kernel, arguments = gather(source.physical(), View.of(Place(1, 0, found.shape, found.dtype)))
    device.sequence([device.launch(kernel, arguments)]).run([found.memory.address, memory.address])


def device_at(address):
    """Return the device on which an address lies."""
    if not address:                                      # an array without numbers has none
        return runtime().device(0)
    driver = runtime().driver
    attribute = driver.api.CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL
    try:
        index = int(driver.cuPointerGetAttribute(attribute, address))
    except BackendError:
        raise BufferError(f"its memory, at {address}, is on no GPU") from None
    return runtime().device(index)


def wait_for_producer(device, known):
    """Let our stream wait for the one in which an array of __cuda_array_interface__ is computed."""
    stream = known.get("stream") if known["version"] >= 3 else LEGACY
    if stream is None:
        return
    with device.lock, device.current():
        event = device.lending.event()
        device.driver.cuEventRecord(event, stream)
        device.driver.cuStreamWaitEvent(device.compute, event, 0)
        device.lending.spare.append(event)
