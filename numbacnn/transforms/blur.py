"""Blurred images."""
import math
from collections.abc import Sequence

import numpy as np

from numbacnn.errors import ShapeError
from numbacnn.geometry import pair
from numbacnn.options import number
from numbacnn.random import Seed
from numbacnn.transforms.image import ImageTransform
from numbacnn.transforms.options import LARGE, Span, span
from numbacnn.transforms.resize import between

LEAST_SIGMA = 1e-3                                       # less changes nothing


class GaussianBlur(ImageTransform):
    """Blur images with a bell curve of random width.

    Parameters
    ----------
    kernel_size : int or pair of int
        Height and width of the window, odd.
    sigma : float or pair of float
        Standard deviation in pixels, or the least and the greatest.
    generator : Generator, numpy.random.Generator or int, optional
        Generator, or its seed; by default the one that `numbacnn.manual_seed` seeds.

    Notes
    -----
    Each pixel is the average of its window, with weights proportional to exp(-(dx^2 + dy^2) / (2 sigma^2)). Beyond the
    border the image is mirrored, without its outermost pixels. 8-bit images are computed in float32 and rounded.

    Examples
    --------
    >>> GaussianBlur(3, sigma=1.0)(np.array([[0, 0, 100, 0, 0]] * 3, np.uint8))[1]
    array([ 0, 27, 45, 27,  0], dtype=uint8)
    """

    draws = 1

    def __init__(self, kernel_size: int | Sequence[int], sigma: float | Span = (0.1, 2.0), *,
                 generator: Seed = None) -> None:
        super().__init__(generator)
        self.kernel_size = pair("GaussianBlur", "kernel_size", kernel_size, least=1)
        if not all(size % 2 for size in self.kernel_size):
            raise ShapeError(f"GaussianBlur: kernel_size must be odd, got {kernel_size}")
        if isinstance(sigma, Sequence) and not isinstance(sigma, str):
            self.sigma = span("GaussianBlur", "sigma", sigma, LEAST_SIGMA, LARGE)
        else:
            self.sigma = (number("GaussianBlur", "sigma", sigma, LEAST_SIGMA, LARGE),) * 2

    def process(self, x: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Transform stacked images, shape (N, C, H, W), given random numbers, shape (N, draws)."""
        above, aside = (size // 2 for size in self.kernel_size)
        if above >= x.shape[2] or aside >= x.shape[3]:
            raise ShapeError(f"GaussianBlur: half of kernel_size must be less than the image, got {self.kernel_size} "
                             f"for {x.shape[2]} x {x.shape[3]} pixels")
        sigmas = [between(self.sigma, u) for u in numbers[:, 0].tolist()]
        y = np.pad(x, [(0, 0), (0, 0), (above, above), (aside, aside)], "reflect")
        y = y.astype(np.result_type(x.dtype, np.float32) if x.dtype.kind == "f" else np.float32)
        for axis, size in zip((2, 3), self.kernel_size, strict=True):
            y = _blurred(y, axis, np.array([_bell(size, sigma) for sigma in sigmas], y.dtype).reshape(-1, size))
        return (y if x.dtype.kind == "f" else np.rint(y)).astype(x.dtype)

    def __repr__(self) -> str:
        return f"GaussianBlur({self.kernel_size}, sigma={self.sigma})"


def _bell(size: int, sigma: float) -> list[float]:
    """Weights of a window, in the proportions of a bell curve; they add up to 1."""
    weights = [math.exp(-0.5 * ((i - size // 2) / sigma)**2) for i in range(size)]
    return [weight / sum(weights) for weight in weights]


def _blurred(x: np.ndarray, axis: int, weights: np.ndarray) -> np.ndarray:
    """Sums of windows along one axis, with weights (N, size) for each image."""
    size = weights.shape[1]
    windows = np.lib.stride_tricks.sliding_window_view(x, size, axis)
    y: np.ndarray = windows[..., 0] * weights[:, 0, None, None, None]
    for i in range(1, size):
        y += windows[..., i] * weights[:, i, None, None, None]
    return y
