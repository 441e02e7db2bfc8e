"""Activation layers made of straight lines, and what all activation layers share."""
import inspect
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from numbacnn import ops
from numbacnn.autograd import Tensor
from numbacnn.creation import full
from numbacnn.nn.module import Module, Parameter
from numbacnn.nn.weighted import made
from numbacnn.ops.activation import limits_of
from numbacnn.options import flag, number, whole


def applied(op: Callable[..., Tensor], *options: str) -> Callable[..., Tensor]:
    """Make the method `forward` of a layer that is an op of one tensor; its options are attributes of the layer."""
    given: Any = attrgetter(*options) if options else None

    if not options:                                      # one form for any number of options: 50 ns more for each call
        def forward(self: Module, x: Tensor) -> Tensor:
            return op(x)
    elif len(options) == 1:
        def forward(self: Module, x: Tensor) -> Tensor:
            return op(x, given(self))
    else:
        def forward(self: Module, x: Tensor) -> Tensor:
            return op(x, *given(self))
    forward.__doc__ = "Apply to x."
    return forward


class Activation(Module):
    """A layer whose options are attributes, which `repr` shows."""

    def extra_repr(self) -> str:
        """Return the options that `repr` shows; `inplace` only if it is True."""
        shown = [name for name in inspect.signature(type(self)).parameters if name in vars(self)]
        return ", ".join([f"{name}={getattr(self, name)!r}" for name in shown
                          if name != "inplace" or getattr(self, name)])


class InPlace(Activation):
    """An activation without options but PyTorch's `inplace`."""

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = flag(type(self).__name__, "inplace", inplace)


class ReLU(InPlace):
    """Replace negative numbers by zero: max(x, 0).

    Parameters
    ----------
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """

    forward = applied(ops.relu)


class ReLU6(InPlace):
    """Limit to [0, 6]: min(max(x, 0), 6). Parameters are those of `ReLU`."""

    forward = applied(ops.relu6)


class LeakyReLU(InPlace):
    """Scale negative numbers: x where x > 0, else negative_slope * x.

    Parameters
    ----------
    negative_slope : float
        The slope below zero.
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.negative_slope = number("LeakyReLU", "negative_slope", negative_slope, infinite=True)

    forward = applied(ops.leaky_relu, "negative_slope")


class PReLU(Module):
    """Scale negative numbers by learned slopes.

    Parameters
    ----------
    num_parameters : int
        1, or the number of channels.
    init : float
        First value of the slopes.
    device, dtype : optional
        Of the slopes; float32 by default.
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        count, slope = whole("PReLU", "num_parameters", num_parameters, 1), number("PReLU", "init", init, infinite=True)
        self.weight = Parameter(full(count, slope, **made("PReLU", dtype, device)))

    def forward(self, x: Tensor) -> Tensor:
        """Apply to x, channels being axis 1."""
        return ops.prelu(x, self.weight)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"num_parameters={self.weight.numel()}"


class Hardtanh(InPlace):
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
        super().__init__(inplace)
        self.min_val, self.max_val = limits_of("Hardtanh", min_val, max_val)

    forward = applied(ops.hardtanh, "min_val", "max_val")


class Hardsigmoid(InPlace):
    """Approach sigmoid by lines: min(max(x + 3, 0), 6) / 6. Parameters are those of `ReLU`."""

    forward = applied(ops.hardsigmoid)


class Hardswish(InPlace):
    """Approach SiLU by pieces: x * min(max(x + 3, 0), 6) / 6. Parameters are those of `ReLU`."""

    forward = applied(ops.hardswish)


class Hardshrink(Activation):
    """Replace numbers from -lambd to lambd by 0.

    Parameters
    ----------
    lambd : float
        The limit.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = number("Hardshrink", "lambd", lambd, infinite=True)

    forward = applied(ops.hardshrink, "lambd")


class Softshrink(Activation):
    """Move numbers towards 0 by lambd, but not beyond.

    Parameters
    ----------
    lambd : float
        By how much, 0 or more.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = number("Softshrink", "lambd", lambd, 0.0, infinite=True)

    forward = applied(ops.softshrink, "lambd")


class Threshold(InPlace):
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
        super().__init__(inplace)
        self.threshold = number("Threshold", "threshold", threshold, infinite=True)
        self.value = number("Threshold", "value", value, infinite=True)

    forward = applied(ops.threshold, "threshold", "value")
