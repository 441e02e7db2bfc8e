"""Convolution."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class ConvKernels(Protocol):
    """Convolution."""

    def conv2d(self, x: Array, weight: Array, bias: Array, y: Array, /, sh: int, sw: int, ph: int, pw: int,
               dh: int, dw: int, groups: int) -> None:
        """y (N, O, OH, OW) = bias (O) + cross-correlation of x (N, C, H, W) with weight (O, C/G, KH, KW)."""

    def conv2d_backward_input(self, dy: Array, weight: Array, dx: Array, /, sh: int, sw: int, ph: int, pw: int,
                              dh: int, dw: int, groups: int) -> None:
        """dx (N, C, H, W), the gradient of `conv2d` with respect to x."""

    def conv2d_backward_weight(self, x: Array, dy: Array, dweight: Array, /, sh: int, sw: int, ph: int, pw: int,
                               dh: int, dw: int, groups: int) -> None:
        """dweight (O, C/G, KH, KW), the gradient of `conv2d` with respect to weight."""

    def conv2d_backward_bias(self, dy: Array, dbias: Array, /) -> None:
        """dbias (O), the sum of dy (N, O, OH, OW) over images and pixels."""
