"""Convolution layers."""
import math
from typing import Any

import numpy as np

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.errors import ShapeError
from numbacnn.nn import init
from numbacnn.nn.module import Module, Parameter
from numbacnn.ops import conv2d


class Conv2d(Module):
    """Slide learned filters over images.

    Parameters
    ----------
    in_channels, out_channels : int
        C and O.
    kernel_size : int or (int, int)
        Height and width of the filters.
    stride, dilation : int or (int, int)
        Step of the window, and distance between the pixels it reads.
    padding : int, (int, int), "same" or "valid"
        Zeros added on each side; "same" keeps the size, "valid" adds none.
    groups : int
        Input and output channels are split into so many groups, each of which sees only itself.
    bias : bool
        Whether to add a learned number to each output channel.
    dtype : dtype
        float32 or float64.

    Notes
    -----
    (N, C, H, W) becomes (N, O, OH, OW), OH = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1. ``weight`` is
    (O, C / groups, KH, KW). First values are drawn evenly from +-1 / sqrt(C / groups * KH * KW), as in PyTorch.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
                 dilation: Any = 1, groups: int = 1, bias: bool = True, dtype: Any = np.float32) -> None:
        for name, value in (("in_channels", in_channels), ("out_channels", out_channels), ("groups", groups)):
            geometry.positive("Conv2d", name, value)
        if in_channels % groups or out_channels % groups:
            raise ShapeError(f"Conv2d: groups={groups} must divide in_channels={in_channels} and "
                             f"out_channels={out_channels}")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = geometry.pair("Conv2d", "kernel_size", kernel_size, 1)
        self.stride = geometry.pair("Conv2d", "stride", stride, 1)
        self.padding = padding if isinstance(padding, str) else geometry.pair("Conv2d", "padding", padding)
        self.dilation = geometry.pair("Conv2d", "dilation", dilation, 1)
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(np.zeros(shape, dtype))
        self.bias = Parameter(np.zeros(out_channels, dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the first values anew."""
        bound = 1 / math.sqrt(math.prod(self.weight.shape[1:]))
        for parameter in (self.weight, self.bias):
            if parameter is not None:
                init.uniform_(parameter, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        """Compute the feature maps of images (N, C, H, W)."""
        return conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        options = {"padding": (self.padding, (0, 0)), "dilation": (self.dilation, (1, 1)), "groups": (self.groups, 1),
                   "bias": (self.bias is not None, True)}
        shown = [f"{name}={value!r}" for name, (value, usual) in options.items() if value != usual]
        return ", ".join([f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
                          f"stride={self.stride}", *shown])
