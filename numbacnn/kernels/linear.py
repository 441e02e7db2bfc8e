"""Dense layers."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class LinearKernels(Protocol):
    """Dense layers."""

    def linear(self, x: Array, weight: Array, bias: Array, y: Array, /) -> None:
        """y (N, O) = x (N, C) weight (O, C) transposed + bias (O)."""

    def linear_backward_input(self, dy: Array, weight: Array, dx: Array, /) -> None:
        """dx (N, C) = dy (N, O) weight (O, C)."""

    def linear_backward_weight(self, x: Array, dy: Array, dweight: Array, /) -> None:
        """dweight (O, C) = dy (N, O) transposed x (N, C)."""

    def linear_backward_bias(self, dy: Array, dbias: Array, /) -> None:
        """dbias (O) = sum of dy (N, O) over N."""
