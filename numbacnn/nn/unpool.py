"""Unpooling layers."""
from typing import Any, ClassVar

from numbacnn import geometry, ops
from numbacnn.autograd import Tensor
from numbacnn.nn.module import Module


class _MaxUnpool(Module):
    axes: ClassVar[int]

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        op = type(self).__name__
        self.kernel_size = geometry.several(op, "kernel_size", kernel_size, self.axes, 1)
        self.stride = self.kernel_size if stride is None else geometry.several(op, "stride", stride, self.axes, 1)
        self.padding = geometry.several(op, "padding", padding, self.axes)

    def forward(self, x: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        """Put numbers where indices point, in images of the usual size or of another."""
        unpool = getattr(ops, f"max_unpool{self.axes}d")
        y: Tensor = unpool(x, indices, self.kernel_size, self.stride, self.padding, output_size)
        return y

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """Put maxima of lines back where `MaxPool1d` found them. Parameters are those of `MaxUnpool2d`."""

    axes = 1


class MaxUnpool2d(_MaxUnpool):
    """Put maxima back where `MaxPool2d` with return_indices found them, zeros elsewhere.

    Parameters
    ----------
    kernel_size, stride, padding : int or (int, int)
        Those of the pooling: the output has (H - 1) stride - 2 padding + kernel_size rows, if none are asked for.
    """

    axes = 2

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__(kernel_size, stride, padding)


class MaxUnpool3d(_MaxUnpool):
    """Put maxima of volumes back where `MaxPool3d` found them. Parameters are those of `MaxUnpool2d`."""

    axes = 3
