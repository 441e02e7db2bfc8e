"""Turn, move, scale and shear images at random."""
from collections.abc import Sequence
from typing import Any

import numpy as np

from numbacnn.errors import DTypeError, ShapeError
from numbacnn.options import flag, number
from numbacnn.random import Seed
from numbacnn.transforms.image import ImageTransform
from numbacnn.transforms.options import (
    LARGE,
    InterpolationMode,
    Span,
    around,
    check_size,
    fill_of,
    fill_value,
    mode_of,
    span,
)
from numbacnn.transforms.resize import between
from numbacnn.transforms.warp import inverse_matrix, turned_size, warped


class RandomRotation(ImageTransform):
    """Turn images by a random angle, counter-clockwise.

    Parameters
    ----------
    degrees : float or pair of float
        Least and greatest angle; one number d means (-d, d).
    interpolation : "nearest", "bilinear" or "bicubic"
        How pixels are computed; "bicubic" for 8-bit images only.
    expand : bool
        Make the image large enough to hold all of the turned one, about the middle. Its size then depends on the angle,
        so stacked images are not possible.
    center : pair of float, optional
        Point (x, y) that stays, counted from the upper left corner; by default the middle.
    fill : float or sequence of float
        Value of pixels from outside the image, or one for each channel.
    generator : Generator, numpy.random.Generator or int, optional
        Generator, or its seed; by default the one that `numbacnn.manual_seed` seeds.

    Notes
    -----
    8-bit images are turned by Pillow, arrays of floating point numbers by NumPy. They agree but for rounding, except
    where bilinear interpolation meets the border: Pillow goes on with the outermost pixels up to the edge, while
    floating point images fade into `fill` within one pixel.

    Examples
    --------
    >>> turn = RandomRotation((90, 90))
    >>> turn(np.array([[[1, 2], [3, 4]]], np.float32))
    array([[[2., 4.],
            [1., 3.]]], dtype=float32)
    """

    draws = 1

    def __init__(self, degrees: float | Span, interpolation: str = InterpolationMode.NEAREST, expand: bool = False,
                 center: Sequence[float] | None = None, fill: float | Sequence[float] = 0, *,
                 generator: Seed = None) -> None:
        op = "RandomRotation"
        super().__init__(generator)
        self.degrees = around(op, "degrees", degrees, 0, -LARGE, LARGE)
        self.interpolation = mode_of(op, interpolation)
        self.expand = flag(op, "expand", expand)
        self.center = _point(op, center)
        if self.expand and center is not None:
            raise ShapeError(f"RandomRotation: expand=True turns about the middle, got center={center}; leave it out")
        self.fill = fill_value(op, fill)
        if self.expand:
            self.batch = None                            # type: ignore[assignment]

    def process(self, x: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Transform stacked images, shape (N, C, H, W), each given random numbers, shape (N, draws)."""
        height, width = x.shape[2:]
        fill, size = fill_of("RandomRotation", self.fill, x), (height, width)
        angles = [between(self.degrees, u) for u in numbers[:, 0].tolist()]
        if self.expand and angles:
            size = turned_size(angles[0], height, width)
            check_size("RandomRotation", size)
        y = np.empty((*x.shape[:2], *size), x.dtype)
        centre = self.center or (width / 2, height / 2)
        new_centre = (size[1] / 2, size[0] / 2) if self.expand else centre
        for n, angle in enumerate(angles):
            matrix = inverse_matrix(-angle, (0, 0), 1, (0, 0), centre, new_centre)
            y[n] = warped("RandomRotation", x[n], matrix, size, self.interpolation, fill)
        return y

    def __repr__(self) -> str:
        centre = "" if self.center is None else f", center={self.center}"
        return (f"RandomRotation({self.degrees}, interpolation={self.interpolation!r}, expand={self.expand}{centre}, "
                f"fill={self.fill})")


class RandomAffine(ImageTransform):
    """Turn images by a random angle, clockwise, and move, scale and shear them at random; their size stays.

    Parameters
    ----------
    degrees : float or pair of float
        Least and greatest angle; one number d means (-d, d).
    translate : pair of float in [0, 1], optional
        Farthest move to either side, as a part of the width and of the height; rounded to whole pixels.
    scale : pair of float, optional
        Least and greatest factor.
    shear : float, pair of float or four float, optional
        Least and greatest angle of shearing along x; then along y. One number d means (-d, d) along x.
    interpolation : "nearest", "bilinear" or "bicubic"
        How pixels are computed, as in `RandomRotation`.
    fill : float or sequence of float
        Value of pixels from outside the image, or one for each channel.
    center : pair of float, optional
        Point (x, y) that stays, counted from the upper left corner; by default the middle.
    generator : Generator, numpy.random.Generator or int, optional
        Generator, or its seed; by default the one that `numbacnn.manual_seed` seeds.

    Notes
    -----
    The border is that of `RandomRotation`.

    Examples
    --------
    >>> RandomAffine(10, translate=(0.1, 0.1), scale=(0.8, 1.2), generator=0)(np.ones((3, 8, 8), np.float32)).shape
    (3, 8, 8)
    """

    draws = 6                                            # angle, move (2), scale, shear (2)

    def __init__(self, degrees: float | Span, translate: Span | None = None, scale: Span | None = None,
                 shear: float | Sequence[float] | None = None, interpolation: str = InterpolationMode.NEAREST,
                 fill: float | Sequence[float] = 0, center: Sequence[float] | None = None, *,
                 generator: Seed = None) -> None:
        op = "RandomAffine"
        super().__init__(generator)
        self.degrees = around(op, "degrees", degrees, 0, -LARGE, LARGE)
        self.translate = (0.0, 0.0) if translate is None else _parts(op, translate)
        self.scale = (1.0, 1.0) if scale is None else span(op, "scale", scale, 1 / LARGE, LARGE)
        self.shear = _shears(op, 0 if shear is None else shear)
        self.interpolation = mode_of(op, interpolation)
        self.fill = fill_value(op, fill)
        self.center = _point(op, center)

    def process(self, x: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Transform stacked images, shape (N, C, H, W), each given random numbers, shape (N, draws)."""
        height, width = x.shape[2:]
        fill, centre = fill_of("RandomAffine", self.fill, x), self.center or (width / 2, height / 2)
        y = np.empty_like(x)
        for n, row in enumerate(numbers.tolist()):
            move = [part * side for part, side in zip(self.translate, (width, height), strict=True)]
            translate = round(between((-move[0], move[0]), row[1])), round(between((-move[1], move[1]), row[2]))
            shear = between(self.shear[0], row[4]), between(self.shear[1], row[5])
            matrix = inverse_matrix(between(self.degrees, row[0]), translate, between(self.scale, row[3]), shear,
                                    centre, centre)
            y[n] = warped("RandomAffine", x[n], matrix, (height, width), self.interpolation, fill)
        return y

    def __repr__(self) -> str:
        centre = "" if self.center is None else f", center={self.center}"
        return (f"RandomAffine({self.degrees}, translate={self.translate}, scale={self.scale}, shear={self.shear}, "
                f"interpolation={self.interpolation!r}, fill={self.fill}{centre})")


def _point(op: str, value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        raise DTypeError(f"{op}: center must be a pair of numbers (x, y), got {value!r}")
    return number(op, "center", value[0], -LARGE, LARGE), number(op, "center", value[1], -LARGE, LARGE)


def _parts(op: str, value: Any) -> tuple[float, float]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        raise DTypeError(f"{op}: translate must be a pair of numbers (of the width, of the height), got {value!r}")
    return number(op, "translate", value[0], 0, 1), number(op, "translate", value[1], 0, 1)


def _shears(op: str, value: Any) -> tuple[Span, Span]:
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 4:
        spans = span(op, "shear", value[:2], -89, 89), span(op, "shear", value[2:], -89, 89)
    elif isinstance(value, Sequence) and len(value) != 2:
        raise DTypeError(f"{op}: shear must be a number, a pair (x) or four numbers (x, then y), got {value!r}")
    else:
        spans = around(op, "shear", value, 0, -89, 89), (0.0, 0.0)
    return spans
