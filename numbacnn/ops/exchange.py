"""Tensors given to other libraries: NumPy's, and those that know DLPack."""
from typing import Any

from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError

CPU = 1, 0                # how DLPack calls it


def to_dlpack(x: Tensor, *, stream: Any = None, max_version: tuple[int, int] | None = None,
              dl_device: tuple[int, int] | None = None, copy: bool | None = None) -> Any:
    """Return the values for another library (`torch.from_dlpack(x)`), in memory of its own on the CPU.

    There is no view: the memory of a tensor is updated in place when nobody refers to the tensor any more.
    """
    if copy is False:
        raise BufferError("__dlpack__: only a copy can be had: the memory of a tensor is updated in place later")
    if dl_device is not None and tuple(dl_device) != CPU:
        raise BufferError(f"__dlpack__: values are given on the CPU (1, 0), got dl_device={dl_device}")
    if stream is not None:
        raise DTypeError(f"__dlpack__: stream must be None on the CPU, got {stream!r}")
    options: dict[str, Any] = {} if max_version is None else {"max_version": max_version}
    return x.numpy().__dlpack__(**options)


def dlpack_device(x: Tensor) -> tuple[int, int]:
    """Return where the values for another library lie: on the CPU."""
    return CPU
