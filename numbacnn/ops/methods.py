"""Methods of tensors that are other names, conversions, and forms that give their result to the tensor itself."""
from collections.abc import Callable
from typing import Any

from numbacnn.autograd import Tensor, adopt
from numbacnn.backend import device, device_of
from numbacnn.dtypes import ANY_FLOATING, FLOATING
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.ops import aliases
from numbacnn.ops.activation import relu
from numbacnn.ops.check import any_tensor
from numbacnn.ops.compare import (
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    nan_to_num,
)
from numbacnn.ops.elementwise import (
    add,
    divide,
    floor_divide,
    in_place,
    multiply,
    negative,
    remainder,
    subtract,
)
from numbacnn.ops.gather import index_add, index_copy, index_fill, scatter, scatter_add
from numbacnn.ops.mask import masked_fill, tril, triu
from numbacnn.ops.mathematics import (
    absolute,
    ceil,
    clamp,
    clamp_max,
    clamp_min,
    cos,
    erf,
    exp,
    expm1,
    floor,
    log,
    log1p,
    log2,
    log10,
    reciprocal,
    round,
    rsqrt,
    sign,
    sin,
    sqrt,
    square,
    trunc,
)
from numbacnn.ops.mixture import addcdiv, addcmul, lerp
from numbacnn.ops.numpy_names import with_numpy_names
from numbacnn.ops.operands import tensor_like
from numbacnn.ops.shape import cast, expand, to
from numbacnn.ops.smooth_activation import sigmoid, tanh
from numbacnn.ops.sort import cumsum
from numbacnn.ops.view import permute
from numbacnn.part import detach


def _conversion(name: str, dtype: str) -> Callable[[Tensor], Tensor]:
    def converted(x: Tensor) -> Tensor:
        return cast(x, dtype)

    converted.__name__, converted.__doc__ = name, f"Return the numbers as {dtype}."
    return converted


def half(x: Tensor) -> Tensor:
    """Refuse: there is no float16."""
    raise DTypeError(f"half: tensors are {ANY_FLOATING}, never float16; got {x.dtype}; use bfloat16()")


def type_as(x: Tensor, other: Tensor) -> Tensor:
    """Return the numbers in the dtype of another tensor."""
    any_tensor("type_as", "other", other)
    return cast(x, other.array.dtype)


def cpu(x: Tensor) -> Tensor:
    """Return the tensor on the CPU: itself if it is there."""
    return to(x, device("cpu"))


def cuda(x: Tensor, device: Any = None, non_blocking: bool = False) -> Tensor:
    """Return the tensor on a GPU, the first one unless its device or number is given: itself if it is there."""
    return to(x, device_of("cuda", "cuda", device))


def is_cuda(x: Tensor) -> bool:
    """Whether the tensor lies on a GPU."""
    return x.device.type == "cuda"


def t(x: Tensor) -> Tensor:
    """Swap the axes of a matrix; what has one axis, or none, stays."""
    if x.ndim > 2:
        raise ShapeError(f"t: x must have two axes at most, got x{x.shape}; use transpose or permute")
    return permute(x, 1, 0) if x.ndim == 2 else x


def reversed_axes(x: Tensor) -> Tensor:
    """Return the tensor with its axes in the opposite order."""
    return permute(x, *range(x.ndim)[::-1]) if x.ndim else x


def is_floating_point(x: Tensor) -> bool:
    """Return whether the numbers are float32, float64 or bfloat16."""
    any_tensor("is_floating_point", "x", x)
    return x.dtype.name in FLOATING


def detach_(x: Tensor) -> Tensor:
    """Take the history from a tensor, and return it."""
    adopt(x, x.detach())
    return x


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


# Operations that have a form which gives the result to the first tensor: `relu_` of `relu`.
WITH_IN_PLACE_FORM = (
    absolute, add, addcdiv, addcmul, bitwise_and, bitwise_or, bitwise_xor, ceil, clamp, clamp_max, clamp_min, cos,
    with_numpy_names(cumsum), divide, erf, exp, expm1, floor, floor_divide, index_add, index_copy, index_fill, lerp,
    log, log10, log1p, log2, logical_and, logical_not, logical_or, logical_xor, masked_fill, multiply, nan_to_num,
    negative, reciprocal, relu, remainder, round, rsqrt, scatter, scatter_add, sigmoid, sign, sin, sqrt, square,
    subtract, tanh, tril, triu, trunc)
IN_PLACE = {f"{name}_": in_place(op) for name, op in (
    *[(op.__name__, op) for op in WITH_IN_PLACE_FORM],
    *[(name, getattr(aliases, name)) for name in ("abs", "clip", "div", "mul", "neg", "pow", "sub")])}
IN_PLACE |= {f"{name}_": in_place(op, reads=False) for name, op in (
    ("copy", copy_of), ("fill", filled), ("zero", zeros_of))}

NAMED = {
    **{name: getattr(aliases, name) for name in aliases.__all__}, **IN_PLACE,
    "bfloat16": _conversion("bfloat16", "bfloat16"), "bool": _conversion("bool", "bool"),
    "byte": _conversion("byte", "uint8"), "detach_": detach_,
    "double": _conversion("double", "float64"), "float": _conversion("float", "float32"), "half": half,
    "int": _conversion("int", "int32"), "long": _conversion("long", "int64"), "type_as": type_as, "detach": detach,
    "is_floating_point": is_floating_point, "cpu": cpu, "cuda": cuda,
    "is_cuda": property(is_cuda), "t": t,
    "T": property(reversed_axes),
}
