"""Arrays of other libraries that lie on a device: taken where they are, without a way through the host."""
from typing import Any

import numpy as np

from numbacnn import backend
from numbacnn.autograd import Tensor
from numbacnn.backend import Device
from numbacnn.dtypes import DTYPES
from numbacnn.errors import BackendError, DTypeError, NumbacnnError
from numbacnn.geometry import count
from numbacnn.graph import MAX_ELEMENTS, Array, thread, too_large
from numbacnn.memory import Storage
from numbacnn.ops.check import kind
from numbacnn.ops.exchange import CPU

INTERFACES = {"__cuda_array_interface__": "cuda"}        # of objects without DLPack, and which backend reads them
HOST = (list, tuple, dict, set, str, bytes, bool, int, float, np.ndarray, np.generic)
HALF = {"float16": ".float()", "complex64": ".real", "complex128": ".real"}


def on_device(op: str, data: Any, copy: bool) -> Tensor | None:
    """The numbers of an object that lie on a device, as a tensor there; None if it has none of that kind.

    Without `copy`, they are used where they are if they lie as the backend's own do.
    """
    if isinstance(data, HOST):
        return None
    name = _reader(op, data)
    if name is None:
        return None
    module = backend.load(name)
    try:
        found = module.receive(data)
    except NumbacnnError:
        raise
    except (AttributeError, BufferError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise DTypeError(f"{op}: {kind(data)} cannot be read: {error}") from None
    if found.dtype not in DTYPES:
        raise DTypeError(f"{op}: dtype must be one of {', '.join(DTYPES)}, got {found.dtype}; convert the numbers "
                         f"first, such as with {HALF.get(found.dtype, '.int()')}")
    if count(found.shape) > MAX_ELEMENTS:
        raise too_large(op, "an array", found.shape)
    device = Device(name, found.index)
    nbytes = device.backend.nbytes(found.shape, found.dtype)
    if found.lies and not copy:
        storage = Storage.borrowed(device, nbytes, found.memory)
    else:
        storage = thread.pool.take(device, nbytes)
        module.copy_received(found, storage.memory)
    if thread.capture is not None:
        thread.capture.born.add(storage)
    return Tensor(Array.at(found.shape, found.dtype, storage))


def _reader(op: str, data: Any) -> str | None:
    """The backend on whose devices an object lies, if any."""
    if hasattr(data, "__dlpack_device__"):
        try:
            place = tuple(data.__dlpack_device__())
        except (BufferError, RuntimeError, TypeError, ValueError) as error:
            raise DTypeError(f"{op}: {kind(data)} cannot be read: {error}") from None
        if place == CPU:
            return None
        for name in backend.installed():
            try:
                if getattr(backend.load(name), "DLPACK", None) == place[0]:
                    return name
            except BackendError:                         # it cannot be used here, so nothing lies on its devices
                continue
    for attribute, name in INTERFACES.items():
        if name in backend.installed() and hasattr(data, attribute):
            return name if getattr(backend.load(name), "DLPACK", None) is not None else None
    return None
