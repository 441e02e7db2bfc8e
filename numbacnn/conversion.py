"""Making tensors of numbers that are there: Python's, NumPy's, other libraries'."""
from typing import Any

import numpy as np

from numbacnn import backend
from numbacnn.autograd import Tensor
from numbacnn.backend import Device
from numbacnn.dtypes import DTYPES, converted, is_real
from numbacnn.errors import DTypeError
from numbacnn.foreign import on_device
from numbacnn.graph import Array
from numbacnn.ops.check import dtype_name, kind
from numbacnn.options import flag

NUMBERS = "number, nested lists of numbers, array or tensor"
REMEDIES = {"float16": ".astype(np.float32)", "longdouble": ".astype(np.float64)",
            "int8": ".astype(np.int32)", "int16": ".astype(np.int32)", "uint16": ".astype(np.int32)",
            "uint32": ".astype(np.int64)", "uint64": ".astype(np.int64)"}


def tensor(data: Any, dtype: Any = None, device: "str | Device | None" = None, requires_grad: bool = False) -> Tensor:
    """Make a tensor of numbers; they are copied.

    Parameters
    ----------
    data : number, nested lists of numbers, array or Tensor
        The numbers. Python floats become float32, Python integers int64; arrays keep their dtype.
    dtype : dtype, optional
        Convert to this one. Whole numbers must fit; of others what follows the point is dropped.
    device : str or Device, optional
        Where the tensor is born; by default the default device, or, of an array of another library on a GPU, there.
    requires_grad : bool
        Whether `backward` computes a gradient for the tensor.

    Raises
    ------
    DTypeError
        If `data` holds anything but real numbers, lists of unequal lengths, or numbers that do not fit.

    Examples
    --------
    >>> import numbacnn
    >>> numbacnn.tensor([[1.0, 2.0], [3.0, 4.0]]).sum()
    tensor(10.)
    """
    there = None if isinstance(data, Tensor) else on_device("tensor", data, copy=True)
    if there is not None:
        return _placed("tensor", there, dtype, device).requires_grad_(flag("tensor", "requires_grad", requires_grad))
    values = _values("tensor", data)
    if dtype is not None:
        values = _converted("tensor", values, dtype_name("tensor", dtype))
    elif not hasattr(data, "dtype") and values.dtype == np.float64:
        values = values.astype(np.float32)
    elif (name := values.dtype.name) not in DTYPES:
        raise DTypeError(f"tensor: dtype must be one of {', '.join(DTYPES)}, got {name}; convert the numbers, such as "
                         f"with {REMEDIES.get(name, '.astype(np.float64)')}, or give a dtype")
    return Tensor(Array.of(values, device_of(device)), requires_grad)


def as_tensor(data: Any, dtype: Any = None, device: "str | Device | None" = None) -> Tensor:
    """Return `data` itself if it is such a tensor already, else a new one, with the numbers copied.

    Parameters
    ----------
    data : number, nested lists of numbers, array or Tensor
        As for `tensor`. The memory of an array of another library on a GPU is used where it is, as by `from_dlpack`.
    dtype : dtype, optional
        The dtype it must have; a tensor is converted, with its gradient.
    device : str or Device, optional
        Where it must lie.
    """
    if not isinstance(data, Tensor):
        there = on_device("as_tensor", data, copy=False)
        return tensor(data, dtype, device) if there is None else _placed("as_tensor", there, dtype, device)
    return _placed("as_tensor", data, dtype, device)


def from_numpy(values: "np.ndarray[Any, Any]") -> Tensor:
    """Make a tensor of an array; the numbers are copied.

    Parameters
    ----------
    values : ndarray
        The numbers.
    """
    if not isinstance(values, np.ndarray):
        raise DTypeError(f"from_numpy: values must be a NumPy array, got {kind(values)}; use numbacnn.tensor")
    return tensor(values)


def is_tensor(obj: Any) -> bool:
    """Return whether an object is a tensor.

    Parameters
    ----------
    obj : object
        Anything.
    """
    return isinstance(obj, Tensor)


