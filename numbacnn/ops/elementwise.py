"""Arithmetic. Shapes broadcast as in NumPy; a Python number takes the dtype of the tensor."""
from collections.abc import Callable
from typing import Any

import numpy as np

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.errors import DTypeError, GradientError, ShapeError
from numbacnn.graph import Array, rebind, record
from numbacnn.ops.check import FLOATING
from numbacnn.ops.constant import constant
from numbacnn.ops.shape import sum_to

Rule = Callable[[Array, Any, Any, Any], Array]          # dy, a, b, y -> gradient of an operand, still broadcast
KEEPS = {"add": (False, False, False), "subtract": (False, False, False), "multiply": (True, True, False),
         "divide": (False, True, True)}                 # which of a, b, y the rules read


def add(a: Any, b: Any) -> Tensor:
    """Return a + b."""
    return _binary("add", a, b, lambda dy, a, b, y: dy, lambda dy, a, b, y: dy)


def subtract(a: Any, b: Any) -> Tensor:
    """Return a - b."""
    return _binary("subtract", a, b, lambda dy, a, b, y: dy, lambda dy, a, b, y: _negative(dy))


def multiply(a: Any, b: Any) -> Tensor:
    """Return a * b. Keeps both for the gradients."""
    return _binary("multiply", a, b, lambda dy, a, b, y: _apply("multiply", dy, b),
                   lambda dy, a, b, y: _apply("multiply", dy, a))


def divide(a: Any, b: Any) -> Tensor:
    """Return a / b; floating point only. Keeps b and the result for the gradients."""
    return _binary("divide", a, b, lambda dy, a, b, y: _apply("divide", dy, b),
                   lambda dy, a, b, y: _negative(_apply("divide", _apply("multiply", dy, y), b)))


def in_place(op: Callable[[Any, Any], Tensor]) -> Callable[[Tensor, Any], Tensor]:
    """Make the form of an operation that gives its result to the left operand, such as `+=`."""
    def assigned(x: Tensor, other: Any) -> Tensor:
        y = op(x, other)
        if x.node is None and x.requires_grad and y.requires_grad:
            raise GradientError(f"{op.__name__}: a tensor with requires_grad=True that the user made cannot be changed "
                                "in place where gradients are recorded; do it inside `with numbacnn.no_grad():`")
        if y.array.shape != x.array.shape:
            raise ShapeError(f"{op.__name__}: the result must fit in x{x.shape}, got {y.shape}")
        rebind(x, y.array)
        if y.requires_grad:
            x.node, x.requires_grad = y.node, True
        return x

    return assigned


def negative(x: Tensor) -> Tensor:
    """Return -x."""
    return multiply(x, -1)


def _binary(op: str, a: Any, b: Any, rule_a: Rule, rule_b: Rule) -> Tensor:
    a, b = _operands(op, a, b)
    a_data, b_data = a.array, b.array
    y_shape = geometry.broadcast(op, a_data.shape, b_data.shape)
    y, = record(op, (a_data, b_data), ((y_shape, a_data.dtype),))
    needs = a.requires_grad, b.requires_grad
    if not any(needs):
        return Tensor(y)
    held = [each if kept else None for each, kept in zip((a_data, b_data, y), KEEPS[op], strict=True)]
    a_shape, b_shape = a_data.shape, b_data.shape

    def backward(dy: Array) -> Gradients:
        return (sum_to(rule_a(dy, *held), a_shape) if needs[0] else None,
                sum_to(rule_b(dy, *held), b_shape) if needs[1] else None)

    return differentiable(y, (a, b), backward)


def _operands(op: str, a: Any, b: Any) -> tuple[Tensor, Tensor]:
    tensor = a if isinstance(a, Tensor) else b
    if not isinstance(tensor, Tensor):
        raise DTypeError(f"{op}: operands must be tensors, one at least, or numbers, got {type(a).__name__} and "
                         f"{type(b).__name__}")
    a, b = (_constant(op, each, tensor) for each in (a, b))
    dtype, other = a.array.dtype, b.array.dtype
    if dtype != other:
        raise DTypeError(f"{op}: dtypes must be equal, got {dtype} and {other}; convert one with .to(numbacnn.{dtype})")
    if dtype == "bool" or (op == "divide" and dtype not in FLOATING):
        wanted = "float32 or float64" if op == "divide" else "numbers"
        raise DTypeError(f"{op}: operands must be {wanted}, got {dtype}; convert them with .to(numbacnn.float32)")
    return a, b


def _constant(op: str, value: Any, like: Tensor) -> Tensor:
    """A Python number or NumPy array as a tensor like `like`."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, np.ndarray):
        return Tensor(Array.of(value, like.device))
    if not isinstance(value, int | float | np.number) or isinstance(value, bool):
        raise DTypeError(f"{op}: operands must be tensors or numbers, got {type(value).__name__}")
    if isinstance(value, float | np.floating) and like.array.dtype not in FLOATING:
        raise DTypeError(f"{op}: {value!r} does not fit a tensor of {like.array.dtype}; convert the tensor with "
                         ".to(numbacnn.float32)")
    try:
        return Tensor(constant(value, like.array.dtype, like.device))
    except OverflowError:
        raise DTypeError(f"{op}: {value!r} does not fit a tensor of {like.array.dtype}; convert the tensor with "
                         ".to(numbacnn.float64)") from None


def _apply(op: str, a: Array, b: Array) -> Array:
    shape = geometry.broadcast(op, a.shape, b.shape)
    return record(op, (a, b), ((shape, a.dtype),))[0]


def _negative(x: Array) -> Array:
    return _apply("multiply", x, constant(-1, x.dtype, x.device))
