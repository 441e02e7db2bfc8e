"""Arithmetic. Shapes broadcast as in NumPy; dtypes as operands.py says."""
from collections.abc import Callable
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.dtypes import FLOATING
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.graph import Array, record
from numbacnn.ops.constant import constant, no_gradient
from numbacnn.ops.operands import operands
from numbacnn.ops.shape import cast, sum_to
from numbacnn.options import is_integer, operand
from numbacnn.part import check_leaf, write

Rule = Callable[[Array, Any, Any, Any], Array]          # dy, a, b, y -> gradient of an operand, still broadcast
KEEPS = {"add": (False, False, False), "subtract": (False, False, False), "multiply": (True, True, False),
         "divide": (False, True, True), "maximum": (True, True, False), "minimum": (True, True, False),
         "power": (True, True, True), "remainder": (True, True, False)}     # which of a, b, y the rules read


def add(a: Any, b: Any, *, alpha: float = 1) -> Tensor:
    """Return a + alpha * b.

    Parameters
    ----------
    a, b : Tensor or number
        Of shapes that broadcast by NumPy's rules.
    alpha : number
        A factor; a whole one beside whole numbers.
    """
    if type(alpha) is not int or alpha != 1:
        a, b = _scaled("add", a, b, alpha)
    return _binary("add", a, b, lambda dy, a, b, y: dy, lambda dy, a, b, y: dy)


def subtract(a: Any, b: Any, *, alpha: float = 1) -> Tensor:
    """Return a - alpha * b. Parameters are those of `add`."""
    if type(alpha) is not int or alpha != 1:
        a, b = _scaled("subtract", a, b, alpha)
    return _binary("subtract", a, b, lambda dy, a, b, y: dy, lambda dy, a, b, y: _negative(dy))


def multiply(a: Any, b: Any) -> Tensor:
    """Return a * b. Keeps both for the gradients. Parameters are those of `add`."""
    return _binary("multiply", a, b, lambda dy, a, b, y: apply("multiply", dy, b),
                   lambda dy, a, b, y: apply("multiply", dy, a))


def divide(a: Any, b: Any) -> Tensor:
    """Return a / b; of whole numbers as float32. Keeps b and the result for the gradients.

    Parameters are those of `add`.
    """
    return _binary("divide", a, b, lambda dy, a, b, y: apply("divide", dy, b),
                   lambda dy, a, b, y: _negative(apply("divide", apply("multiply", dy, y), b)))


def maximum(a: Any, b: Any) -> Tensor:
    """Return the larger of a and b, NaN where one is NaN. Where both are equal, each gets half of the gradient.

    Parameters are those of `add`.
    """
    return _binary("maximum", a, b, lambda dy, a, b, y: apply("multiply", dy, apply("share_above", a, b)),
                   lambda dy, a, b, y: apply("multiply", dy, apply("share_above", b, a)))


def minimum(a: Any, b: Any) -> Tensor:
    """Return the smaller of a and b, NaN where one is NaN. Where both are equal, each gets half of the gradient.

    Parameters are those of `add`.
    """
    return _binary("minimum", a, b, lambda dy, a, b, y: apply("multiply", dy, apply("share_above", b, a)),
                   lambda dy, a, b, y: apply("multiply", dy, apply("share_above", a, b)))


def remainder(a: Any, b: Any) -> Tensor:
    """Return a - floor(a / b) * b, which has the sign of b, as Python's %; of whole numbers divided by 0 it is 0.

    Parameters are those of `add`.
    """
    return _binary("remainder", a, b, lambda dy, a, b, y: dy,
                   lambda dy, a, b, y: _negative(apply("multiply", dy, apply("floor_divide", a, b))))


def floor_divide(a: Any, b: Any) -> Tensor:
    """Return the largest whole number up to a / b, as Python's //. It has no gradient.

    Whole numbers divided by 0 give 0: kernels do not raise. Parameters are those of `add`.
    """
    a, b = operands("floor_divide", a, b)
    return Tensor(apply("floor_divide", a.array, b.array))


def in_place(op: Callable[..., Tensor], reads: bool = True) -> Callable[..., Tensor]:
    """Make the form of an operation that gives its result to the left operand, such as `+=`.

    `reads` says whether it needs the numbers that were there.
    """
    def assigned(x: Tensor, *others: Any, **options: Any) -> Tensor:
        y = op(x, *others, **options)
        check_leaf(op.__name__, x)
        if y.array.shape != x.array.shape:
            raise ShapeError(f"{op.__name__}: the result must fit in x{x.shape}, got {y.shape}")
        if y.array.dtype != x.array.dtype:
            if y.array.dtype in FLOATING and x.array.dtype not in FLOATING:
                raise DTypeError(f"{op.__name__}: the result is {y.array.dtype}, which x of {x.array.dtype} cannot "
                                 "hold; convert x first, such as with x.float()")
            y = cast(y, x.array.dtype)
        if x.node is not None and not y.requires_grad:   # what is overwritten has a history, and the gradient 0
            y = differentiable(y.array, (x,), no_gradient)
        elif y.node is None and y.requires_grad:         # what the user made is copied, and gets the gradient
            y = differentiable(y.array, (y,), lambda dy: (dy,))
        write(op.__name__, x, y, reads)
        return x

    return assigned


def negative(x: Tensor) -> Tensor:
    """Return -x."""
    return multiply(x, -1)


def binary(op: str, a: Tensor, b: Tensor, rule_a: Rule, rule_b: Rule) -> Tensor:
    """Record an operation of two tensors of one dtype, which broadcast; the rules say what their gradients are."""
    a_data, b_data = a.array, b.array
    y = apply(op, a_data, b_data)
    needs = a.requires_grad, b.requires_grad
    if not any(needs):
        return Tensor(y)
    held = [each if kept else None for each, kept in zip((a_data, b_data, y), KEEPS[op], strict=True)]
    a_shape, b_shape = a_data.shape, b_data.shape

    def backward(dy: Array) -> Gradients:
        return (sum_to(rule_a(dy, *held), a_shape) if needs[0] else None,
                sum_to(rule_b(dy, *held), b_shape) if needs[1] else None)

    return differentiable(y, (a, b), backward)


def apply(op: str, a: Array, b: Array, dtype: str | None = None) -> Array:
    """Record an operation of two arrays, which broadcast."""
    shape = geometry.broadcast(op, a.shape, b.shape)
    return record(op, (a, b), ((shape, dtype or a.dtype),))[0]


def _binary(op: str, a: Any, b: Any, rule_a: Rule, rule_b: Rule) -> Tensor:
    a, b = operands(op, a, b)
    if op == "divide" and a.array.dtype not in FLOATING:
        a, b = cast(a, "float32"), cast(b, "float32")
    return binary(op, a, b, rule_a, rule_b)


def scaled(op: str, x: Tensor, alpha: Any) -> Tensor:
    """alpha * x: whole numbers stay whole."""
    if not is_integer(operand(op, "alpha", alpha)) and x.array.dtype not in FLOATING:
        raise DTypeError(f"{op}: alpha must be a whole number beside whole numbers, got {alpha!r}")
    return multiply(x, alpha)


def _scaled(op: str, a: Any, b: Any, alpha: Any) -> tuple[Tensor, Tensor]:
    """a and alpha * b."""
    a, b = operands(op, a, b)
    return a, scaled(op, b, alpha)


def _negative(x: Array) -> Array:
    return apply("multiply", x, constant(-1, x.dtype, x.device))
