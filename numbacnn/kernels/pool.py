"""Pooling."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class PoolKernels(Protocol):
    """Pooling.

    Windows of images (N, C, H, W) in words that end in 2d; of (N, C, L) and (N, C, D, H, W) in `max_pool` and
    `avg_pool`, whose numbers come once for each axis; of all three in the others. A window may leave the
    image at its end, too, as far as the shape of y says.
    """

    def max_pool2d(self, x: Array, y: Array, argmax: Array, /, kh: int, kw: int, sh: int, sw: int, ph: int, pw: int,
                   dh: int, dw: int) -> None:
        """y (N, C, OH, OW), the maximum of each window; padding never wins.

        argmax (N, C, OH, OW), int32, is where it was found: h * W + w. The first of equal values wins; NaN wins over
        any number, the last NaN over earlier ones.
        """

    def max_pool2d_backward(self, dy: Array, argmax: Array, dx: Array, /, kh: int, kw: int, sh: int, sw: int,
                            ph: int, pw: int, dh: int, dw: int) -> None:
        """dx (N, C, H, W): dy added up where argmax points, zero elsewhere."""

    def avg_pool2d(self, x: Array, y: Array, /, kh: int, kw: int, sh: int, sw: int, ph: int, pw: int,
                   count_include_pad: int, divisor: int) -> None:
        """y (N, C, OH, OW), the sum of each window, divided by `divisor`; or if that is 0 by how many values there are.

        Those inside x count, and if count_include_pad is 1 those in the padding, which is as wide on all sides.
        """

    def avg_pool2d_backward(self, dy: Array, dx: Array, /, kh: int, kw: int, sh: int, sw: int, ph: int, pw: int,
                            count_include_pad: int, divisor: int) -> None:
        """dx (N, C, H, W), the gradient of `avg_pool2d`."""

    def max_pool(self, x: Array, y: Array, argmax: Array, /, *window: int) -> None:
        """y, the maximum of each window, and argmax, where it was found, as for `max_pool2d`.

        window: its size, stride, padding and dilation; argmax, int32: the place in row-major order.
        """

    def avg_pool(self, x: Array, y: Array, /, *window: int) -> None:
        """y, the mean of each window, as for `avg_pool2d`: its size, stride, padding; count_include_pad and divisor."""

    def avg_pool_backward(self, dy: Array, dx: Array, /, *window: int) -> None:
        """dx, the gradient of `avg_pool`."""

    def adaptive_avg_pool(self, x: Array, y: Array, /) -> None:
        """y, means: place ol of OL is that of places floor(ol L / OL) up to, not including, ceil((ol + 1) L / OL)."""

    def adaptive_avg_pool_backward(self, dy: Array, dx: Array, /) -> None:
        """dx, the gradient of `adaptive_avg_pool`."""

    def adaptive_max_pool(self, x: Array, y: Array, argmax: Array, /) -> None:
        """y and argmax as for `max_pool`, over windows as those of `adaptive_avg_pool`."""

    def max_pool_backward(self, dy: Array, argmax: Array, dx: Array, /) -> None:
        """dx: dy added up where argmax points, in row-major order, zero elsewhere: of any pooling."""

    def max_unpool(self, x: Array, indices: Array, y: Array, /) -> None:
        """y = x where indices, int64, point, the last one if several do; zero elsewhere.

        Raises IndexError if one points out of its image.
        """

    def max_unpool_backward(self, dy: Array, indices: Array, dx: Array, /) -> None:
        """dx = dy where indices point. Raises as `max_unpool` does."""
