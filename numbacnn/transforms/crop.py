"""Windows of images: in the middle, and at random places."""
from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from numbacnn.errors import ShapeError
from numbacnn.geometry import pair
from numbacnn.options import flag
from numbacnn.random import Seed
from numbacnn.transforms.image import ImageTransform
from numbacnn.transforms.options import check_size, fill_value
from numbacnn.transforms.pad import border, padded, padding_mode_of, sides


class CenterCrop(ImageTransform):
    """Cut out the middle; images that are smaller get a border of zeros.

    Parameters
    ----------
    size : int or pair of int
        Height and width of the window.

    Examples
    --------
    >>> CenterCrop((1, 2))(np.array([[1, 2, 3, 4]], np.uint8))
    array([[2, 3]], dtype=uint8)
    """

    dtypes = "bool, uint8, floating point"

    def __init__(self, size: int | Sequence[int]) -> None:
        self.size = pair("CenterCrop", "size", size, least=1)
        check_size("CenterCrop", self.size)

    def process(self, x: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Transform stacked images, shape (N, C, H, W), to (N, C, *size)."""
        missing = [max(size - extent, 0) for size, extent in zip(self.size, x.shape[2:], strict=True)]
        top, left = (pixels // 2 for pixels in missing)
        x = padded("CenterCrop", x, (left, top, missing[1] - left, missing[0] - top), 0, "constant")
        top, left = (round((extent - size) / 2) for size, extent in zip(self.size, x.shape[2:], strict=True))
        return x[:, :, top:top + self.size[0], left:left + self.size[1]]

    def __repr__(self) -> str:
        return f"CenterCrop({self.size})"


class RandomCrop(ImageTransform):
    """Cut out a window at a random place; with padding, this shifts the image at random.

    Parameters
    ----------
    size : int or pair of int
        Height and width of the window.
    padding : int, pair or four int, optional
        Border added before: pixels on every side, or (left and right, top and bottom), or (left, top, right, bottom).
    pad_if_needed : bool
        Add a border to images that are smaller than the window: what is missing, on both sides.
    fill : float or sequence of float
        Value of the border, or one for each channel.
    padding_mode : "constant", "edge", "reflect" or "symmetric"
        What the border shows, as in `Pad`.
    generator : Generator, numpy.random.Generator or int, optional
        Generator, or its seed; by default the one that `numbacnn.manual_seed` seeds.

    Examples
    --------
    >>> shift = RandomCrop(8, padding=1, generator=0)
    >>> shift(np.zeros((1, 8, 8), np.float32)).shape
    (1, 8, 8)
    """

    draws = 2
    dtypes = "bool, uint8, floating point"

    def __init__(self, size: int | Sequence[int], padding: int | Sequence[int] | None = None,
                 pad_if_needed: bool = False, fill: float | Sequence[float] = 0, padding_mode: str = "constant", *,
                 generator: Seed = None) -> None:
        super().__init__(generator)
        self.size = pair("RandomCrop", "size", size, least=1)
        self.padding = sides("RandomCrop", 0 if padding is None else padding)
        self.pad_if_needed = flag("RandomCrop", "pad_if_needed", pad_if_needed)
        self.fill = fill_value("RandomCrop", fill)
        self.padding_mode = padding_mode_of("RandomCrop", padding_mode)

    def process(self, x: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Transform stacked images, shape (N, C, H, W), to (N, C, *size), each at a place of its own."""
        x = padded("RandomCrop", x, self.padding, self.fill, self.padding_mode)
        if self.pad_if_needed:
            rows, columns = (max(size - extent, 0) for size, extent in zip(self.size, x.shape[2:], strict=True))
            x = padded("RandomCrop", x, (columns, rows, columns, rows), self.fill, self.padding_mode)
        if x.shape[2] < self.size[0] or x.shape[3] < self.size[1]:
            raise ShapeError(f"RandomCrop: size must fit into the padded image, got {self.size} for {x.shape[2:]}; "
                             "pass a larger padding, or pad_if_needed=True")
        windows = sliding_window_view(x, self.size, axis=(2, 3))
        top, left = (numbers * windows.shape[2:4]).astype(np.intp).T
        crops: np.ndarray = windows[np.arange(len(x)), :, top, left]
        return crops

    def __repr__(self) -> str:
        return f"RandomCrop({self.size}, padding={self.padding}, {border(self.fill, self.padding_mode)})"
