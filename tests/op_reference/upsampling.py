"""Images in other sizes."""
import math

import reference

from op_reference.made import made
from op_reference.pool import adaptive, several

MODES = {"nearest": reference.NEAREST, "nearest-exact": reference.NEAREST_EXACT, "linear": reference.LINEAR,
         "bilinear": reference.LINEAR, "trilinear": reference.LINEAR, "bicubic": reference.CUBIC}


def interpolate(x, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None,
                antialias=False):
    axes = x.ndim - 2
    scales = [0.0] * axes
    if size is None:
        scales = several(scale_factor, axes) if not isinstance(scale_factor, float) else (scale_factor,) * axes
        size = [math.floor(n * scale) for n, scale in zip(x.shape[2:], scales, strict=True)]
    if mode == "area":
        return adaptive(axes, "adaptive_avg_pool", maxima=False)(x, tuple(several(size, axes)))
    scales = [0.0] * axes if recompute_scale_factor else [float(scale) for scale in scales]
    shape = (*x.shape[:2], *several(size, axes))
    smooth = {"bilinear": reference.ANTIALIASED_LINEAR, "bicubic": reference.ANTIALIASED_CUBIC}
    number = smooth[mode] if antialias else MODES[mode]
    return made("interpolate", [x], shape, number, int(bool(align_corners)), *scales)
