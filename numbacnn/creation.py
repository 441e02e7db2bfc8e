"""Making tensors that a rule fills: one number, a range, ones on the diagonal."""
import os
from math import isfinite
from operator import index
from typing import Any

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.backend import Device
from numbacnn.conversion import one_number, tensor
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.geometry import count
from numbacnn.ops.check import any_tensor, dtype_name
from numbacnn.options import is_integer, operand

Shape = tuple[int, ...]
Place = str | Device | None


def zeros(*shape: Any, dtype: Any = np.float32, device: Place = None, requires_grad: bool = False) -> Tensor:
    """Make a tensor of zeros.

    Parameters
    ----------
    *shape : int, or one tuple of int
        How long the axes are.
    dtype : dtype
        Of the numbers.
    device : Device or str, optional
        Where the tensor is born.
    requires_grad : bool
        Whether `backward` computes a gradient for the tensor.
    """
    return _filled("zeros", shape, 0, dtype, device, requires_grad)


def ones(*shape: Any, dtype: Any = np.float32, device: Place = None, requires_grad: bool = False) -> Tensor:
    """Make a tensor of ones. Parameters are those of `zeros`."""
    return _filled("ones", shape, 1, dtype, device, requires_grad)


def empty(*shape: Any, dtype: Any = np.float32, device: Place = None, requires_grad: bool = False) -> Tensor:
    """Make a tensor whose numbers do not matter: they are zeros, so that a program that reads them repeats itself.

    Parameters are those of `zeros`.
    """
    return _filled("empty", shape, 0, dtype, device, requires_grad)


def full(shape: Any, fill_value: Any, dtype: Any = None, device: Place = None, requires_grad: bool = False) -> Tensor:
    """Make a tensor of equal numbers.

    Parameters
    ----------
    shape : tuple of int or int
        How long the axes are.
    fill_value : number
        The number.
    dtype : dtype, optional
        By default bool, int64 or float32, as the number is.
    device : str or Device, optional
        Where the tensor is born.
    requires_grad : bool
        Whether `backward` computes a gradient for the tensor.
    """
    if isinstance(fill_value, Tensor) and fill_value.numel() == 1:
        fill_value = fill_value.numpy().reshape(())[()]
    _fills("full", fill_value)
    if dtype is None:
        dtype = "bool" if isinstance(fill_value, bool | np.bool_) else "int64" if is_integer(fill_value) else "float32"
    return _filled("full", (shape,), fill_value, dtype, device, requires_grad)


def zeros_like(x: Tensor, dtype: Any = None, device: Place = None, requires_grad: bool = False) -> Tensor:
    """Make a tensor of zeros with the shape of another, and its dtype and device unless they are given.

    Parameters
    ----------
    x : Tensor
        The tensor whose shape is taken.
    dtype : dtype, optional
        Of the numbers; by default that of x.
    device : Device or str, optional
        Where the tensor is born; by default where x is.
    requires_grad : bool
        Whether `backward` computes a gradient for the tensor.
    """
    return _like("zeros_like", x, 0, dtype, device, requires_grad)


def ones_like(x: Tensor, dtype: Any = None, device: Place = None, requires_grad: bool = False) -> Tensor:
    """Make a tensor of ones with the shape of another, and its dtype and device unless they are given.

    Parameters are those of `zeros_like`.
    """
    return _like("ones_like", x, 1, dtype, device, requires_grad)


def empty_like(x: Tensor, dtype: Any = None, device: Place = None, requires_grad: bool = False) -> Tensor:
    """Make a tensor like another whose numbers do not matter: zeros. Parameters are those of `zeros_like`."""
    return _like("empty_like", x, 0, dtype, device, requires_grad)


def full_like(x: Tensor, fill_value: Any, dtype: Any = None, device: Place = None, requires_grad: bool = False
              ) -> Tensor:
    """Make a tensor of equal numbers with the shape of another, and its dtype and device unless they are given.

    Parameters are those of `zeros_like`, and fill_value, the number.
    """
    _fills("full_like", fill_value)
    return _like("full_like", x, fill_value, dtype, device, requires_grad)


