"""Activations that are more than elementwise functions: those are in functions/."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class ActivationKernels(Protocol):
    """Activations that are more than elementwise functions: those are in functions/."""

    def prelu(self, x: Array, weight: Array, y: Array, /) -> None:
        """y = x where x > 0, else weight * x; weight (1) or (C), channels being axis 1 of x (N, C) or (N, C, H, W)."""

    def prelu_backward_input(self, dy: Array, x: Array, weight: Array, dx: Array, /) -> None:
        """dx = dy where x > 0, else weight * dy."""

    def prelu_backward_weight(self, dy: Array, x: Array, dweight: Array, /) -> None:
        """dweight (1) or (C), the sum of x * dy where x <= 0 (NaN counts as x <= 0)."""

    def softmax(self, x: Array, y: Array, /, axis: int) -> None:
        """y = exp(x - max x) / sum of the same, along an axis in 0 ... ndim - 1."""

    def softmax_backward(self, dy: Array, y: Array, dx: Array, /, axis: int) -> None:
        """dx = y * (dy - sum of dy * y along the axis)."""

    def log_softmax(self, x: Array, y: Array, /, axis: int) -> None:
        """y = x - max x - log(sum of exp(x - max x)), along an axis in 0 ... ndim - 1."""

    def log_softmax_backward(self, dy: Array, y: Array, dx: Array, /, axis: int) -> None:
        """dx = dy - exp(y) * sum of dy along the axis."""
