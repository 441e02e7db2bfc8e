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

    def conv_filters(self, weight: Array, y: Array, /) -> None:
        """y (O, KD C, KH, KW): weight (O, C, KD, KH, KW) as filters of images, y[o, kd C + c] = weight[o, c, kd].

        Or y (O, C, 1, K): weight (O, C, K).
        """

    def conv_filters_backward(self, dy: Array, dweight: Array, /) -> None:
        """dweight, the gradient of `conv_filters`: the same numbers, back in their places."""

    def unfold(self, x: Array, y: Array, /, kh: int, kw: int, sh: int, sw: int, ph: int, pw: int, dh: int, dw: int
               ) -> None:
        """y (N, C KH KW, L): what each of L windows sees of x (N, C, H, W), 0 outside; y[n, (c KH + i) KW + j, l]."""

    def unfold_backward(self, dy: Array, dx: Array, /, kh: int, kw: int, sh: int, sw: int, ph: int, pw: int, dh: int,
                        dw: int) -> None:
        """dx (N, C, H, W), the gradient of `unfold`: the sum of all that saw a pixel."""

    def depth_windows(self, x: Array, y: Array, /, kd: int, sd: int, pd: int, dd: int, groups: int) -> None:
        """y (N OD, G KD C/G, H, W): what windows see along the depth of x (N, C, D, H, W), as channels.

        y[n OD + od, (g KD + kd) C/G + c] = x[n, g C/G + c, od sd - pd + kd dd], or 0 outside of x. With dd 0 there are
        KD copies of a plane.
        """

    def depth_windows_backward(self, dy: Array, dx: Array, /, kd: int, sd: int, pd: int, dd: int, groups: int) -> None:
        """dx (N, C, D, H, W), the gradient of `depth_windows`: the sum of all that saw a number of x."""
