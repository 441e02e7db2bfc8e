"""Pooling layers whose output has the size asked for, and those that pool whole images."""
from collections.abc import Callable
from typing import Any, ClassVar

from numbacnn import geometry, ops
from numbacnn.autograd import Tensor
from numbacnn.nn.module import Module
from numbacnn.ops.check import floating
from numbacnn.ops.pool import Pooled
from numbacnn.options import flag


class _Adaptive(Module):
    axes: ClassVar[int]
    _op: ClassVar[Callable[..., Any]]

    def __init__(self, output_size: Any) -> None:
        geometry.adaptive_size(type(self).__name__, self.axes, output_size)
        self.output_size = output_size

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"output_size={self.output_size}"


class _AdaptiveAvg(_Adaptive):
    def forward(self, x: Tensor) -> Tensor:
        """Pool images, or one."""
        y: Tensor = self._op(x, self.output_size)
        return y


class AdaptiveAvgPool1d(_AdaptiveAvg):
    """Take means over a grid of windows that cover lines, (N, C, L) or (C, L).

    Parameters are those of `AdaptiveAvgPool2d`.
    """

    axes, _op = 1, staticmethod(ops.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvg):
    """Take means over a grid of windows that cover the image, so that the output has the size asked for.

    Parameters
    ----------
    output_size : int or (int or None, int or None)
        OH and OW; None keeps the size. 1 is global average pooling.
    """

    axes, _op = 2, staticmethod(ops.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvg):
    """Take means over a grid of windows that cover volumes, (N, C, D, H, W).

    Parameters are those of `AdaptiveAvgPool2d`.
    """

    axes, _op = 3, staticmethod(ops.adaptive_avg_pool3d)


class _AdaptiveMax(_Adaptive):
    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = flag(type(self).__name__, "return_indices", return_indices)

    def forward(self, x: Tensor) -> Pooled:
        """Pool images, or one."""
        y: Pooled = self._op(x, self.output_size, self.return_indices)
        return y


class AdaptiveMaxPool1d(_AdaptiveMax):
    """Take maxima over a grid of windows that cover lines, (N, C, L) or (C, L).

    Parameters are those of `AdaptiveMaxPool2d`.
    """

    axes, _op = 1, staticmethod(ops.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMax):
    """Take maxima over a grid of windows that cover the image, so that the output has the size asked for.

    Parameters
    ----------
    output_size : int or (int or None, int or None)
        OH and OW; None keeps the size. 1 is global maximum pooling.
    return_indices : bool
        Whether to return, too, where the maxima are: H index W + W index, int64.
    """

    axes, _op = 2, staticmethod(ops.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMax):
    """Take maxima over a grid of windows that cover volumes, (N, C, D, H, W).

    Parameters are those of `AdaptiveMaxPool2d`.
    """

    axes, _op = 3, staticmethod(ops.adaptive_max_pool3d)


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