def from_dlpack(data: Any) -> Tensor:
    """Make a tensor of one of another library: on the CPU of a copy, on a GPU of its memory if that can be.

    Parameters
    ----------
    data : object with ``__dlpack__``
        Such as a tensor of PyTorch or an array of JAX.

    Notes
    -----
    A tensor is a value that nothing changes, while memory that is shared may be written to by its owner: so there is no
    view of it on the CPU. On a GPU, where copies are dear, there is: its owner should leave the numbers as they are, as
    numbacnn does. They are used where they lie if they are C-ordered or, of four axes, channels last; and copied there
    otherwise.
    """
    if not hasattr(data, "__dlpack__"):
        raise DTypeError(f"from_dlpack: data must have __dlpack__, as tensors of other libraries do, got {kind(data)}")
    there = on_device("from_dlpack", data, copy=False)
    if there is not None:
        return there
    try:
        values = np.from_dlpack(data)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        raise DTypeError(f"from_dlpack: {kind(data)} cannot be read: {error}") from None
    return tensor(values)


def device_of(name: "str | Device | None") -> Device | None:
    """The device of that name; None for the default."""
    return None if name is None else backend.device(name)


def one_number(value: Any, dtype: str) -> "np.ndarray[Any, Any]":
    """A number in a dtype, into which it must fit."""
    return _converted("tensor", _values("tensor", value), dtype)


def _placed(op: str, x: Tensor, dtype: Any, device: "str | Device | None") -> Tensor:
    """A tensor in a dtype, on a device, as far as they are given."""
    targets = [dtype_name(op, dtype)] if dtype is not None else []
    return x.to(*targets, *([] if device is None else [backend.device(device)]))


def _values(op: str, data: Any) -> "np.ndarray[Any, Any]":
    """The numbers as an array of a dtype that NumPy can convert to ours."""
    if isinstance(data, set | dict | str | bytes) or data is None or callable(getattr(data, "__next__", None)):
        raise DTypeError(f"{op}: data must be numbers ({NUMBERS}), got {kind(data)}")
    try:
        values = np.asarray(data.numpy() if isinstance(data, Tensor) else _plain(data))
    except OverflowError:
        raise DTypeError(f"{op}: whole numbers must be from -2**63 to 2**63 - 1") from None
    except (ValueError, TypeError, RuntimeError) as error:
        raise DTypeError(f"{op}: data must be numbers, in nested lists of equal lengths: {error}") from None
    if is_real(values.dtype):
        return values
    if values.dtype.kind == "O" and all(isinstance(each, int) for each in values.flat):
        raise DTypeError(f"{op}: whole numbers must be from -2**63 to 2**63 - 1, got {max(values.flat, key=abs)}")
    what = {"c": "complex numbers", "U": "text", "S": "bytes", "M": "dates", "m": "spans of time", "V": "records",
            "T": "text"}.get(values.dtype.kind, f"{kind(_first_wrong(values))}")
    raise DTypeError(f"{op}: data must be real numbers, got {what}")


def _plain(data: Any) -> Any:
    """Nested lists with arrays in place of tensors."""
    if isinstance(data, Tensor):
        return data.numpy()
    if isinstance(data, list | tuple) and any(isinstance(each, Tensor | list | tuple) for each in data):
        return [_plain(each) for each in data]
    return data


def _first_wrong(values: "np.ndarray[Any, Any]") -> Any:
    """The first of several objects that is no number."""
    return next((each for each in values.flat if not isinstance(each, int | float)), None)


def _converted(op: str, values: "np.ndarray[Any, Any]", dtype: str) -> "np.ndarray[Any, Any]":
    """Numbers in another dtype, into which they must fit."""
    if dtype in ("uint8", "int32", "int64") and values.size and values.dtype not in (dtype, "bool"):
        limits = np.iinfo(dtype)
        values = converted(values, "float32") if values.dtype == "bfloat16" else values
        low, high = values.min(), values.max()          # NaN is neither
        if not (low > limits.min - 1 and high < limits.max + 1):
            wrong = low if not low > limits.min - 1 else high
            raise DTypeError(f"{op}: numbers must be from {limits.min} to {limits.max} for {dtype}, got {wrong}")
    return converted(values, dtype)
