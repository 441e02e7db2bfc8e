"""Borders around images."""
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from numbacnn.errors import DTypeError, ShapeError
from numbacnn.options import choice, is_integer
from numbacnn.transforms.image import ImageTransform
from numbacnn.transforms.options import Fill, check_size, fill_of, fill_value

Sides = tuple[int, int, int, int]
PaddingMode = Literal["constant", "edge", "reflect", "symmetric"]
MODES: tuple[PaddingMode, ...] = ("constant", "edge", "reflect", "symmetric")


class Pad(ImageTransform):
    """Add a border.

    Parameters
    ----------
    padding : int, pair or four int
        Pixels on every side, or (left and right, top and bottom), or (left, top, right, bottom).
    fill : float or sequence of float
        Value of the new pixels, or one for each channel.
    padding_mode : "constant", "edge", "reflect" or "symmetric"
        What the border shows: `fill`, the nearest pixel, or the image mirrored, without ("reflect") or with its
        outermost pixels.

    Examples
    --------
    >>> Pad(1)(np.full((1, 2), 7, np.uint8))
    array([[0, 0, 0, 0],
           [0, 7, 7, 0],
           [0, 0, 0, 0]], dtype=uint8)
    """

    dtypes = "bool, uint8, floating point"

    def __init__(self, padding: int | Sequence[int], fill: float | Sequence[float] = 0,
                 padding_mode: str = "constant") -> None:
        self.padding = sides("Pad", padding)
        self.fill = fill_value("Pad", fill)
        self.padding_mode = padding_mode_of("Pad", padding_mode)

    def process(self, x: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Transform stacked images, shape (N, C, H, W), to (N, C, top + H + bottom, left + W + right)."""
        return padded("Pad", x, self.padding, self.fill, self.padding_mode)

    def __repr__(self) -> str:
        return f"Pad({self.padding}, {border(self.fill, self.padding_mode)})"


def sides(op: str, padding: Any) -> Sides:
    """Read the option `padding`: left, top, right, bottom."""
    values = (padding,) * 4 if is_integer(padding) else padding
    if isinstance(values, Sequence) and len(values) == 2:
        values = (*values, *values)
    if not (isinstance(values, Sequence) and len(values) == 4 and all(is_integer(v) and v >= 0 for v in values)):
        raise DTypeError(f"{op}: padding must be an integer >= 0, a pair of them, or four (left, top, right, bottom), "
                         f"got {padding!r}")
    left, top, right, bottom = map(int, values)
    return left, top, right, bottom


def padding_mode_of(op: str, mode: Any) -> PaddingMode:
    """Read the option `padding_mode`."""
    known: PaddingMode = choice(op, "padding_mode", mode, *MODES)
    return known


def padded(op: str, x: np.ndarray, padding: Sides, fill: Fill, mode: PaddingMode) -> np.ndarray:
    """Images (N, C, H, W) with a border."""
    left, top, right, bottom = padding
    height, width = x.shape[2:]
    check_size(op, (top + height + bottom, left + width + right))
    if mode == "reflect" and (max(top, bottom) >= height or max(left, right) >= width):
        raise ShapeError(f"{op}: padding must be smaller than the image where it reflects, got {padding} for "
                         f"{height} x {width} pixels")
    if mode != "constant":
        return np.pad(x, [(0, 0), (0, 0), (top, bottom), (left, right)], mode)
    y = np.empty((*x.shape[:2], top + height + bottom, left + width + right), x.dtype)
    y[:] = fill_of(op, fill, x)[:, None, None]
    y[:, :, top:top + height, left:left + width] = x
    return y


def border(fill: Fill, mode: PaddingMode) -> str:
    """The options of a border, for people."""
    return f"fill={fill}" if mode == "constant" else f"padding_mode={mode!r}"
