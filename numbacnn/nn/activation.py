"""Activation layers."""
from typing import Any

import numpy as np

from numbacnn import ops
from numbacnn.autograd import Tensor
from numbacnn.nn.module import Module, Parameter


class ReLU(Module):
    """Replace negative numbers by zero: max(x, 0).

    Parameters
    ----------
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.relu(x)


class LeakyReLU(Module):
    """Scale negative numbers: x where x > 0, else negative_slope * x.

    Parameters
    ----------
    negative_slope : float
        The slope below zero.
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"negative_slope={self.negative_slope}"


class PReLU(Module):
    """Scale negative numbers by learned slopes.

    Parameters
    ----------
    num_parameters : int
        1, or the number of channels.
    init : float
        First value of the slopes.
    dtype : dtype
        float32 or float64.
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, dtype: Any = np.float32) -> None:
        self.weight = Parameter(np.full(num_parameters, init, dtype))

    def forward(self, x: Tensor) -> Tensor:
        """Apply to x, channels being axis 1."""
        return ops.prelu(x, self.weight)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"num_parameters={self.weight.numel()}"


class Sigmoid(Module):
    """Squash to (0, 1): 1 / (1 + exp(-x))."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.sigmoid(x)


class Softmax(Module):
    """Turn numbers into probabilities along an axis.

    Parameters
    ----------
    dim : int
        The axis.
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        """Apply along the axis."""
        return ops.softmax(x, self.dim)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"dim={self.dim}"
