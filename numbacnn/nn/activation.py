"""Activation layers made of straight lines, and what all activation layers share."""
import inspect
from typing import Any

import numpy as np

from numbacnn import ops
from numbacnn.autograd import Tensor
from numbacnn.nn.module import Module, Parameter


class Activation(Module):
    """A layer whose options are attributes, which `repr` shows."""

    def extra_repr(self) -> str:
        """Return the options that `repr` shows; `inplace` only if it is True."""
        shown = [name for name in inspect.signature(type(self)).parameters if name in vars(self)]
        return ", ".join([f"{name}={getattr(self, name)!r}" for name in shown
                          if name != "inplace" or getattr(self, name)])


class ReLU(Activation):
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


class ReLU6(Activation):
    """Limit to [0, 6]: min(max(x, 0), 6).

    Parameters
    ----------
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.relu6(x)


class LeakyReLU(Activation):
    """Scale negative numbers: x where x > 0, else negative_slope * x.

    Parameters
    ----------
    negative_slope : float
        The slope below zero.
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.leaky_relu(x, self.negative_slope)


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


class Hardtanh(Activation):
    """Limit to [min_val, max_val].

    Parameters
    ----------
    min_val : float
        The least number that comes out.
    max_val : float
        The largest one.
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.hardtanh(x, self.min_val, self.max_val)


class Hardsigmoid(Activation):
    """Approach sigmoid by lines: min(max(x + 3, 0), 6) / 6.

    Parameters
    ----------
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.hardsigmoid(x)


class Hardswish(Activation):
    """Approach SiLU by pieces: x * min(max(x + 3, 0), 6) / 6.

    Parameters
    ----------
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.hardswish(x)


class Hardshrink(Activation):
    """Replace numbers from -lambd to lambd by 0.

    Parameters
    ----------
    lambd : float
        The limit.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = lambd

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.hardshrink(x, self.lambd)


class Softshrink(Activation):
    """Move numbers towards 0 by lambd, but not beyond.

    Parameters
    ----------
    lambd : float
        By how much, 0 or more.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = lambd

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.softshrink(x, self.lambd)


class Threshold(Activation):
    """Replace numbers up to a threshold: x where x > threshold, else value.

    Parameters
    ----------
    threshold : float
        What numbers must be above.
    value : float
        What becomes of others.
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.threshold(x, self.threshold, self.value)
