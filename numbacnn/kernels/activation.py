"""Activations: arrays of one shape, any number of axes."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class ActivationKernels(Protocol):
    """Activations: arrays of one shape, any number of axes."""

    def relu(self, x: Array, y: Array, /) -> None:
        """y = max(x, 0); NaN stays NaN."""

    def relu_backward(self, dy: Array, y: Array, dx: Array, /) -> None:
        """dx = 0 where y <= 0, else dy (so NaN lets the gradient through)."""

    def leaky_relu(self, x: Array, y: Array, /, negative_slope: float) -> None:
        """y = x where x > 0, else negative_slope * x."""

    def leaky_relu_backward(self, dy: Array, x: Array, dx: Array, /, negative_slope: float) -> None:
        """dx = dy where x > 0, else negative_slope * dy."""

    def prelu(self, x: Array, weight: Array, y: Array, /) -> None:
        """y = x where x > 0, else weight * x; weight (1) or (C), channels being axis 1 of x (N, C) or (N, C, H, W)."""

    def prelu_backward_input(self, dy: Array, x: Array, weight: Array, dx: Array, /) -> None:
        """dx = dy where x > 0, else weight * dy."""

    def prelu_backward_weight(self, dy: Array, x: Array, dweight: Array, /) -> None:
        """dweight (1) or (C), the sum of x * dy where x <= 0 (NaN counts as x <= 0)."""

    def sigmoid(self, x: Array, y: Array, /) -> None:
        """y = 1 / (1 + exp(-x)), without overflow."""

    def sigmoid_backward(self, dy: Array, y: Array, dx: Array, /) -> None:
        """dx = dy * y * (1 - y)."""

    def softmax(self, x: Array, y: Array, /, axis: int) -> None:
        """y = exp(x - max x) / sum of the same, along an axis in 0 ... ndim - 1."""

    def softmax_backward(self, dy: Array, y: Array, dx: Array, /, axis: int) -> None:
        """dx = y * (dy - sum of dy * y along the axis)."""