def arange(start: float, end: float | None = None, step: float = 1, dtype: Any = None, device: Place = None,
           requires_grad: bool = False) -> Tensor:
    """Make a tensor of start, start + step and so on, below `end`.

    Parameters
    ----------
    start, end : number
        With one number, from 0 to it. `end` is not among the numbers.
    step : number
        Not 0; below 0 the numbers fall.
    dtype : dtype, optional
        By default int64 if all are whole numbers, else float32.
    device : str or Device, optional
        Where the tensor is born.
    requires_grad : bool
        Whether `backward` computes a gradient for the tensor.

    Notes
    -----
    The numbers are start + i * step, computed in float64 (of whole numbers exactly), i from 0 to
    ceil((end - start) / step) - 1.
    """
    start, end = (0, start) if end is None else (start, end)
    _numbers("arange", start=start, end=end, step=step)
    whole = is_integer(start) and is_integer(end) and is_integer(step)
    if step == 0:
        raise ShapeError("arange: step must not be 0")
    if (end - start) * (1 if step > 0 else -1) < 0:
        raise ShapeError(f"arange: step must lead from start to end, got start={start}, end={end}, step={step}")
    length = -(-(end - start) // step) if whole else int(np.ceil((end - start) / step))
    name = "int64" if dtype is None and whole else "float32" if dtype is None else dtype_name("arange", dtype)
    _fits("arange", (int(length),), "float64")
    if whole:
        _numbers("arange", last=start + (length - 1) * step)
    i = np.arange(int(length), dtype="int64" if whole else "float64")
    return tensor(start + i * step, name, device, requires_grad)


def linspace(start: float, end: float, steps: int, dtype: Any = np.float32, device: Place = None,
             requires_grad: bool = False) -> Tensor:
    """Make a tensor of so many numbers, evenly from `start` to `end`, both among them.

    Parameters
    ----------
    start, end : number
        The first and the last.
    steps : int
        How many, 0 at least.
    dtype : dtype
        Of the tensor.
    device : str or Device, optional
        Where the tensor is born.
    requires_grad : bool
        Whether `backward` computes a gradient for the tensor.

    Notes
    -----
    Computed in float64, the first half from `start`, the second half from `end`.
    """
    _numbers("linspace", start=start, end=end)
    length, = sizes("linspace", (steps,))
    _fits("linspace", (length,), "float64")
    i, apart = np.arange(length, dtype="float64"), (end - start) / max(length - 1, 1)
    values = np.where(i < length / 2, start + i * apart, end - (length - 1 - i) * apart) if length != 1 else (
        np.array([float(start)]))
    return tensor(values, dtype_name("linspace", dtype, "float32"), device, requires_grad)


def eye(n: int, m: int | None = None, dtype: Any = np.float32, device: Place = None, requires_grad: bool = False
        ) -> Tensor:
    """Make a matrix (n, m), m being n by default, of ones on the diagonal and zeros elsewhere.

    Parameters
    ----------
    n, m : int
        How many rows and columns.
    dtype : dtype
        Of the numbers.
    device : Device or str, optional
        Where the tensor is born.
    requires_grad : bool
        Whether `backward` computes a gradient for the tensor.
    """
    name = dtype_name("eye", dtype, "float32")
    rows, columns = checked_shape("eye", (n, n if m is None else m), name)
    return tensor(np.eye(rows, columns, dtype=name), None, device, requires_grad)


def sizes(op: str, given: tuple[Any, ...]) -> Shape:
    """`zeros(2, 3)` and `zeros((2, 3))` mean the same; a shape has lengths, not below 0."""
    if len(given) == 1 and isinstance(given[0], tuple | list):
        given = tuple(given[0])
    for n in given:
        if isinstance(n, bool | np.bool_) or (not is_integer(n) and not hasattr(n, "__index__")):
            raise DTypeError(f"{op}: sizes must be whole numbers, got {n!r}")
    try:
        shape = tuple([index(n) for n in given])
    except TypeError:                                    # a type such as int, an array of several numbers
        raise DTypeError(f"{op}: sizes must be whole numbers, got {given!s:.80}") from None
    if any(n < 0 for n in shape):
        raise ShapeError(f"{op}: sizes must not be negative, got {shape}")
    return shape


def checked_shape(op: str, given: tuple[Any, ...], dtype: str) -> Shape:
    """A shape for which there is memory."""
    shape = sizes(op, given)
    _fits(op, shape, dtype)
    return shape


def _fits(op: str, shape: Shape, dtype: str) -> None:
    """Refuse what no memory holds: the system would promise it, and end the process when it is used."""
    nbytes = count(shape) * np.dtype(dtype).itemsize
    if nbytes > MEMORY:
        raise ShapeError(f"{op}: {shape} of {dtype} needs {nbytes / 2**30:.3g} GiB, this machine has "
                         f"{MEMORY / 2**30:.3g}")


def _memory() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):        # not on every system
        return 1 << 46


