"""How an elementwise function of the contract (numbacnn/kernels/functions) becomes an operation."""
from typing import Any

from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.dtypes import FLOATING
from numbacnn.graph import Array, record
from numbacnn.kernels.functions import arguments_of
from numbacnn.ops.check import any_tensor, floating
from numbacnn.ops.constant import no_gradient
from numbacnn.ops.shape import cast
from numbacnn.options import flag, number


def mapped(op: str, x: Tensor, inplace: Any = False, **options: float) -> Tensor:
    """Apply a function to each number, whose gradient keeps x or y: what `op`_backward asks for."""
    floating(op, x=x)
    if inplace is not False:                             # memory is reused wherever nobody can see it
        flag(op, "inplace", inplace)
    numbers = tuple([number(op, name, value, infinite=True) for name, value in options.items()])
    x_data = x.array
    spec = ((x_data.shape, x_data.dtype),)
    y, = record(op, (x_data,), spec, numbers)
    back = f"{op}_backward"
    held = y if arguments_of(back)[0][1] == "y" else x_data

    def backward(dy: Array) -> Gradients:
        return record(back, (dy, held), spec, numbers)

    return differentiable(y, (x,), backward)


def stepped(op: str, x: Tensor) -> Tensor:
    """Apply a function that is constant but for its jumps: its gradient is 0."""
    floating(op, x=x)
    spec = ((x.array.shape, x.array.dtype),)
    y, = record(op, (x.array,), spec)
    return differentiable(y, (x,), no_gradient)

def real(op: str, x: Tensor) -> Tensor:
    """The tensor if it is floating point; whole numbers as float32."""
    any_tensor(op, "x", x)
    return x if x.array.dtype in FLOATING else cast(x, "float32")

