"""Layers that turn channels into pixels, and back, or mix them."""
from numbacnn.autograd import Tensor
from numbacnn.nn.module import Module
from numbacnn.ops import channel_shuffle, pixel_shuffle, pixel_unshuffle
from numbacnn.options import whole


class PixelShuffle(Module):
    """Turn channels into pixels: (N, C r^2, H, W) becomes (N, C, H r, W r).

    Parameters
    ----------
    upscale_factor : int
        r.
    """

    def __init__(self, upscale_factor: int) -> None:
        whole("PixelShuffle", "upscale_factor", upscale_factor, 1)
        self.upscale_factor = upscale_factor

    def forward(self, x: Tensor) -> Tensor:
        """Rearrange images."""
        return pixel_shuffle(x, self.upscale_factor)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Turn pixels into channels: (N, C, H r, W r) becomes (N, C r^2, H, W).

    Parameters
    ----------
    downscale_factor : int
        r.
    """

    def __init__(self, downscale_factor: int) -> None:
        whole("PixelUnshuffle", "downscale_factor", downscale_factor, 1)
        self.downscale_factor = downscale_factor

    def forward(self, x: Tensor) -> Tensor:
        """Rearrange images."""
        return pixel_unshuffle(x, self.downscale_factor)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Deal out the channels of groups, so that the next grouped convolution sees some of each.

    Parameters
    ----------
    groups : int
        How many.
    """

    def __init__(self, groups: int) -> None:
        whole("ChannelShuffle", "groups", groups, 1)
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        """Rearrange the channels of x (N, C, ...)."""
        return channel_shuffle(x, self.groups)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"groups={self.groups}"
