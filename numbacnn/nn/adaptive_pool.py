"""Pooling layers whose output has the size asked for, and those that pool whole images."""
from typing import Any, ClassVar

from numbacnn import geometry, ops
from numbacnn.autograd import Tensor
from numbacnn.nn.module import Module
from numbacnn.ops.check import floating
from numbacnn.ops.pool import Pooled


class _Adaptive(Module):
    def __init__(self, output_size: Any) -> None:
        self.output_size = output_size

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_Adaptive):
    """Take means over a grid of windows that cover lines, (N, C, L) or (C, L). See `AdaptiveAvgPool2d`."""

    def forward(self, x: Tensor) -> Tensor:
        """Pool lines, or one."""
        return ops.adaptive_avg_pool1d(x, self.output_size)


class AdaptiveAvgPool2d(_Adaptive):
    """Take means over a grid of windows that cover the image, so that the output has the size asked for.

    Parameters
    ----------
    output_size : int or (int or None, int or None)
        OH and OW; None keeps the size. 1 is global average pooling.
    """

    def __init__(self, output_size: Any) -> None:
        super().__init__(output_size)

    def forward(self, x: Tensor) -> Tensor:
        """Pool images (N, C, H, W), or one."""
        return ops.adaptive_avg_pool2d(x, self.output_size)


class AdaptiveAvgPool3d(_Adaptive):
    """Take means over a grid of windows that cover volumes, (N, C, D, H, W). See `AdaptiveAvgPool2d`."""

    def forward(self, x: Tensor) -> Tensor:
        """Pool volumes, or one."""
        return ops.adaptive_avg_pool3d(x, self.output_size)


class _AdaptiveMax(_Adaptive):
    axes: ClassVar[int]

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = geometry.flag(type(self).__name__, "return_indices", return_indices)

    def forward(self, x: Tensor) -> Pooled:
        """Pool images, or one."""
        y: Pooled = getattr(ops, f"adaptive_max_pool{self.axes}d")(x, self.output_size, self.return_indices)
        return y


class AdaptiveMaxPool1d(_AdaptiveMax):
    """Take maxima over a grid of windows that cover lines, (N, C, L) or (C, L). See `AdaptiveMaxPool2d`."""

    axes = 1


class AdaptiveMaxPool2d(_AdaptiveMax):
    """Take maxima over a grid of windows that cover the image, so that the output has the size asked for.

    Parameters
    ----------
    output_size : int or (int or None, int or None)
        OH and OW; None keeps the size. 1 is global maximum pooling.
    return_indices : bool
        Whether to return, too, where the maxima are: H index W + W index, int64.
    """

    axes = 2

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size, return_indices)


class AdaptiveMaxPool3d(_AdaptiveMax):
    """Take maxima over a grid of windows that cover volumes, (N, C, D, H, W). See `AdaptiveMaxPool2d`."""

    axes = 3


class GlobalAvgPool1d(AdaptiveAvgPool1d):
    """Take the mean of each line: (N, C, L) becomes (N, C, 1)."""

    def __init__(self) -> None:
        super().__init__(1)


class GlobalAvgPool2d(AdaptiveAvgPool2d):
    """Take the mean of each feature map: (N, C, H, W) becomes (N, C, 1, 1)."""

    def __init__(self) -> None:
        super().__init__(1)


class GlobalAvgPool3d(AdaptiveAvgPool3d):
    """Take the mean of each volume: (N, C, D, H, W) becomes (N, C, 1, 1, 1)."""

    def __init__(self) -> None:
        super().__init__(1)


class GlobalMaxPool1d(AdaptiveMaxPool1d):
    """Take the maximum of each line: (N, C, L) becomes (N, C, 1)."""

    def __init__(self) -> None:
        super().__init__(1)


class GlobalMaxPool2d(AdaptiveMaxPool2d):
    """Take the maximum of each feature map: (N, C, H, W) becomes (N, C, 1, 1)."""

    def __init__(self) -> None:
        super().__init__(1)


class GlobalMaxPool3d(AdaptiveMaxPool3d):
    """Take the maximum of each volume: (N, C, D, H, W) becomes (N, C, 1, 1, 1)."""

    def __init__(self) -> None:
        super().__init__(1)


class _GlobalSum(Module):
    axes: ClassVar[int]

    def forward(self, x: Tensor) -> Tensor:
        """Pool images, or one."""
        op = type(self).__name__
        floating(op, x=x)
        geometry.images(op, self.axes, x.shape)
        return ops.sum(x, tuple(range(-self.axes, 0)), keepdim=True)


class GlobalSumPool1d(_GlobalSum):
    """Add up each line: (N, C, L) becomes (N, C, 1)."""

    axes = 1


class GlobalSumPool2d(_GlobalSum):
    """Add up each feature map: (N, C, H, W) becomes (N, C, 1, 1)."""

    axes = 2


class GlobalSumPool3d(_GlobalSum):
    """Add up each volume: (N, C, D, H, W) becomes (N, C, 1, 1, 1)."""

    axes = 3
