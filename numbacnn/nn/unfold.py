"""Layers of windows as columns."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.nn.module import Module
from numbacnn.ops import fold, unfold


class Unfold(Module):
    """Write what each window sees as a column: (N, C, H, W) becomes (N, C KH KW, L).

    Parameters
    ----------
    kernel_size : int or (int, int)
        Height and width of the window.
    dilation, padding, stride : int or (int, int)
        As in `Conv2d`.
    """

    def __init__(self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> None:
        geometry.window_options("Unfold", kernel_size, dilation, padding, stride)
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, x: Tensor) -> Tensor:
        """Unfold a batch, or one image."""
        return unfold(x, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return (f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
                f"stride={self.stride}")


class Fold(Module):
    """Add columns up where their windows are: (N, C KH KW, L) becomes (N, C, H, W).

    Parameters
    ----------
    output_size : int or (int, int)
        H and W.
    kernel_size, dilation, padding, stride : int or (int, int)
        As in `Unfold`.
    """

    def __init__(self, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
                 ) -> None:
        geometry.window_options("Fold", kernel_size, dilation, padding, stride)
        geometry.pair("Fold", "output_size", output_size, 1)
        self.output_size, self.kernel_size = output_size, kernel_size
        self.dilation, self.padding, self.stride = dilation, padding, stride

    def forward(self, x: Tensor) -> Tensor:
        """Fold a batch, or one image."""
        return fold(x, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return (f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
                f"padding={self.padding}, stride={self.stride}")
