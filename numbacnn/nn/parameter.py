"""Tensors that belong to modules."""
from typing import Any

from numbacnn.autograd import Tensor
from numbacnn.dtypes import ANY_FLOATING, FLOATING
from numbacnn.errors import DTypeError


class Parameter(Tensor):
    """A tensor that an optimiser trains: an attribute of a module.

    Parameters
    ----------
    data : Tensor or array
        First values.
    requires_grad : bool
        False freezes the parameter.
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True) -> None:
        super().__init__(_values("Parameter", data))
        if requires_grad and self.array.dtype not in FLOATING:
            raise DTypeError(f"Parameter: must be {ANY_FLOATING} to be trained, got {self.array.dtype}; a Buffer "
                             "may have any dtype")
        self.requires_grad_(requires_grad)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor):
    """A tensor that belongs to a module but is not trained, such as a running mean.

    Parameters
    ----------
    data : Tensor or array
        First values.
    persistent : bool
        Whether the buffer is part of `Module.state_dict`.
    """

    __slots__ = ("persistent",)

    def __init__(self, data: Any, persistent: bool = True) -> None:
        super().__init__(_values("Buffer", data))
        self.persistent = persistent


def _values(name: str, data: Any) -> Any:
    if data is None or isinstance(data, str):
        raise DTypeError(f"{name}: data must be a Tensor or an array, got {type(data).__name__}")
    return data.array if isinstance(data, Tensor) else data
