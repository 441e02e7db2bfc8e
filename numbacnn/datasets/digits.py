"""The handwritten digits that come with the package: real images, no download."""
from collections.abc import Callable
from functools import cache
from importlib import resources
from os import PathLike
from typing import Any

import numpy as np

from numbacnn.datasets.images import ImageDataset

TEST_EVERY = 5


class Digits(ImageDataset):
    """1,797 handwritten digits of 8 x 8 pixels, 1,437 to train and 360 to test.

    Takes the place of `MNIST` where there is no network: it takes the same arguments, and ignores `root` and
    `download`.

    Parameters
    ----------
    root : path, optional
        Not used.
    train : bool
        The training images, or those to test with.
    transform : callable, optional
        Applied to each image, an uint8 array of shape (8, 8).
    target_transform : callable, optional
        Applied to each label.
    download : bool
        Not used.

    Attributes
    ----------
    data : ndarray, shape (N, 8, 8), uint8
        The images, 0 (paper) to 255 (ink).
    targets : ndarray, shape (N,), int64
        The digits, 0 to 9.
    classes : list of str
        Name of each digit.

    Notes
    -----
    A pixel of the source counts the inked cells of a 4 x 4 block, 0 to 16; here it is round(255 / 16 * count), so
    that `ToTensor` gives numbers in [0, 1]. The counts are recovered exactly by ``(data * 16.0 / 255).round()``.

    The split is fixed: sorted by digit (and, within a digit, in the order of the source), every fifth image is for
    testing. So each digit is split alike. All 13 writers occur in both parts: accuracy here says nothing about the
    handwriting of somebody else.

    Source: the test set of E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
    Repository, 1998, https://doi.org/10.24432/C50P49, licensed under CC BY 4.0 (see digits.txt beside this file).

    Examples
    --------
    >>> train, test = Digits(train=True), Digits(train=False)
    >>> len(train), len(test), train.data.shape
    (1437, 360, (1437, 8, 8))
    >>> image, label = train[0]
    >>> label
    1
    """

    def __init__(self, root: str | PathLike[str] | None = None, train: bool = True,
                 transform: Callable[[Any], Any] | None = None, target_transform: Callable[[Any], Any] | None = None,
                 download: bool = False) -> None:
        counts, labels = _source()
        chosen = np.ones(len(labels), bool)
        chosen[np.argsort(labels, kind="stable")[::TEST_EVERY]] = False
        chosen = chosen if train else ~chosen
        images = (counts[chosen].astype(np.int64) * 255 + 8) // 16
        super().__init__(images.astype(np.uint8), labels[chosen], transform, target_transform,
                         classes=[str(digit) for digit in range(10)])
        self.train = train


@cache
def _source() -> tuple[np.ndarray, np.ndarray]:
    """Counts (1797, 8, 8), 0 to 16, and digits (1797,), in the order of the source."""
    with resources.files("numbacnn.datasets").joinpath("digits.npz").open("rb") as file, np.load(file) as arrays:
        return arrays["images"], arrays["labels"]
