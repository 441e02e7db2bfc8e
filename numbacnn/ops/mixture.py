"""Mixtures of two and three tensors: what averages of weights and optimisers are written with."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.ops.check import any_tensor, floating
from numbacnn.ops.compare import less, where
from numbacnn.ops.elementwise import add, divide, multiply, subtract
from numbacnn.options import operand


def lerp(x: Tensor, end: Tensor, weight: Any) -> Tensor:
    """Return what lies between two tensors: x for weight 0, end for weight 1, to the bit.

    Parameters
    ----------
    x, end : Tensor
        Of one floating point dtype; they broadcast.
    weight : Tensor or number
        How far from x to end.

    Notes
    -----
    x + weight * (end - x) below weight 0.5, else end - (1 - weight) * (end - x).
    """
    floating("lerp", x=x, end=end, **({"weight": weight} if isinstance(weight, Tensor) else {}))
    if not isinstance(weight, Tensor):
        operand("lerp", "weight", weight, "a Tensor or a number")
    geometry.broadcast("lerp", geometry.broadcast("lerp", x.shape, end.shape), getattr(weight, "shape", ()))
    apart = subtract(end, x)
    if not isinstance(weight, Tensor):
        return (add(x, multiply(apart, weight)) if weight < 0.5 else
                subtract(end, multiply(apart, 1 - weight)))
    near = less(weight, 0.5)
    return add(where(near, x, end), multiply(where(near, weight, subtract(weight, 1)), apart))


def addcmul(x: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """Return x + value * tensor1 * tensor2.

    Parameters
    ----------
    x, tensor1, tensor2 : Tensor
        They broadcast.
    value : number
        A factor.
    """
    return _added("addcmul", x, tensor1, tensor2, value, multiply)


def addcdiv(x: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """Return x + value * tensor1 / tensor2. Parameters are those of `addcmul`; floating point only."""
    floating("addcdiv", x=x, tensor1=tensor1, tensor2=tensor2)
    return _added("addcdiv", x, tensor1, tensor2, value, divide)


def _added(op: str, x: Tensor, a: Tensor, b: Tensor, value: Any, joined: Any) -> Tensor:
    for name, each in (("x", x), ("tensor1", a), ("tensor2", b)):
        any_tensor(op, name, each)
    operand(op, "value", value)
    geometry.broadcast(op, geometry.broadcast(op, a.shape, b.shape), x.shape)
    return add(x, joined(a if value == 1 else multiply(a, value), b))
