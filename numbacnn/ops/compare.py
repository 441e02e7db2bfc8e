"""Comparisons, and logic on what they give: bool, without a gradient."""
from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.dtypes import FLOATING, LARGEST
from numbacnn.errors import DTypeError
from numbacnn.graph import Array, record
from numbacnn.ops.arrange import clone
from numbacnn.ops.check import any_tensor
from numbacnn.ops.constant import constant
from numbacnn.ops.elementwise import apply
from numbacnn.ops.mathematics import absolute
from numbacnn.ops.operands import ANY, operands, promoted, tensor_like
from numbacnn.ops.shape import expand, sum_to
from numbacnn.options import number


def _comparison(op: str, sign: str, kernel: str = "") -> Callable[[Any, Any], Tensor]:
    def compared(a: Any, b: Any) -> Tensor:
        a, b = operands(op, a, b, ANY)
        return Tensor(apply(kernel or op, a.array, b.array, "bool"))

    compared.__name__ = compared.__qualname__ = op
    compared.__doc__ = f"Return where a {sign} b, as bool. Parameters are those of `add`."
    return compared


eq, not_equal = _comparison("eq", "==", "equal"), _comparison("not_equal", "!=")
less, less_equal = _comparison("less", "<"), _comparison("less_equal", "<=")
greater, greater_equal = _comparison("greater", ">"), _comparison("greater_equal", ">=")


def is_equal(a: Tensor, b: Any) -> Any:
    """Compare as `==` does: what is neither a tensor nor a number is not equal."""
    return eq(a, b) if isinstance(b, Tensor | np.ndarray | np.generic | int | float) else NotImplemented


def is_different(a: Tensor, b: Any) -> Any:
    """Compare as `!=` does."""
    return not_equal(a, b) if isinstance(b, Tensor | np.ndarray | np.generic | int | float) else NotImplemented


def _logic(op: str, text: str) -> Callable[[Any, Any], Tensor]:
    def combined(a: Any, b: Any) -> Tensor:
        a, b = operands(op, a, b, ANY)
        if a.array.dtype in FLOATING:
            raise DTypeError(f"{op}: operands must be bool or whole numbers, got {a.array.dtype}; compare them first, "
                             "such as x != 0")
        return Tensor(apply(op, a.array, b.array))

    combined.__name__ = combined.__qualname__ = op
    combined.__doc__ = f"Return {text}, of bool or bit by bit of whole numbers. Parameters are those of `add`."
    return combined


bitwise_and, bitwise_or = _logic("bitwise_and", "a and b"), _logic("bitwise_or", "a or b")
bitwise_xor = _logic("bitwise_xor", "either a or b")


def _truth(op: str, kernel: Callable[[Any, Any], Tensor], text: str) -> Callable[[Any, Any], Tensor]:
    def combined(a: Any, b: Any) -> Tensor:
        like = a if isinstance(a, Tensor) else b
        any_tensor(op, "a", like)
        a, b = [each if isinstance(each, Tensor) else tensor_like(op, each, like) for each in (a, b)]
        geometry.broadcast(op, a.shape, b.shape)
        return kernel(*[each if each.array.dtype == "bool" else not_equal(each, 0) for each in (a, b)])

    combined.__name__ = combined.__qualname__ = op
    combined.__doc__ = f"Return where {text} are not 0 (NaN is not), as bool."
    return combined


logical_and = _truth("logical_and", bitwise_and, "both a and b")
logical_or = _truth("logical_or", bitwise_or, "a or b or both")
logical_xor = _truth("logical_xor", bitwise_xor, "either a or b, not both,")


def logical_not(x: Tensor) -> Tensor:
    """Return where x is False, or 0."""
    any_tensor("logical_not", "x", x)
    return eq(x, False) if x.array.dtype == "bool" else eq(x, 0)


def invert(x: Tensor) -> Tensor:
    """Return where x is False; of whole numbers, the number with all bits turned."""
    any_tensor("invert", "x", x)
    if x.array.dtype in FLOATING:
        raise DTypeError(f"invert: x must be bool or whole numbers, got {x.array.dtype}; compare it first, such as "
                         "x != 0")
    return logical_not(x) if x.array.dtype == "bool" else bitwise_xor(x, 255 if x.array.dtype == "uint8" else -1)


def isnan(x: Tensor) -> Tensor:
    """Return where x is no number."""
    any_tensor("isnan", "x", x)
    return not_equal(x, x)


def isinf(x: Tensor) -> Tensor:
    """Return where x is infinite."""
    any_tensor("isinf", "x", x)
    return eq(absolute(x), inf) if x.array.dtype in FLOATING else not_equal(x, x)


def isfinite(x: Tensor) -> Tensor:
    """Return where x is neither infinite nor NaN."""
    any_tensor("isfinite", "x", x)
    return less(absolute(x), inf) if x.array.dtype in FLOATING else eq(x, x)


def where(condition: Tensor, a: Any, b: Any) -> Tensor:
    """Return a where the condition is true, b elsewhere.

    Parameters
    ----------
    condition : Tensor of bool
        Broadcasts with a and b.
    a, b : Tensor or number
        Tensors broadcast, and take the higher of the two dtypes.

    Returns
    -------
    Tensor
        Keeps the condition; the gradient of a is 0 where b was taken, and the other way round.
    """
    any_tensor("where", "condition", condition)
    if condition.array.dtype != "bool":
        raise DTypeError(f"where: condition must be bool, got {condition.array.dtype}; compare it first, such as "
                         "x != 0")
    if not isinstance(a, Tensor) and not isinstance(b, Tensor):
        raise DTypeError("where: one of a and b must be a tensor at least; make one with numbacnn.tensor")
    like = a if isinstance(a, Tensor) else b
    a, b = promoted(*[each if isinstance(each, Tensor) else tensor_like("where", each, like) for each in (a, b)])
    shape = geometry.broadcast("where", geometry.broadcast("where", condition.shape, a.shape), b.shape)
    a_shape, b_shape, dtype, needs = a.shape, b.shape, a.array.dtype, (a.requires_grad, b.requires_grad)
    mask, x, z = [each.array if each.shape == shape else expand(each, shape).array for each in (condition, a, b)]
    y, = record("where", (mask, x, z), ((shape, dtype),))

    def backward(dy: Array) -> Gradients:
        zero, = record("expand", (constant(0, dtype, dy.device),), ((shape, dtype),))
        da, db = [record("where", (mask, *pair), ((shape, dtype),))[0] if needed else None
                  for pair, needed in zip(((dy, zero), (zero, dy)), needs, strict=True)]
        return (None if da is None else sum_to(da, a_shape), None if db is None else sum_to(db, b_shape))

    return differentiable(y, (a, b), backward)


def nan_to_num(x: Tensor, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """Return x with numbers in place of NaN and of what is infinite; the gradient there is 0.

    Parameters
    ----------
    x : Tensor
        Any tensor.
    nan : float
        In place of NaN.
    posinf, neginf : float, optional
        In place of infinity and -infinity; by default the largest and smallest number of the dtype.
    """
    any_tensor("nan_to_num", "x", x)
    dtype = x.array.dtype
    largest = LARGEST[dtype if dtype in FLOATING else "float32"]
    given = ("nan", nan, 0.0), ("posinf", posinf, largest), ("neginf", neginf, -largest)
    values = [default if value is None else number("nan_to_num", name, value, infinite=True)
              for name, value, default in given]
    if dtype not in FLOATING:
        return clone(x)
    y = where(isnan(x), values[0], x)
    return where(eq(x, inf), values[1], where(eq(x, -inf), values[2], y))
