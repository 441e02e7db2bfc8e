"""Local response norm: x (N, C, H, W), pixel by pixel."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class LocalResponseKernels(Protocol):
    """Local response norm; S is the sum of x^2 over channels c - before ... c + after, as far as there are such."""

    def local_response_norm(self, x: Array, y: Array, /, before: int, after: int, factor: float, beta: float, k: float
                            ) -> None:
        """y = x * (k + factor * S) ** -beta."""

    def local_response_norm_backward(self, dy: Array, x: Array, dx: Array, /, before: int, after: int, factor: float,
                                     beta: float, k: float) -> None:
        """dx, the gradient of `local_response_norm`; with B = k + factor * S: dy * B ** -beta - 2 * factor * beta * x *
        (the sum of dy * x * B ** (-beta - 1) over the channels in whose window c is).
        """
