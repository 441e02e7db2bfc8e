"""From pixels to the numbers a network takes."""
from collections.abc import Sequence
from typing import Any

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.held import Held
from numbacnn.transforms.compose import Transform


class ToTensor(Transform):
    """Turn an image into a float32 tensor of shape (C, H, W).

    Takes an array or a PIL image of shape (H, W) or (H, W, C). Integers 0 to 255 (uint8) become numbers in [0, 1];
    booleans become 0 and 1; floating point images are converted, not scaled.

    Notes
    -----
    Stacks of images stay arrays (`batch`): a loader makes a tensor of the whole batch. The numbers of a single image,
    too, are NumPy's until an operation asks for them, so a dataset costs no call of a backend per image.

    Examples
    --------
    >>> image = np.array([[0, 51], [102, 255]], np.uint8)
    >>> ToTensor()(image)
    tensor([[[0. , 0.2],
             [0.4, 1. ]]])
    """

    def __call__(self, image: Any) -> Tensor:
        """Transform one image."""
        if isinstance(image, Tensor):
            raise DTypeError(f"ToTensor: image must be a PIL image or an array, got a Tensor of {image.dtype}"
                             f"{image.shape}")
        return Held(super().__call__(image))

    def batch(self, images: np.ndarray) -> np.ndarray:
        """Do the same for stacked images.

        Parameters
        ----------
        images : ndarray, shape (N, H, W) or (N, H, W, C)
            One image per row.

        Returns
        -------
        ndarray, shape (N, C, H, W), float32
        """
        if images.ndim not in (3, 4):
            raise ShapeError(f"ToTensor: image must be (H, W) or (H, W, C), got {images.shape[1:]}")
        chw = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)
        if images.dtype == np.uint8:
            scaled: np.ndarray = np.divide(chw, np.float32(255), dtype=np.float32, order="C")
            return scaled
        if images.dtype.kind not in "bf":
            raise DTypeError(f"ToTensor: image must be uint8, bool or floating point, got {images.dtype}; scale other "
                             "integers to floating point numbers first")
        return chw.astype(np.float32, order="C")


class Normalize(Transform):
    """Subtract the mean of each channel and divide by its standard deviation.

    Parameters
    ----------
    mean : sequence of float
        One per channel, or one for all.
    std : sequence of float
        One per channel, or one for all. Not zero.

    Notes
    -----
    y = (x - mean) / std, in the dtype of the image.

    Examples
    --------
    >>> Normalize((0.5,), (0.25,))(np.array([[[0.5, 1.0]]], np.float32))
    array([[[0., 2.]]], dtype=float32)
    """

    def __init__(self, mean: Sequence[float] | float, std: Sequence[float] | float) -> None:
        self.mean, self.std = _floats("mean", mean), _floats("std", std)
        if not np.all(np.asarray(self.std, np.float32)):
            raise ShapeError(f"Normalize: std must not be zero (in float32), got {self.std}")

    def batch(self, images: np.ndarray) -> np.ndarray:
        """Do the same for stacked images.

        Parameters
        ----------
        images : ndarray, shape (N, C, H, W), floating point
            One image per row.

        Returns
        -------
        ndarray of the same shape and dtype
        """
        if images.dtype.kind != "f":
            raise DTypeError(f"Normalize: image must be floating point, got {images.dtype}; put ToTensor() before it")
        if images.ndim < 4:
            raise ShapeError(f"Normalize: image must be (C, H, W), got {images.shape[1:]}")
        channels = images.shape[-3]
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (1, channels):
                raise ShapeError(f"Normalize: {name} must have one number for each of the {channels} channels of "
                                 f"image{images.shape[1:]}, got {values}")
        y: np.ndarray = images - np.asarray(self.mean, images.dtype)[:, None, None]
        y /= np.asarray(self.std, images.dtype)[:, None, None]
        return y

    def __repr__(self) -> str:
        return f"Normalize(mean={self.mean}, std={self.std})"


def _floats(name: str, values: Sequence[float] | float) -> tuple[float, ...]:
    try:
        array = np.atleast_1d(np.asarray(values))
    except (ValueError, TypeError):                      # of unequal lengths
        array = np.empty(0)
    if array.dtype.kind not in "iuf" or array.ndim != 1 or not array.size:
        raise DTypeError(f"Normalize: {name} must be a sequence of numbers, one per channel, got {values!r}")
    return tuple(array.astype(np.float64).tolist())
