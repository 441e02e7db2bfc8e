"""Transforms of images: one image in any form, or a stack; inside, always channels first.

What an image is, is said in `numbacnn.transforms`.
"""
from typing import Any, ClassVar

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.held import Held
from numbacnn.random import Own, Seed, own_generator
from numbacnn.transforms.compose import Drawn
from numbacnn.transforms.drawing import Numbers, Source
from numbacnn.transforms.pillow import is_pil, pixels, to_pil


class ImageTransform(Drawn):
    """A transform of images that is written once, for stacked images with their channels first.

    A subclass defines `process(x, numbers)`, with x of shape (N, C, H, W), and treats each image by itself. If it is
    random, it says in `draws` how many random numbers each image takes; it finds them in `numbers`, shape (N, draws),
    uniform in [0, 1).

    Parameters
    ----------
    generator : Generator, numpy.random.Generator or int, optional
        Generator, or its seed; by default the one that `numbacnn.manual_seed` seeds.

    Examples
    --------
    >>> class Noise(ImageTransform):
    ...     draws = 1
    ...     def process(self, x, numbers):
    ...         return x + numbers[:, :, None, None].astype(x.dtype)
    >>> Noise(generator=0).batch(np.zeros((2, 1, 1, 1), np.float32)).ravel()
    array([0.6369617 , 0.26978672], dtype=float32)
    """

    draws: ClassVar[int] = 0
    dtypes: ClassVar[str] = "uint8, floating point"      # "bool" may be among them
    generator: Own = None

    def __init__(self, generator: Seed = None) -> None:
        self.generator = own_generator(type(self).__name__, generator)

    @property
    def sources(self) -> list[Source]:
        """What an image takes of random numbers."""
        return [(self.generator, self.draws)] if self.draws else []

    def process(self, x: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Transform stacked images, shape (N, C, H, W), given random numbers, shape (N, draws)."""
        raise NotImplementedError(f"{type(self).__name__} must define process(x, numbers)")

    def one(self, image: Any, numbers: Numbers) -> Any:
        """Transform one image, given its random numbers."""
        op = type(self).__name__
        if not isinstance(image, np.ndarray | Tensor) and not is_pil(image):
            raise DTypeError(f"{op}: image must be a PIL image, an array or a tensor, got {type(image).__name__}")
        if isinstance(image, Tensor) and image.dtype.kind != "f":
            raise DTypeError(f"{op}: a tensor must be floating point, (C, H, W), got {image.dtype}{image.shape}; give "
                             "an array, (H, W, C), or put ToTensor() before it")
        y = self.many(pixels(op, image)[None], numbers)[0]
        return to_pil(op, y) if is_pil(image) else Held(y) if isinstance(image, Tensor) else y

    def many(self, images: Any, numbers: Numbers) -> Any:
        """Transform stacked images, given their random numbers."""
        images = self._checked(images)
        y = self.process(_channels_first(images), numbers[0] if numbers else np.empty((len(images), 0)))
        if np.may_share_memory(y, images):
            y = y.copy()
        return _as_before(y, images)

    def _checked(self, images: Any) -> np.ndarray:
        op = type(self).__name__
        if not isinstance(images, np.ndarray):
            raise DTypeError(f"{op}: stacked images must be an array, got {type(images).__name__}")
        known = "floating point" if images.dtype.kind == "f" else images.dtype.name
        if known not in self.dtypes.split(", "):
            raise DTypeError(f"{op}: image must be of {' or '.join(self.dtypes.split(', '))}, got {images.dtype}")
        if images.ndim not in (3, 4):
            raise ShapeError(f"{op}: image must be (H, W), or (H, W, C) of uint8, or (C, H, W) of floating point, got "
                             f"{images.shape[1:]}")
        if 0 in images.shape[1:]:
            raise ShapeError(f"{op}: image must have pixels, got {images.shape[1:]}")
        return np.asarray(images)


def _channels_first(images: np.ndarray) -> np.ndarray:
    """Stacked images as (N, C, H, W)."""
    if images.ndim == 3:
        return images[:, None]
    return images if images.dtype.kind == "f" else images.transpose(0, 3, 1, 2)


def _as_before(y: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Results (N, C, H, W) laid out as the images were."""
    if images.ndim == 3 and y.shape[1] == 1:
        return y[:, 0]
    return y if y.dtype.kind == "f" else y.transpose(0, 2, 3, 1)
