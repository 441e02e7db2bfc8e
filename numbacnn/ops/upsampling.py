"""Images in other sizes."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.ops.check import floating
from numbacnn.ops.pool import weighted


def interpolate(x: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
                align_corners: bool | None = None, recompute_scale_factor: bool | None = None, antialias: bool = False
                ) -> Tensor:
    """Bring lines, images or volumes to another size.

    Parameters
    ----------
    x : Tensor, shape (N, C, L), (N, C, H, W) or (N, C, D, H, W)
        float32, float64 or bfloat16.
    size : int or tuple of int, optional
        The size of the output, without N and C.
    scale_factor : float or tuple of float, optional
        In place of it, what the size is multiplied by, and rounded down.
    mode : str
        "nearest"; "nearest-exact", which looks at the middle of an output rather than its beginning; "linear" for
        lines, "bilinear" and "bicubic" for images, "trilinear" for volumes; "area", the mean of all that an output
        covers (`adaptive_avg_pool2d`).
    align_corners : bool, optional
        For linear and cubic modes: whether the middles of the pixels in the corners, instead of their outer edges, lie
        in the same place before and after. By default not.
    recompute_scale_factor : bool, optional
        Whether the sizes, after rounding down, tell how far apart outputs are; by default scale_factor does.
    antialias : bool
        For bilinear and bicubic: whether an output that covers several pixels looks at all of them, by a filter that is
        as much wider.

    Returns
    -------
    Tensor, shape (N, C, ...)
        With the size asked for.

    Notes
    -----
    Linear modes never look outside: a place before the first counts as the first. Bicubic is Keys' with a = -3/4, and
    with antialias a = -1/2.

    References
    ----------
    R. Keys, Cubic convolution interpolation for digital image processing (1981).
    """
    floating("interpolate", x=x)
    y_shape, found, numbers = geometry.interpolate(x.shape, size, scale_factor, mode, align_corners,
                                                   recompute_scale_factor, antialias)
    if found is None:
        return weighted("adaptive_avg_pool", x, y_shape, ())
    return weighted("interpolate", x, y_shape, numbers)
