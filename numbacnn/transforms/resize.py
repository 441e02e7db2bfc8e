"""Images of another size: whole ones, and random parts of them."""
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from numbacnn.errors import ShapeError
from numbacnn.geometry import pair
from numbacnn.options import flag, is_integer, whole
from numbacnn.random import Seed
from numbacnn.transforms.image import ImageTransform
from numbacnn.transforms.options import LARGE, InterpolationMode, Span, check_size, mode_of, span
from numbacnn.transforms.resample import resized

ATTEMPTS = 10


class Resize(ImageTransform):
    """Change the size of images.

    Parameters
    ----------
    size : int or pair of int
        Height and width; or one integer, the length of the shorter side: the other keeps the proportion, rounded down.
    interpolation : "nearest", "bilinear" or "bicubic"
        How pixels are computed.
    max_size : int, optional
        The longer side gets no longer than this, where `size` is one integer.
    antialias : bool
        Where images shrink, each new pixel is an average of all old ones below it. Otherwise of 4 (bilinear) or 16
        (bicubic), wherever they lie.

    Notes
    -----
    8-bit images are resized by Pillow, arrays of floating point numbers by NumPy, with the same weights. "nearest"
    takes the pixel under the centre of the new one, as Pillow does (and what PyTorch calls "nearest-exact"). Pillow
    knows no bilinear or bicubic without antialiasing: then NumPy computes 8-bit images in float32, PIL images too,
    where torchvision ignores the option.

    Examples
    --------
    >>> Resize(4)(np.zeros((3, 8, 12), np.float32)).shape
    (3, 4, 6)
    """

    def __init__(self, size: int | Sequence[int], interpolation: str = InterpolationMode.BILINEAR,
                 max_size: int | None = None, antialias: bool = True) -> None:
        self.size = _size("Resize", size)
        self.max_size = max_size
        if max_size is not None:
            whole("Resize", "max_size", max_size, 1)
            if isinstance(self.size, tuple) or max_size <= self.size:
                raise ShapeError("Resize: max_size must be larger than size, one integer, got "
                                 f"max_size={max_size}, size={size}")
        self.interpolation = mode_of("Resize", interpolation)
        self.antialias = flag("Resize", "antialias", antialias)

    def process(self, x: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Transform stacked images, shape (N, C, H, W), to (N, C, *new size)."""
        size = self._new_size(x.shape[2], x.shape[3])
        check_size("Resize", size)
        return resized("Resize", x, size, self.interpolation, self.antialias)

    def _new_size(self, height: int, width: int) -> tuple[int, int]:
        if isinstance(self.size, tuple):
            return self.size
        shorter, longer = sorted((height, width))
        short, long = self.size, self.size * longer // shorter
        if self.max_size is not None and long > self.max_size:
            short, long = max(1, self.max_size * short // long), self.max_size
        return (short, long) if height <= width else (long, short)

    def __repr__(self) -> str:
        most = "" if self.max_size is None else f", max_size={self.max_size}"
        return f"Resize({self.size}, interpolation={self.interpolation!r}{most}, antialias={self.antialias})"


class RandomResizedCrop(ImageTransform):
    """Cut out a window of random area, proportion and place, and give it one size.

    Parameters
    ----------
    size : int or pair of int
        Height and width of the result.
    scale : pair of float
        Least and greatest area of the window, as a part of the image's.
    ratio : pair of float
        Least and greatest width / height of the window; the logarithm of the ratio is uniform.
    interpolation : "nearest", "bilinear" or "bicubic"
        How pixels are computed, as in `Resize`.
    antialias : bool
        As in `Resize`.
    generator : Generator, numpy.random.Generator or int, optional
        Generator, or its seed; by default the one that `numbacnn.manual_seed` seeds.

    Notes
    -----
    Of ten windows that are drawn, the first that fits into the image is taken; if none does, the largest in the middle
    whose ratio is allowed.

    References
    ----------
    C. Szegedy et al., "Going Deeper with Convolutions", CVPR 2015, section 6.

    Examples
    --------
    >>> RandomResizedCrop(4)(np.zeros((3, 8, 12), np.float32)).shape
    (3, 4, 4)
    """

    draws = 2 * ATTEMPTS + 2

    def __init__(self, size: int | Sequence[int], scale: Span = (0.08, 1.0), ratio: Span = (3 / 4, 4 / 3),
                 interpolation: str = InterpolationMode.BILINEAR, antialias: bool = True, *,
                 generator: Seed = None) -> None:
        op = "RandomResizedCrop"
        super().__init__(generator)
        self.size = pair(op, "size", size, least=1)
        check_size(op, self.size)
        self.scale = span(op, "scale", scale, 0, LARGE)
        self.ratio = span(op, "ratio", ratio, 1 / LARGE, LARGE)
        self.interpolation = mode_of(op, interpolation)
        self.antialias = flag(op, "antialias", antialias)

    def process(self, x: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Transform stacked images, shape (N, C, H, W), to (N, C, *size), each given random numbers (N, draws)."""
        y = np.empty((*x.shape[:2], *self.size), x.dtype)
        for n, row in enumerate(numbers.tolist()):
            top, left, height, width = self._window(x.shape[2], x.shape[3], row)
            window = x[n:n + 1, :, top:top + height, left:left + width]
            y[n] = resized("RandomResizedCrop", window, self.size, self.interpolation, self.antialias)[0]
        return y

    def _window(self, height: int, width: int, row: list[float]) -> tuple[int, int, int, int]:
        for attempt in range(ATTEMPTS):
            area = height * width * between(self.scale, row[2 * attempt])
            ratio = math.exp(between((math.log(self.ratio[0]), math.log(self.ratio[1])), row[2 * attempt + 1]))
            w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < w <= width and 0 < h <= height:
                return int(row[-2] * (height - h + 1)), int(row[-1] * (width - w + 1)), h, w
        h = min(height, max(1, round(width / self.ratio[0])))
        w = min(width, max(1, round(height * self.ratio[1])))
        return (height - h) // 2, (width - w) // 2, h, w

    def __repr__(self) -> str:
        return (f"RandomResizedCrop({self.size}, scale={self.scale}, ratio={self.ratio}, "
                f"interpolation={self.interpolation!r}, antialias={self.antialias})")


def between(span: Span, number: float) -> float:
    """The place of a number in [0, 1) on a span."""
    return span[0] + (span[1] - span[0]) * number


def _size(op: str, size: Any) -> int | tuple[int, int]:
    if isinstance(size, Sequence) and not isinstance(size, str) and len(size) == 1:
        size = size[0]
    both = pair(op, "size", size, least=1)
    check_size(op, both)
    return both[0] if is_integer(size) else both
