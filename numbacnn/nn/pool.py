"""Pooling layers: windows over one, two or three axes."""
from collections.abc import Callable
from typing import Any, ClassVar

from numbacnn import geometry, ops
from numbacnn.autograd import Tensor
from numbacnn.nn.module import Module
from numbacnn.ops.pool import Pooled
from numbacnn.options import flag, number


class Windows(Module):
    """A layer of windows; each number of axes is a subclass that says so, and names its op."""

    axes: ClassVar[int]
    _op: ClassVar[Callable[..., Any]]

    def __init__(self, kernel_size: Any, stride: Any) -> None:
        op = type(self).__name__
        self.kernel_size = geometry.several(op, "kernel_size", kernel_size, self.axes, 1)
        self.stride = self.kernel_size if stride is None else geometry.several(op, "stride", stride, self.axes, 1)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}"


class _Pool(Windows):
    """Options that all window poolings share: one number for each axis."""

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False) -> None:
        super().__init__(kernel_size, stride)
        self.padding = geometry.several(type(self).__name__, "padding", padding, self.axes)
        self.ceil_mode = flag(type(self).__name__, "ceil_mode", ceil_mode)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"{super().extra_repr()}, padding={self.padding}" + (", ceil_mode=True" if self.ceil_mode else "")


class _MaxPool(_Pool):
    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
                 return_indices: bool = False, ceil_mode: bool = False) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode)
        self.dilation = geometry.several(type(self).__name__, "dilation", dilation, self.axes, 1)
        self.return_indices = flag(type(self).__name__, "return_indices", return_indices)

    def forward(self, x: Tensor) -> Pooled:
        """Pool images, or one."""
        y: Pooled = self._op(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode,
                             self.return_indices)
        return y


class MaxPool1d(_MaxPool):
    """Take the maximum of each window of lines, (N, C, L) or (C, L). Parameters are those of `MaxPool2d`."""

    axes, _op = 1, staticmethod(ops.max_pool1d)


class MaxPool2d(_MaxPool):
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
    return_indices : bool
        Whether to return, too, where the maxima are: H index W + W index, int64.
    ceil_mode : bool
        Whether windows may leave the image below and to the right, if they begin inside it or the padding before it.

    Notes
    -----
    (N, C, H, W) becomes (N, C, OH, OW), OH = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1; with
    ceil_mode, ceil. An image may come alone, as (C, H, W).
    """

    axes, _op = 2, staticmethod(ops.max_pool2d)


class MaxPool3d(_MaxPool):
    """Take the maximum of each window of volumes, (N, C, D, H, W) or (C, D, H, W).

    Parameters are those of `MaxPool2d`, each an integer or three: depth, height, width.
    """

    axes, _op = 3, staticmethod(ops.max_pool3d)


class _SumPool(_Pool):
    def forward(self, x: Tensor) -> Tensor:
        """Pool images, or one."""
        y: Tensor = self._op(x, self.kernel_size, self.stride, self.padding, self.ceil_mode)
        return y


class SumPool1d(_SumPool):
    """Add up each window of lines, (N, C, L) or (C, L); padding counts as zero.

    Parameters are those of `MaxPool2d`, without dilation and return_indices.
    """

    axes, _op = 1, staticmethod(ops.sum_pool1d)


class SumPool2d(_SumPool):
    """Add up each window; padding counts as zero.

    Parameters and shapes are those of `MaxPool2d`, without dilation and return_indices.
    """

    axes, _op = 2, staticmethod(ops.sum_pool2d)


class SumPool3d(_SumPool):
    """Add up each window of volumes, (N, C, D, H, W) or (C, D, H, W); padding counts as zero.

    Parameters are those of `MaxPool2d`, without dilation and return_indices.
    """

    axes, _op = 3, staticmethod(ops.sum_pool3d)


class AvgPool1d(_Pool):
    """Take the mean of each window of lines, (N, C, L) or (C, L).

    Parameters are those of `AvgPool2d`, without divisor_override.
    """

    axes, _op = 1, staticmethod(ops.avg_pool1d)

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
                 count_include_pad: bool = True) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode)
        geometry.divisor("AvgPool1d", count_include_pad, None)
        self.count_include_pad = count_include_pad

    def forward(self, x: Tensor) -> Tensor:
        """Pool lines (N, C, L), or one."""
        y: Tensor = self._op(x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)
        return y


class _AvgPool(_Pool):
    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
                 count_include_pad: bool = True, divisor_override: int | None = None) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode)
        geometry.divisor(type(self).__name__, count_include_pad, divisor_override)
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, x: Tensor) -> Tensor:
        """Pool images, or one."""
        y: Tensor = self._op(x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
                             self.divisor_override)
        return y


class AvgPool2d(_AvgPool):
    """Take the mean of each window.

    Parameters and shapes are those of `MaxPool2d`, without dilation, and:

    Parameters
    ----------
    count_include_pad : bool
        Whether padding counts, as zeros, or only the pixels inside do.
    divisor_override : int, optional
        What the sum of a window is divided by, instead of how many values it has.
    """

    axes, _op = 2, staticmethod(ops.avg_pool2d)


class AvgPool3d(_AvgPool):
    """Take the mean of each window of volumes, (N, C, D, H, W) or (C, D, H, W). Parameters are those of `AvgPool2d`."""

    axes, _op = 3, staticmethod(ops.avg_pool3d)


class _LPPool(Windows):
    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None:
        op = type(self).__name__
        self.norm_type = number(op, "norm_type", norm_type, nonzero=True)
        super().__init__(kernel_size, stride)
        self.ceil_mode = flag(op, "ceil_mode", ceil_mode)

    def forward(self, x: Tensor) -> Tensor:
        """Pool images, or one."""
        y: Tensor = self._op(x, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)
        return y

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"norm_type={self.norm_type:g}, {super().extra_repr()}"


class LPPool1d(_LPPool):
    """Take the p-norm of each window of lines, (N, C, L) or (C, L). Parameters are those of `LPPool2d`."""

    axes, _op = 1, staticmethod(ops.lp_pool1d)


class LPPool2d(_LPPool):
    """Take the p-norm of each window: the p-th root of the sum of x ** p.

    Parameters
    ----------
    norm_type : float
        The exponent p, not zero.
    kernel_size, stride : int or (int, int)
        Size and step of the window; by default windows lie side by side.
    ceil_mode : bool
        Whether windows may leave the image below and to the right, if they begin inside it.
    """

    axes, _op = 2, staticmethod(ops.lp_pool2d)


class LPPool3d(_LPPool):
    """Take the p-norm of each window of volumes, (N, C, D, H, W). Parameters are those of `LPPool2d`."""

    axes, _op = 3, staticmethod(ops.lp_pool3d)
