"""What layers with a weight and a bias share: how these are made, and what they are at first."""
import math
from typing import Any

import numpy as np

from numbacnn.creation import ones, zeros
from numbacnn.nn import init
from numbacnn.nn.module import Module, Parameter


def made(dtype: Any, device: Any) -> dict[str, Any]:
    """The dtype and device of parameters, as options: float32 where no dtype is given."""
    return {"dtype": np.float32 if dtype is None else dtype, "device": device}


class Weighted(Module):
    """A layer that multiplies by a weight, whose first axis is that of the outputs, and adds a bias."""

    weight: Parameter
    bias: Parameter | None

    def _make(self, shape: tuple[int, ...], outputs: int, bias: bool, device: Any, dtype: Any) -> None:
        self.weight = Parameter(zeros(shape, **made(dtype, device)))
        self.bias = Parameter(zeros(outputs, **made(dtype, device))) if bias else None
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
        self.weight = Parameter(ones(shape, **made(dtype, device))) if scale else None

    def _make_both(self, shape: int | tuple[int, ...], scale: bool, shift: bool, device: Any, dtype: Any) -> None:
        self._make(shape, scale, device, dtype)
        self.bias = Parameter(zeros(shape, **made(dtype, device))) if scale and shift else None

    def reset_parameters(self) -> None:
        """Forget what was learned: scale 1, shift 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)
