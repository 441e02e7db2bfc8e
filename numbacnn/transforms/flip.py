"""Mirror images at random."""
from typing import ClassVar

import numpy as np

from numbacnn.random import Seed
from numbacnn.transforms.image import ImageTransform
from numbacnn.transforms.options import probability


class RandomHorizontalFlip(ImageTransform):
    """Swap left and right, with probability p.

    Parameters
    ----------
    p : float in [0, 1]
        Probability.
    generator : Generator, numpy.random.Generator or int, optional
        Generator, or its seed; by default the one that `numbacnn.manual_seed` seeds.

    Examples
    --------
    >>> RandomHorizontalFlip(p=1)(np.array([[1, 2, 3]], np.uint8))
    array([[3, 2, 1]], dtype=uint8)
    """

    draws = 1
    dtypes = "bool, uint8, floating point"
    axis: ClassVar[int] = -1

    def __init__(self, p: float = 0.5, *, generator: Seed = None) -> None:
        super().__init__(generator)
        self.p = probability(type(self).__name__, p)

    def process(self, x: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Transform stacked images, shape (N, C, H, W), given random numbers, shape (N, draws)."""
        y = x.copy()
        chosen = numbers[:, 0] < self.p
        y[chosen] = np.flip(x[chosen], self.axis)
        return y

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomVerticalFlip(RandomHorizontalFlip):
    """Swap top and bottom, with probability p.

    The parameters are those of `RandomHorizontalFlip`.

    Examples
    --------
    >>> RandomVerticalFlip(p=1)(np.array([[1], [2]], np.uint8))
    array([[2],
           [1]], dtype=uint8)
    """

    axis = -2
