"""Operands of arithmetic: tensors, arrays and numbers become tensors of one dtype.

The dtype is the higher of the two in the order of `RANK`, as in NumPy; but whole numbers beside float32 or bfloat16
give that, so nothing becomes float64 that has no float64 in it. A Python number takes the dtype of the tensor; a Python
float beside whole numbers gives float32.
"""
from typing import Any

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.dtypes import FLOATING, RANK
from numbacnn.errors import DTypeError
from numbacnn.graph import Array
from numbacnn.ops.check import kind
from numbacnn.ops.constant import constant
from numbacnn.ops.shape import cast

NUMBERS, ANY = "numbers", "anything"


def operands(op: str, a: Any, b: Any, wanted: str = NUMBERS) -> tuple[Tensor, Tensor]:
    """The two operands as tensors of one dtype: floating point, numbers, or anything, bool too, as `wanted` says."""
    if type(b) is float and isinstance(a, Tensor) and a.array.dtype in FLOATING:      # as most are
        return a, Tensor(constant(b, a.array.dtype, a.array.device))
    tensor = a if isinstance(a, Tensor) else b
    if not isinstance(tensor, Tensor):
        raise DTypeError(f"{op}: operands must be tensors, one at least, or numbers, got {kind(a)} and {kind(b)}")
    if type(a) is not type(b) or a.array.dtype != b.array.dtype:
        a, b = (each if isinstance(each, Tensor) else tensor_like(op, each, tensor) for each in (a, b))
        a, b = promoted(a, b)
    if a.array.dtype == "bool" and wanted != ANY:
        raise DTypeError(f"{op}: operands must be numbers, got bool; convert them with .to(numbacnn.float32)")
    return a, b


def promoted(*tensors: Tensor) -> list[Tensor]:
    """Tensors of the highest of their dtypes."""
    dtype = max((x.array.dtype for x in tensors), key=RANK.__getitem__)
    return [x if x.array.dtype == dtype else cast(x, dtype) for x in tensors]


def tensor_like(op: str, value: Any, like: Tensor) -> Tensor:
    """A Python number or NumPy array as a tensor beside `like`."""
    dtype = like.array.dtype
    if isinstance(value, np.ndarray):
        if value.dtype == np.float64 and dtype != "float64":
            raise DTypeError(f"{op}: an array of float64 would make a tensor of {dtype} float64; convert the array "
                             "with .astype(np.float32), or the tensor with .to(numbacnn.float64)")
        return Tensor(Array.of(value, like.device))
    if isinstance(value, bool | np.bool_):
        return Tensor(constant(bool(value), "bool", like.device))
    if not isinstance(value, int | float | np.number):
        raise DTypeError(f"{op}: operands must be tensors or numbers, got {kind(value)}")
    if isinstance(value, float | np.floating) and dtype not in FLOATING:
        dtype = "float32"
    elif dtype == "bool":
        dtype = "int64"
    try:
        return Tensor(constant(value, dtype, like.device))
    except OverflowError:
        raise DTypeError(f"{op}: {value!r} does not fit a tensor of {dtype}; convert the tensor with "
                         ".to(numbacnn.float64)") from None
