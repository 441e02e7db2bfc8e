"""Reading the options of transforms: every error of a value is raised here."""
from collections.abc import Sequence
from enum import StrEnum
from numbers import Integral, Real
from typing import Any

import numpy as np

from numbacnn.errors import DTypeError, ShapeError
from numbacnn.options import choice, number

Span = tuple[float, float]
Fill = float | tuple[float, ...]

MAX_SIDE = 1 << 16        # pixels of an image's height or width: more is a mistake
LARGE = 1e6               # and so are larger factors, angles and distances
PAIR = "a pair of numbers (lowest, highest)"


class InterpolationMode(StrEnum):
    """How pixels between pixels are computed; the names ("nearest", "bilinear", "bicubic") serve as well."""

    NEAREST = "nearest"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"


def mode_of(op: str, value: Any) -> str:
    """One of the modes, as a plain string."""
    return str(choice(op, "interpolation", value, *[mode.value for mode in InterpolationMode]))


def probability(op: str, value: Any) -> float:
    """The option `p`."""
    return number(op, "p", value, 0, 1)


def span(op: str, name: str, value: Any, least: float, most: float, what: str = PAIR) -> Span:
    """A pair (lowest, highest)."""
    if not _is_sequence(value) or len(value) != 2 or not all(map(_is_number, value)):
        raise DTypeError(f"{op}: {name} must be {what}, got {value!r}")
    low, high = (number(op, name, end, least, most) for end in value)
    if low > high:
        raise ShapeError(f"{op}: {name} must not end below its start, got {value!r}")
    return low, high


def around(op: str, name: str, value: Any, centre: float, least: float, most: float) -> Span:
    """A pair, or one number d >= 0 for (centre - d, centre + d), cut at the least."""
    if not _is_number(value):
        return span(op, name, value, least, most, f"a number, or {PAIR}")
    distance = number(op, name, value, 0, most - centre)
    return max(centre - distance, least), centre + distance


def fill_value(op: str, value: Any, name: str = "fill") -> Fill:
    """A number for all channels, or one for each."""
    if _is_number(value):
        checked = number(op, name, value)
        return int(value) if isinstance(value, Integral) else checked
    if not _is_sequence(value) or not len(value) or not all(map(_is_number, value)):
        raise DTypeError(f"{op}: {name} must be a number, or one for each channel, got {value!r}")
    return tuple(number(op, name, part) for part in value)


def fill_of(op: str, fill: Fill, x: np.ndarray, name: str = "fill") -> np.ndarray:
    """The fill of images (N, C, H, W): one number per channel, shape (C,), in their dtype."""
    values = np.atleast_1d(np.asarray(fill))
    if len(values) not in (1, x.shape[1]):
        raise ShapeError(f"{op}: {name} must have one number for each of the {x.shape[1]} channels, got {fill}")
    with np.errstate(over="ignore"):
        cast = values.astype(x.dtype)
    if not (np.isfinite(cast).all() if x.dtype.kind == "f" else np.array_equal(cast, values)):
        raise ShapeError(f"{op}: {name} must be a value that {x.dtype} pixels have, got {fill}")
    return np.broadcast_to(cast, x.shape[1:2])


def check_size(op: str, size: Sequence[int]) -> None:
    """Sizes that are a mistake are refused before memory is asked for."""
    if max(size) > MAX_SIDE:
        raise ShapeError(f"{op}: an image must have at most {MAX_SIDE} pixels a side, got {tuple(size)}")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes) and (
        np.shape(value) != () if isinstance(value, np.ndarray) else True)
