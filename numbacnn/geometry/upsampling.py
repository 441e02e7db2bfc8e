"""Shapes of images in other sizes."""
from math import isfinite
from numbers import Real
from typing import Any

from numbacnn.errors import DTypeError, ShapeError
from numbacnn.geometry.options import MOST, SEVERAL, Shape, cached, count, several
from numbacnn.geometry.ranks import batch, wrong_rank
from numbacnn.options import choice, flag

NEAREST, NEAREST_EXACT, LINEAR, CUBIC, ANTIALIASED_LINEAR, ANTIALIASED_CUBIC = range(6)      # what kernels are told
ANTIALIASED = {"bilinear": ANTIALIASED_LINEAR, "bicubic": ANTIALIASED_CUBIC}
MODES = {"nearest": NEAREST, "nearest-exact": NEAREST_EXACT, "linear": LINEAR, "bilinear": LINEAR, "trilinear": LINEAR,
         "bicubic": CUBIC, "area": None}
ONLY = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}      # axes that images must have


@cached
def interpolate(x: Shape, size: Any, scale_factor: Any, mode: Any, align_corners: Any, recompute_scale_factor: Any,
                antialias: Any) -> tuple[Shape, int | None, tuple[float, ...]]:
    """The shape of y, the mode (None: means of areas), the numbers: mode, align_corners, a scale for each axis or 0."""
    op = "interpolate"
    axes = len(x) - 2
    align, recompute = upsampling_options(op, size, scale_factor, mode, align_corners, recompute_scale_factor, axes)
    if axes not in (1, 2, 3) or ONLY.get(mode, axes) != axes:
        allowed = ", ".join([batch(n) for n in ((ONLY[mode],) if mode in ONLY else (1, 2, 3))])
        raise wrong_rank(op, "x", x, f"{allowed} for mode={mode!r}")
    if 0 in x[2:]:
        raise ShapeError(f"{op}: x must have places, got x{x}")
    if flag(op, "antialias", antialias) and mode not in ANTIALIASED:
        raise ShapeError(f"{op}: antialias is for mode bilinear and bicubic, got mode={mode!r}")
    sizes, scales = _target(op, axes, x, size, scale_factor, recompute)
    number = ANTIALIASED[mode] if antialias else MODES[mode]
    return (*x[:2], *sizes), number, (number or 0, int(align), *scales)


def upsampling_options(op: str, size: Any, scale_factor: Any, mode: Any, align_corners: Any, recompute: Any,
                       axes: int = 0) -> tuple[bool, bool]:
    """Check options; return whether corners are aligned, and scales computed anew. No axes: there is no image yet."""
    choice(op, "mode", mode, *MODES)
    if align_corners is not None and mode not in ONLY:
        raise ShapeError(f"{op}: align_corners is for mode linear, bilinear, bicubic, trilinear, got "
                         f"{align_corners!r} with mode={mode!r}; leave it out")
    align = align_corners is not None and flag(op, "align_corners", align_corners)
    anew = recompute is not None and flag(op, "recompute_scale_factor", recompute)
    if (size is None) == (scale_factor is None):
        raise ShapeError(f"{op}: one of size and scale_factor must be given, got size={size}, "
                         f"scale_factor={scale_factor}")
    if size is not None and anew:
        raise ShapeError(f"{op}: recompute_scale_factor is for scale_factor, got size={size}")
    given = size if scale_factor is None else scale_factor
    if axes not in SEVERAL:
        axes = len(given) if isinstance(given, tuple | list) and len(given) in SEVERAL else ONLY.get(mode, 2)
    if size is not None:
        several(op, "size", size, axes, 1)
    else:
        _factors(op, axes, scale_factor)
    return align, anew


def _target(op: str, axes: int, x: Shape, size: Any, scale_factor: Any, recompute: bool
            ) -> tuple[Shape, tuple[float, ...]]:
    """The sizes of y, and the scales that the kernel goes by: 0 stands for the ratio of sizes."""
    if size is not None:
        sizes, scales = several(op, "size", size, axes, 1), (0.0,) * axes
    else:
        scales = _factors(op, axes, scale_factor)
        sizes = tuple([int(n * s) if n * s < MOST else MOST + 1 for n, s in zip(x[2:], scales, strict=True)])
    if min(sizes) < 1 or count(sizes) > MOST:
        raise ShapeError(f"{op}: an image of the output must have from 1 to {MOST} places, got {sizes} for x{x}")
    return sizes, (0.0,) * axes if recompute else scales


def _factors(op: str, axes: int, scale_factor: Any) -> tuple[float, ...]:
    """Read factors, one for all axes or one for each."""
    factors = scale_factor if isinstance(scale_factor, tuple | list) else (scale_factor,) * axes
    if len(factors) != axes or not all(isinstance(f, Real) and not isinstance(f, bool) for f in factors):
        wanted = SEVERAL[axes].replace("integer", "number")
        raise DTypeError(f"{op}: scale_factor must be a number or {wanted}, got {scale_factor!r}")
    if not all(isfinite(f) and f > 0 for f in factors):
        raise ShapeError(f"{op}: scale_factor must be positive and finite, got {scale_factor!r}")
    return tuple([float(f) for f in factors])

