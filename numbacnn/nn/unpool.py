"""Unpooling layers."""
from typing import Any

from numbacnn import geometry, ops
from numbacnn.autograd import Tensor
from numbacnn.nn.pool import Windows


class _MaxUnpool(Windows):
    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__(kernel_size, stride)
        self.padding = geometry.several(type(self).__name__, "padding", padding, self.axes)

    def forward(self, x: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        """Put numbers where indices point, in images of the usual size or of another."""
        y: Tensor = self._op(x, indices, self.kernel_size, self.stride, self.padding, output_size)
        return y

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"{super().extra_repr()}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """Put maxima of lines back where `MaxPool1d` found them. Parameters are those of `MaxUnpool2d`."""

    axes, _op = 1, staticmethod(ops.max_unpool1d)


class MaxUnpool2d(_MaxUnpool):
    """Put maxima back where `MaxPool2d` with return_indices found them, zeros elsewhere.

    Parameters
    ----------
    kernel_size, stride, padding : int or (int, int)
        Those of the pooling: the output has (H - 1) stride - 2 padding + kernel_size rows, if none are asked for.
    """

    axes, _op = 2, staticmethod(ops.max_unpool2d)


class MaxUnpool3d(_MaxUnpool):
    """Put maxima of volumes back where `MaxPool3d` found them. Parameters are those of `MaxUnpool2d`."""

    axes, _op = 3, staticmethod(ops.max_unpool3d)
