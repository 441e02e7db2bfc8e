"""Tensors given to other libraries: NumPy's, and those that know DLPack or the interface of CUDA arrays."""
from typing import Any
from weakref import finalize

from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError, GradientError
from numbacnn.graph import copy_of
from numbacnn.memory import Storage

CPU = 1, 0                # how DLPack calls it


def to_dlpack(x: Tensor, *, stream: Any = None, max_version: tuple[int, int] | None = None,
              dl_device: tuple[int, int] | None = None, copy: bool | None = None) -> Any:
    """Return the values for another library (`torch.from_dlpack(x)`).

    Of a tensor on the CPU this is a copy: its memory is updated in place when nobody refers to the tensor any more. On
    another device it is a view that may only be read, on which updates wait; a copy there, for a library that knows no
    such views.
    """
    place = dlpack_device(x)
    if place != CPU and (dl_device is None or tuple(dl_device) == place):
        return _lent(x, stream, max_version, copy)
    if copy is False:
        raise BufferError("__dlpack__: only a copy can be had: the memory of a tensor is updated in place later")
    if dl_device is not None and tuple(dl_device) != CPU:
        raise BufferError(f"__dlpack__: values are given on the CPU (1, 0), got dl_device={dl_device}")
    if stream is not None and place == CPU:
        raise DTypeError(f"__dlpack__: stream must be None on the CPU, got {stream!r}")
    options: dict[str, Any] = {} if max_version is None else {"max_version": max_version}
    return x.numpy().__dlpack__(**options)


def dlpack_device(x: Tensor) -> tuple[int, int]:
    """Return where the values for another library lie: the kind of device, and its number."""
    kind = getattr(x.device.backend, "DLPACK", None)
    return CPU if kind is None else (kind, x.device.index)


def _lent(x: Tensor, stream: Any, version: tuple[int, int] | None, copy: bool | None) -> Any:
    """A capsule of the tensor's own memory, which stays as it is while the consumer has it, or of a copy's."""
    backend, storage = x.device.backend, x.array.computed()
    views = backend.knows_views(version)
    if copy is False and not views:
        raise BufferError("__dlpack__: a view may only be read, of which DLPack knows from version 1.0 on; give "
                          "max_version=(1, 0), or take a copy")
    if copy or not views:
        storage = copy_of(storage)
    array = x.array.shape, x.array.dtype
    return backend.lend(storage.memory, storage, array, x.device.index, stream, version, bool(copy or not views))


def cuda_array_interface(x: Tensor) -> dict[str, Any]:
    """What describes a tensor on a GPU to CuPy, Numba and others, which may read it while the tensor lives."""
    if dlpack_device(x) == CPU:
        raise AttributeError("__cuda_array_interface__: only tensors on a GPU have it, this one is on "
                             f"{x.device}; move it there with .to('cuda')")
    if x.requires_grad:
        raise GradientError("__cuda_array_interface__: a tensor that requires a gradient is not given away; use "
                            ".detach()")
    storage = x.array.computed()
    known = _given.get(id(x))
    if known is None:
        known = _given[id(x)] = {}
        finalize(x, _given.pop, id(x)).atexit = False
    if storage not in known:                             # kept, as who reads it refers to the tensor alone
        array = x.array.shape, x.array.dtype
        known[storage] = x.device.backend.array_interface(storage.memory, storage, array, x.device.index)
    described, _ = known[storage]
    return {**described}


_given: dict[int, dict[Storage, Any]] = {}               # by ids of tensors: descriptions, and what they describe
