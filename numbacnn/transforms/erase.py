"""Images with a part missing."""
import math
from collections.abc import Sequence

import numpy as np

from numbacnn.errors import DTypeError
from numbacnn.random import Seed
from numbacnn.transforms.image import ImageTransform
from numbacnn.transforms.options import LARGE, Span, fill_of, fill_value, probability, span
from numbacnn.transforms.resize import ATTEMPTS, between


class RandomErasing(ImageTransform):
    """Erase a rectangle of random area, proportion and place, with probability p.

    Parameters
    ----------
    p : float in [0, 1]
        Probability.
    scale : pair of float in [0, 1]
        Least and greatest area of the rectangle, as a part of the image's.
    ratio : pair of float
        Least and greatest height / width of the rectangle; the logarithm of the ratio is uniform.
    value : float, sequence of float or "random"
        What takes its place: a number, one for each channel, or standard normal noise (floating point images only).
    generator : Generator, numpy.random.Generator or int, optional
        Generator, or its seed; by default the one that `numbacnn.manual_seed` seeds.

    Notes
    -----
    Of ten rectangles that are drawn, the first that is smaller than the image, in height and in width, is taken; if
    none is, nothing is erased. Never in place: there is no `inplace`.

    References
    ----------
    Z. Zhong et al., "Random Erasing Data Augmentation", AAAI 2020, algorithm 1.

    Examples
    --------
    >>> y = RandomErasing(p=1, scale=(0.25, 0.25), ratio=(1, 1), generator=0)(np.ones((1, 4, 4), np.float32))
    >>> int(y.sum())
    12
    """

    draws = 1 + 2 * ATTEMPTS + 3                         # whether; attempts; place (2) and seed of the noise

    def __init__(self, p: float = 0.5, scale: Span = (0.02, 0.33), ratio: Span = (0.3, 3.3),
                 value: float | Sequence[float] | str = 0, *, generator: Seed = None) -> None:
        op = "RandomErasing"
        super().__init__(generator)
        self.p = probability(op, p)
        self.scale = span(op, "scale", scale, 0, 1)
        self.ratio = span(op, "ratio", ratio, 1 / LARGE, LARGE)
        if isinstance(value, str) and value != "random":
            raise DTypeError(f"{op}: value must be a number, one for each channel, or 'random', got {value!r}")
        self.value = value if isinstance(value, str) else fill_value(op, value, "value")

    def process(self, x: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Transform stacked images, shape (N, C, H, W), given random numbers, shape (N, draws)."""
        value = None if isinstance(self.value, str) else fill_of("RandomErasing", self.value, x, "value")
        if value is None and x.dtype.kind != "f":
            raise DTypeError(f"RandomErasing: value='random' is for images of floating point, got {x.dtype}; put "
                             "ToTensor() before it")
        y = x.copy()
        for n, row in enumerate(numbers.tolist()):
            window = self._window(x.shape[2], x.shape[3], row[1:]) if row[0] < self.p else None
            if window is not None:
                part = y[n, :, window[0], window[1]]
                if value is None:
                    noise = np.random.default_rng(int(row[-1] * 2**53))
                    part[:] = noise.standard_normal(part.shape)
                else:
                    part[:] = value[:, None, None]
        return y

    def _window(self, height: int, width: int, row: list[float]) -> tuple[slice, slice] | None:
        for attempt in range(ATTEMPTS):
            area = height * width * between(self.scale, row[2 * attempt])
            ratio = math.exp(between((math.log(self.ratio[0]), math.log(self.ratio[1])), row[2 * attempt + 1]))
            h, w = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if h < height and w < width:
                top, left = int(row[-3] * (height - h + 1)), int(row[-2] * (width - w + 1))
                return slice(top, top + h), slice(left, left + w)
        return None

    def __repr__(self) -> str:
        return f"RandomErasing(p={self.p}, scale={self.scale}, ratio={self.ratio}, value={self.value!r})"