MEMORY = _memory()


def _numbers(op: str, **given: Any) -> None:
    for name, value in given.items():
        operand(op, name, value)
        if not isfinite(value) if not is_integer(value) else not -2**63 <= value < 2**63:
            raise ShapeError(f"{op}: {name} must be finite, and whole numbers in the range of int64, got {value}")


def _fills(op: str, fill_value: Any) -> None:
    if not isinstance(fill_value, bool | np.bool_):
        operand(op, "fill_value", fill_value)


def _filled(op: str, given: tuple[Any, ...], value: Any, dtype: Any, device: Place, requires_grad: bool) -> Tensor:
    name = dtype_name(op, dtype, "float32")
    shape = checked_shape(op, given, name)
    one = one_number(value, name)
    return tensor(np.broadcast_to(one, shape), None, device, requires_grad)


def _like(op: str, x: Tensor, value: Any, dtype: Any, device: Place, requires_grad: bool) -> Tensor:
    any_tensor(op, "x", x)
    return _filled(op, (x.shape,), value, x.array.dtype if dtype is None else dtype,
                   x.device if device is None else device, requires_grad)


# --- methods: in the dtype of a tensor, and on its device, unless others are given ---------------------------------

def new_zeros(x: Tensor, *size: Any, dtype: Any = None, device: Place = None, requires_grad: bool = False) -> Tensor:
    """Make a tensor of zeros."""
    return _new("new_zeros", x, size, 0, dtype, device, requires_grad)


def new_ones(x: Tensor, *size: Any, dtype: Any = None, device: Place = None, requires_grad: bool = False) -> Tensor:
    """Make a tensor of ones."""
    return _new("new_ones", x, size, 1, dtype, device, requires_grad)


def new_empty(x: Tensor, *size: Any, dtype: Any = None, device: Place = None, requires_grad: bool = False) -> Tensor:
    """Make a tensor whose numbers do not matter: zeros."""
    return _new("new_empty", x, size, 0, dtype, device, requires_grad)


def new_full(x: Tensor, size: Any, fill_value: Any, dtype: Any = None, device: Place = None,
             requires_grad: bool = False) -> Tensor:
    """Make a tensor of equal numbers."""
    _fills("new_full", fill_value)
    return _new("new_full", x, (size,), fill_value, dtype, device, requires_grad)


def new_tensor(x: Tensor, data: Any, dtype: Any = None, device: Place = None, requires_grad: bool = False) -> Tensor:
    """Make a tensor of numbers, as `numbacnn.tensor` does."""
    return tensor(data, x.dtype if dtype is None else dtype, x.device if device is None else device, requires_grad)


def _new(op: str, x: Tensor, size: tuple[Any, ...], value: Any, dtype: Any, device: Place, requires_grad: bool
         ) -> Tensor:
    return _filled(op, size, value, x.array.dtype if dtype is None else dtype, x.device if device is None else device,
                   requires_grad)


for _method in (new_zeros, new_ones, new_empty, new_full, new_tensor):
    setattr(Tensor, _method.__name__, _method)
