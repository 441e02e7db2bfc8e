"""Pooling."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class PoolKernels(Protocol):
    """Pooling."""

    def max_pool2d(self, x: Array, y: Array, argmax: Array, /, kh: int, kw: int, sh: int, sw: int, ph: int, pw: int,
                   dh: int, dw: int) -> None:
        """y (N, C, OH, OW), the maximum of each window; padding never wins.

        argmax (N, C, OH, OW), int32, is where it was found: h * W + w. The first of equal values wins; NaN wins over
        any number, the last NaN over earlier ones.
        """

    def max_pool2d_backward(self, dy: Array, argmax: Array, dx: Array, /, kh: int, kw: int, sh: int, sw: int,
                            ph: int, pw: int, dh: int, dw: int) -> None:
        """dx (N, C, H, W): dy added up where argmax points, zero elsewhere."""

    def sum_pool2d(self, x: Array, y: Array, /, kh: int, kw: int, sh: int, sw: int, ph: int, pw: int) -> None:
        """y (N, C, OH, OW), the sum of each window; padding counts as zero."""

    def sum_pool2d_backward(self, dy: Array, dx: Array, /, kh: int, kw: int, sh: int, sw: int, ph: int, pw: int
                            ) -> None:
        """dx (N, C, H, W), the sum of dy over the windows that hold the pixel."""

    def avg_pool2d(self, x: Array, y: Array, /, kh: int, kw: int, sh: int, sw: int, ph: int, pw: int,
                   count_include_pad: int) -> None:
        """y (N, C, OH, OW), the mean of each window: of kh * kw values, or (count_include_pad 0) of those inside x."""

    def avg_pool2d_backward(self, dy: Array, dx: Array, /, kh: int, kw: int, sh: int, sw: int, ph: int, pw: int,
                            count_include_pad: int) -> None:
        """dx (N, C, H, W), the gradient of `avg_pool2d`."""

    def adaptive_avg_pool2d(self, x: Array, y: Array, /) -> None:
        """y (N, C, OH, OW): row oh is the mean of rows floor(oh H / OH) up to, not including, ceil((oh + 1) H / OH)."""

    def adaptive_avg_pool2d_backward(self, dy: Array, dx: Array, /) -> None:
        """dx (N, C, H, W), the gradient of `adaptive_avg_pool2d`."""
