"""Moving images: padding, and crops at random places.

Height and width are the last two axes, so these stand behind `ToTensor`, or work on grey images (H, W) before it.
"""
from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from numbacnn.data.seeding import Seed, current, own_generator
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.geometry import pair
from numbacnn.transforms.compose import Transform


class Pad(Transform):
    """Add a border of constant pixels.

    Parameters
    ----------
    padding : int or four int
        Pixels on every side, or (left, top, right, bottom).
    fill : float
        Value of the new pixels.

    Examples
    --------
    >>> Pad(1)(np.full((1, 2), 7, np.uint8))
    array([[0, 0, 0, 0],
           [0, 7, 7, 0],
           [0, 0, 0, 0]], dtype=uint8)
    """

    def __init__(self, padding: int | Sequence[int], fill: float = 0) -> None:
        self.padding = _sides("Pad", padding)
        self.fill = fill

    def batch(self, images: np.ndarray) -> np.ndarray:
        """Do the same for stacked images.

        Parameters
        ----------
        images : ndarray, shape (N, ..., H, W)
            One image per row.

        Returns
        -------
        ndarray, shape (N, ..., top + H + bottom, left + W + right)
        """
        return _padded(_checked("Pad", images), self.padding, self.fill)

    def __repr__(self) -> str:
        return f"Pad({self.padding}, fill={self.fill})"


class RandomCrop(Transform):
    """Cut out a window at a random place; with padding, this shifts the image at random.

    Parameters
    ----------
    size : int or pair of int
        Height and width of the window.
    padding : int or four int
        Border added before: pixels on every side, or (left, top, right, bottom).
    fill : float
        Value of the border.
    generator : numpy.random.Generator or int, optional
        Generator, or its seed; by default the one that `numbacnn.manual_seed` seeds.

    Notes
    -----
    Each image takes two random numbers, so the crops do not depend on how images are cut into batches. With several
    random transforms in one chain they do.

    Examples
    --------
    >>> shift = RandomCrop(8, padding=1, generator=0)
    >>> shift(np.zeros((1, 8, 8), np.float32)).shape
    (1, 8, 8)
    """

    def __init__(self, size: int | Sequence[int], padding: int | Sequence[int] = 0, fill: float = 0,
                 generator: Seed = None) -> None:
        self.size = pair("RandomCrop", "size", size, least=1)
        self.padding = _sides("RandomCrop", padding)
        self.fill = fill
        self.generator = own_generator(generator, "RandomCrop")

    def batch(self, images: np.ndarray) -> np.ndarray:
        """Do the same for stacked images, each at a place of its own.

        Parameters
        ----------
        images : ndarray, shape (N, ..., H, W)
            One image per row.

        Returns
        -------
        ndarray, shape (N, ..., *size)
        """
        images = _padded(_checked("RandomCrop", images), self.padding, self.fill)
        if images.shape[-2] < self.size[0] or images.shape[-1] < self.size[1]:
            raise ShapeError(f"RandomCrop: size must fit into the padded image, got {self.size} for "
                             f"{images.shape[-2:]}; pass a larger padding")
        windows = sliding_window_view(images, self.size, axis=(-2, -1))
        places = current(self.generator).random((len(images), 2)) * windows.shape[-4:-2]
        top, left = places.astype(np.intp).T
        crops: np.ndarray = windows[np.arange(len(images)), ..., top, left, :, :]
        return crops

    def __repr__(self) -> str:
        return f"RandomCrop({self.size}, padding={self.padding}, fill={self.fill})"


def _sides(op: str, padding: int | Sequence[int]) -> tuple[int, int, int, int]:
    sides = (padding,) * 4 if isinstance(padding, int | np.integer) else tuple(padding)
    if len(sides) != 4 or not all(isinstance(side, int | np.integer) and side >= 0 for side in sides):
        raise DTypeError(f"{op}: padding must be an integer >= 0, or four of them (left, top, right, bottom), "
                         f"got {padding!r}")
    left, top, right, bottom = map(int, sides)
    return left, top, right, bottom


def _padded(images: np.ndarray, padding: tuple[int, int, int, int], fill: float) -> np.ndarray:
    left, top, right, bottom = padding
    return np.pad(images, [(0, 0)] * (images.ndim - 2) + [(top, bottom), (left, right)], constant_values=fill)


def _checked(op: str, images: np.ndarray) -> np.ndarray:
    if images.ndim < 3:
        raise ShapeError(f"{op}: image must be (..., H, W), got {images.shape[1:]}")
    if images.ndim == 4 and images.dtype == np.uint8:
        raise ShapeError(f"{op}: image must be (C, H, W) or grey, got {images.shape[1:]} uint8, which looks like "
                         "(H, W, C); put ToTensor() before it")
    return images
