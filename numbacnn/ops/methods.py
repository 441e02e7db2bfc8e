"""Methods of tensors that are other names, conversions, and forms that give their result to the tensor itself."""
from collections.abc import Callable
from typing import Any

from numbacnn.autograd import Tensor
from numbacnn.backend import device
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.ops import aliases
from numbacnn.ops.check import FLOATING, any_tensor
from numbacnn.ops.elementwise import add, divide, in_place, multiply, subtract
from numbacnn.ops.mathematics import clamp
from numbacnn.ops.operands import tensor_like
from numbacnn.ops.shape import cast, expand, permute, to, transpose
from numbacnn.ops.view import permuted, view_of
from numbacnn.part import detach


def _conversion(name: str, dtype: str) -> Callable[[Tensor], Tensor]:
    def converted(x: Tensor) -> Tensor:
        return cast(x, dtype)

    converted.__name__, converted.__doc__ = name, f"Return the numbers as {dtype}."
    return converted


def half(x: Tensor) -> Tensor:
    """Refuse: numbers with a point are float32 or float64."""
    raise DTypeError(f"half: tensors are float32 or float64, never float16; got {x.dtype}")


def type_as(x: Tensor, other: Tensor) -> Tensor:
    """Return the numbers in the dtype of another tensor."""
    any_tensor("type_as", "other", other)
    return cast(x, other.array.dtype)


def cpu(x: Tensor) -> Tensor:
    """Return the tensor on the CPU: itself if it is there."""
    return to(x, device("cpu"))


def cuda(x: Tensor) -> Tensor:
    """Return the tensor on the GPU: itself if it is there."""
    return to(x, device("cuda"))


def t(x: Tensor) -> Tensor:
    """Swap the axes of a matrix; what has one axis, or none, stays."""
    if x.ndim > 2:
        raise ShapeError(f"t: x must have two axes at most, got x{x.shape}; use transpose or permute")
    return transpose(x, 0, 1) if x.ndim == 2 else x


def reversed_axes(x: Tensor) -> Tensor:
    """Return the tensor with its axes in the opposite order."""
    return permute(x, tuple(range(x.ndim))[::-1]) if x.ndim else x


def is_floating_point(x: Tensor) -> bool:
    """Return whether the numbers are float32 or float64."""
    return x.array.dtype in FLOATING


def copy_of(x: Tensor, source: Any) -> Tensor:
    """Return the numbers of `source`, broadcast to the shape of x, in its dtype."""
    any_tensor("copy_", "source", source)
    y = cast(source, x.array.dtype)
    return y if y.shape == x.shape else expand(y, x.shape)


def filled(x: Tensor, value: Any) -> Tensor:
    """Return one number, as often as x has some, in its dtype."""
    number = value if isinstance(value, Tensor) else tensor_like("fill_", value, x)
    if number.ndim:
        raise ShapeError(f"fill_: value must be one number, got shape {number.shape}")
    return copy_of(x, number)


def zeros_of(x: Tensor) -> Tensor:
    """Return as many zeros as x has numbers."""
    return filled(x, 0)


NAMED = {
    **{name: getattr(aliases, name) for name in aliases.__all__},
    "add_": in_place(add), "clamp_": in_place(clamp), "copy_": in_place(copy_of, reads=False),
    "div_": in_place(divide), "fill_": in_place(filled, reads=False), "mul_": in_place(multiply),
    "sub_": in_place(subtract), "zero_": in_place(zeros_of, reads=False),
    "bool": _conversion("bool", "bool"), "byte": _conversion("byte", "uint8"),
    "double": _conversion("double", "float64"), "float": _conversion("float", "float32"), "half": half,
    "int": _conversion("int", "int32"), "long": _conversion("long", "int64"), "type_as": type_as, "detach": detach,
    "is_floating_point": is_floating_point, "cpu": cpu, "cuda": cuda, "t": view_of(t, permuted),
    "T": property(view_of(reversed_axes, permuted)),
}
