"""Layers that bring images to another size."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.nn.module import Module
from numbacnn.ops import interpolate


class Upsample(Module):
    """Bring lines (N, C, L), images (N, C, H, W) or volumes (N, C, D, H, W) to another size.

    Parameters
    ----------
    size : int or tuple of int, optional
        The size of the output, without N and C.
    scale_factor : float or tuple of float, optional
        In place of it, what the size is multiplied by, and rounded down.
    mode : str
        "nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear" or "area".
    align_corners : bool, optional
        For linear and cubic modes: whether the middles of the pixels in the corners, instead of their outer edges, lie
        in the same place before and after.
    recompute_scale_factor : bool, optional
        Whether the sizes, after rounding down, tell how far apart outputs are; by default scale_factor does.
    """

    def __init__(self, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
                 align_corners: bool | None = None, recompute_scale_factor: bool | None = None) -> None:
        geometry.upsampling_options(type(self).__name__, size, scale_factor, mode, align_corners,
                                    recompute_scale_factor)
        self.size = size
        self.scale_factor = scale_factor
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, x: Tensor) -> Tensor:
        """Bring to another size."""
        return interpolate(x, self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        given = f"size={self.size}" if self.scale_factor is None else f"scale_factor={self.scale_factor}"
        return f"{given}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Bring images (N, C, H, W) to another size, each pixel being the nearest one.

    Parameters
    ----------
    size : int or (int, int), optional
        The size of the output.
    scale_factor : float or (float, float), optional
        In place of it, what the size is multiplied by, and rounded down.
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, "nearest")


class UpsamplingBilinear2d(Upsample):
    """Bring images (N, C, H, W) to another size, bilinearly, the corners being aligned.

    Parameters are those of `UpsamplingNearest2d`.
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, "bilinear", align_corners=True)
