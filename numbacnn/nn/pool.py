"""Pooling layers."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.nn.module import Module
from numbacnn.ops import adaptive_avg_pool2d, avg_pool2d, max_pool2d, sum_pool2d


class _Pool2d(Module):
    """Options that all window poolings share."""

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        op = type(self).__name__
        self.kernel_size = geometry.pair(op, "kernel_size", kernel_size, 1)
        self.stride = self.kernel_size if stride is None else geometry.pair(op, "stride", stride, 1)
        self.padding = geometry.pair(op, "padding", padding)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxPool2d(_Pool2d):
    """Take the maximum of each window.

    Parameters
    ----------
    kernel_size : int or (int, int)
        Height and width of the window.
    stride : int or (int, int), optional
        Step of the window; by default windows lie side by side.
    padding : int or (int, int)
        Border on each side, at most half the window. It never wins.
    dilation : int or (int, int)
        Distance between the pixels of a window.

    Notes
    -----
    (N, C, H, W) becomes (N, C, OH, OW), OH = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1.
    """

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1) -> None:
        super().__init__(kernel_size, stride, padding)
        self.dilation = geometry.pair("MaxPool2d", "dilation", dilation, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Pool images (N, C, H, W)."""
        return max_pool2d(x, self.kernel_size, self.stride, self.padding, self.dilation)


class SumPool2d(_Pool2d):
    """Add up each window; padding counts as zero. Parameters and shapes are those of `MaxPool2d`, without dilation."""

    def forward(self, x: Tensor) -> Tensor:
        """Pool images (N, C, H, W)."""
        return sum_pool2d(x, self.kernel_size, self.stride, self.padding)


class AvgPool2d(_Pool2d):
    """Take the mean of each window.

    Parameters and shapes are those of `MaxPool2d`, without dilation, and:

    Parameters
    ----------
    count_include_pad : bool
        Whether padding counts, as zeros, or only the pixels inside do.
    """

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0, count_include_pad: bool = True) -> None:
        super().__init__(kernel_size, stride, padding)
        self.count_include_pad = count_include_pad

    def forward(self, x: Tensor) -> Tensor:
        """Pool images (N, C, H, W)."""
        return avg_pool2d(x, self.kernel_size, self.stride, self.padding, self.count_include_pad)


class AdaptiveAvgPool2d(Module):
    """Take means over a grid of windows that cover the image, so that the output has the size asked for.

    Parameters
    ----------
    output_size : int or (int or None, int or None)
        OH and OW; None keeps the size. 1 is global average pooling.
    """

    def __init__(self, output_size: Any) -> None:
        self.output_size = output_size

    def forward(self, x: Tensor) -> Tensor:
        """Pool images (N, C, H, W)."""
        return adaptive_avg_pool2d(x, self.output_size)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"output_size={self.output_size}"


class GlobalAvgPool2d(AdaptiveAvgPool2d):
    """Take the mean of each feature map: (N, C, H, W) becomes (N, C, 1, 1)."""

    def __init__(self) -> None:
        super().__init__(1)
