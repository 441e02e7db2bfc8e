"""Turned, moved, scaled and sheared images: each new pixel is read where a matrix says.

A matrix (a, b, c, d, e, f) sends the centre (x, y) of a new pixel, at half numbers, to the place (a x + b y + c,
d x + e y + f) of the old image, as in Pillow.
"""
import math

import numpy as np

from numbacnn.errors import ShapeError
from numbacnn.transforms.pillow import warp_plane

Matrix = tuple[float, float, float, float, float, float]


def inverse_matrix(angle: float, translate: tuple[float, float], scale: float, shear: tuple[float, float],
                   centre: tuple[float, float], new_centre: tuple[float, float]) -> Matrix:
    """Where pixels come from, if images are sheared, scaled, turned clockwise about a centre, and moved; degrees.

    Old = inverse(scale R(angle) SY SX) (new - new_centre - translate) + centre, with R = [[cos, -sin], [sin, cos]],
    SX = [[1, -tan(shear x)], [0, 1]] and SY = [[1, 0], [-tan(shear y), 1]]; the determinant of R SY SX is 1.
    """
    cos, sin = (_rounded(function(math.radians(angle))) for function in (math.cos, math.sin))
    tx, ty = (math.tan(math.radians(s)) for s in shear)
    p, r = cos + sin * ty, sin - cos * ty                # R SY = [[p, -sin], [r, cos]]
    q, s = -p * tx - sin, -r * tx + cos                  # R SY SX = [[p, q], [r, s]]
    a, b, d, e = s / scale, -q / scale, -r / scale, p / scale
    x, y = (new + move for new, move in zip(new_centre, translate, strict=True))
    return a, b, centre[0] - a * x - b * y, d, e, centre[1] - d * x - e * y


def turned_size(angle: float, height: int, width: int) -> tuple[int, int]:
    """Height and width of an image that holds all of a turned one."""
    if angle % 90 == 0:
        return (width, height) if angle % 180 else (height, width)
    a, b, c, d, e, f = inverse_matrix(-angle, (0, 0), 1, (0, 0), (width / 2, height / 2), (width / 2, height / 2))
    corners = [(a * x + b * y + c, d * x + e * y + f) for x in (0, width) for y in (0, height)]
    columns, rows = zip(*corners, strict=True)
    return tuple(math.ceil(_rounded(max(ends))) - math.floor(_rounded(min(ends))) for ends in (rows, columns))  # type: ignore[return-value]


def warped(op: str, image: np.ndarray, matrix: Matrix, size: tuple[int, int], mode: str, fill: np.ndarray
           ) -> np.ndarray:
    """One image (C, H, W) of the given size, of the same dtype; `fill` (C,) is what lies outside."""
    if image.dtype.kind != "f":
        planes = [warp_plane(op, plane, matrix, size, mode, int(value))
                  for plane, value in zip(image, fill, strict=True)]
        return np.stack(planes)
    x, y = np.arange(size[1]) + 0.5, np.arange(size[0])[:, None] + 0.5
    a, b, c, d, e, f = matrix
    columns, rows = a * x + b * y + c - 0.5, d * x + e * y + f - 0.5
    if mode == "nearest":
        return _read(image, np.floor(rows + 0.5), np.floor(columns + 0.5), fill)
    if mode != "bilinear":
        raise ShapeError(f"{op}: interpolation must be nearest or bilinear for images of floating point, got {mode!r}; "
                         "put ToTensor() after it")
    top, left = np.floor(rows), np.floor(columns)
    down, right = (rows - top).astype(image.dtype), (columns - left).astype(image.dtype)
    upper = _read(image, top, left, fill) * (1 - right) + _read(image, top, left + 1, fill) * right
    lower = _read(image, top + 1, left, fill) * (1 - right) + _read(image, top + 1, left + 1, fill) * right
    return np.asarray(upper * (1 - down) + lower * down)


def _read(image: np.ndarray, rows: np.ndarray, columns: np.ndarray, fill: np.ndarray) -> np.ndarray:
    """The pixels at whole places, `fill` where there are none."""
    height, width = image.shape[1:]
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    places = np.clip(rows, 0, height - 1).astype(np.intp), np.clip(columns, 0, width - 1).astype(np.intp)
    return np.where(inside, image[:, *places], fill[:, None, None])


def _rounded(value: float) -> float:
    """Without the last digits: a quarter turn is one."""
    return round(value, 12)
