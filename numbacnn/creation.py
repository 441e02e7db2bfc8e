"""Making tensors."""
from typing import Any

import numpy as np

from numbacnn import random
from numbacnn.autograd import Tensor
from numbacnn.backend import Device, device
from numbacnn.errors import DTypeError
from numbacnn.graph import Array
from numbacnn.ops.check import dtype_name


def tensor(data: Any, dtype: Any = None, device: "str | Device | None" = None, requires_grad: bool = False) -> Tensor:
    """Make a tensor of numbers; they are copied.

    Parameters
    ----------
    data : number, nested lists of numbers, array or Tensor
        The numbers. Python floats become float32, Python integers int64; arrays keep their dtype.
    dtype : dtype, optional
        Convert to this one.
    device : str or Device, optional
        Where the tensor is born; by default the default device.
    requires_grad : bool
        Whether `backward` computes a gradient for the tensor.

    Examples
    --------
    >>> import numbacnn
    >>> numbacnn.tensor([[1.0, 2.0], [3.0, 4.0]]).sum()
    tensor(10.)
    """
    try:
        values = np.asarray(data.numpy() if isinstance(data, Tensor) else data)
    except ValueError as error:
        raise DTypeError(f"tensor: data must be numbers, in nested lists of equal lengths: {error}") from None
    if dtype is not None:
        values = values.astype(_dtype(dtype))
    elif not isinstance(data, Tensor | np.ndarray | np.generic) and values.dtype == np.float64:
        values = values.astype(np.float32)
    return Tensor(Array.of(values, _device(device)), requires_grad)


def from_numpy(values: np.ndarray) -> Tensor:
    """Make a tensor of an array; the numbers are copied."""
    return tensor(values)


def zeros(*shape: Any, dtype: Any = np.float32, device: "str | Device | None" = None, requires_grad: bool = False
          ) -> Tensor:
    """Make a tensor of zeros."""
    return tensor(np.zeros(_shape(shape), _dtype(dtype)), None, device, requires_grad)


def ones(*shape: Any, dtype: Any = np.float32, device: "str | Device | None" = None, requires_grad: bool = False
         ) -> Tensor:
    """Make a tensor of ones."""
    return tensor(np.ones(_shape(shape), _dtype(dtype)), None, device, requires_grad)


def randn(*shape: Any, dtype: Any = np.float32, device: "str | Device | None" = None, requires_grad: bool = False
          ) -> Tensor:
    """Make a tensor of normally distributed numbers, drawn on the host; `numbacnn.manual_seed` repeats them."""
    values = random.host_generator().standard_normal(_shape(shape)).astype(_dtype(dtype))
    return tensor(values, None, device, requires_grad)


def _shape(given: tuple[Any, ...]) -> Any:
    return tuple(given[0]) if len(given) == 1 and isinstance(given[0], tuple | list) else given


def _dtype(dtype: Any) -> "np.dtype[Any]":
    return np.dtype(dtype_name("tensor", dtype))


def _device(name: "str | Device | None") -> Device | None:
    return None if name is None else device(name)
