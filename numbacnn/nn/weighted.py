"""What layers with a weight and a bias share: how these are made, and what they are at first."""
import math
from typing import Any

from numbacnn import backend
from numbacnn.creation import ones, zeros
from numbacnn.dtypes import ANY_FLOATING, FLOATING
from numbacnn.errors import DTypeError
from numbacnn.nn import init
from numbacnn.nn.module import Module, Parameter
from numbacnn.ops.check import dtype_name
from numbacnn.options import flag


def made(op: str, dtype: Any, device: Any) -> dict[str, Any]:
    """The dtype and device of parameters, as options: float32 where no dtype is given."""
    name = dtype_name(op, dtype, "float32")
    if name not in FLOATING:
        raise DTypeError(f"{op}: dtype must be {ANY_FLOATING}, got {name}")
    return {"dtype": name, "device": None if device is None else backend.device(device)}


class Weighted(Module):
    """A layer that multiplies by a weight, whose first axis is that of the outputs, and adds a bias."""

    weight: Parameter
    bias: Parameter | None

    def _make(self, shape: tuple[int, ...], outputs: int, bias: bool, device: Any, dtype: Any) -> None:
        op = type(self).__name__
        self.weight = Parameter(zeros(shape, **made(op, dtype, device)))
        self.bias = Parameter(zeros(outputs, **made(op, dtype, device))) if flag(op, "bias", bias) else None
        self.reset_parameters()

    def _inputs(self) -> int:
        """How many numbers an output is made of."""
        return math.prod(self.weight.shape[1:])

    def reset_parameters(self) -> None:
        """Draw the first values anew."""
        bound = 1 / math.sqrt(self._inputs())
        for parameter in (self.weight, self.bias):
            if parameter is not None:
                init.uniform_(parameter, -bound, bound)


class Scaled(Module):
    """A layer that normalises, and then multiplies by a weight and adds a bias, as far as they are wanted."""

    weight: Parameter | None
    bias: Parameter | None = None

    def _make(self, shape: int | tuple[int, ...], scale: bool, device: Any, dtype: Any) -> None:
        like = made(type(self).__name__, dtype, device)
        self.weight = Parameter(ones(shape, **like)) if scale else None

    def _make_both(self, shape: int | tuple[int, ...], scale: bool, shift: bool, device: Any, dtype: Any) -> None:
        op = type(self).__name__
        self._make(shape, scale, device, dtype)
        shift = flag(op, "bias", shift) and scale
        self.bias = Parameter(zeros(shape, **made(op, dtype, device))) if shift else None

    def reset_parameters(self) -> None:
        """Forget what was learned: scale 1, shift 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)
