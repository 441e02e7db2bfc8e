"""Checks of what is given to an op: tensors, of one floating point dtype."""
from typing import Any

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.dtypes import ANY_FLOATING, DTYPES, FLOATING
from numbacnn.errors import DTypeError


def floating(op: str, *, bias: Tensor | None = None, **arguments: Any) -> None:
    """Check that all arguments are tensors of one floating point dtype; a bias may be missing."""
    if bias is not None:
        arguments["bias"] = bias
    first = None
    for x in arguments.values():
        if not isinstance(x, Tensor) or x.array.dtype not in FLOATING or x.array.dtype != (first or x.array.dtype):
            raise _not_floating(op, arguments)
        first = x.array.dtype


def _not_floating(op: str, arguments: dict[str, Any]) -> DTypeError:
    """What is wrong with the first argument that is not as the others, or no tensor of floating point numbers."""
    first, wanted = "", ""
    for name, x in arguments.items():
        any_tensor(op, name, x)
        dtype = x.array.dtype
        if dtype not in FLOATING:
            return DTypeError(f"{op}: {name} must be {ANY_FLOATING}, got {dtype}; convert it with "
                              f"{name}.to(numbacnn.float32)")
        if wanted and dtype != wanted:
            break
        first, wanted = first or name, dtype
    remedy = ", or compute in `with numbacnn.autocast():`" if {dtype, wanted} == {"bfloat16", "float32"} else ""
    return DTypeError(f"{op}: all arguments must have one dtype, got {first} {wanted} and {name} {dtype}; convert one "
                      f"with .to(numbacnn.{wanted}){remedy}")


def any_tensor(op: str, name: str, x: Any) -> None:
    """Check that an argument is a tensor."""
    if not isinstance(x, Tensor):
        raise DTypeError(f"{op}: {name} must be a Tensor, got {kind(x)}; make one with numbacnn.tensor")


def kind(x: Any) -> str:
    """Name the type of an argument: with its module where the name alone is ours, too."""
    name = type(x).__name__
    return f"{type(x).__module__}.{name}" if name in ("Tensor", "Parameter") else name


def dtype_name(op: str, dtype: Any, default: str | None = None) -> str:
    """The name of a dtype that tensors can have, given in any way NumPy understands; None: the default, if any."""
    if dtype is None and default is not None:
        return default
    try:
        name = np.dtype(dtype).name if dtype is not None else ""
    except TypeError:
        name = ""
    if name not in DTYPES:
        raise DTypeError(f"{op}: dtype must be one of {', '.join(DTYPES)}, got {dtype!r}")
    return name


def is_dtype(name: str) -> bool:
    """Whether a text names a dtype, ours or not, rather than a device."""
    return name.rstrip("0123456789") in ("float", "double", "single", "half", "bfloat", "int", "uint", "long", "bool",
                                         "complex")


def shape_of(x: Tensor | None) -> tuple[int, ...] | None:
    """The shape of a tensor that may not be given."""
    return None if x is None else x.array.shape
