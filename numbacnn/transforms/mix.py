"""Batches whose images are mixed with each other, and their labels with them."""
import math
from typing import Any

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.data.collate import stack
from numbacnn.data.seeding import current
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.options import is_integer, number
from numbacnn.random import Seed, own_generator
from numbacnn.transforms.options import LARGE

Batch = tuple[Any, Any]

MAX_CLASSES = 1 << 24


class Mixer:
    """What mixing transforms share: how a batch comes in, and what becomes of its labels.

    A subclass defines `mixed(images, part, generator)`, which gives the mixed images and how much of the first ones is
    in them.
    """

    def __init__(self, alpha: float = 1.0, num_classes: int | None = None, *, generator: Seed = None) -> None:
        op = type(self).__name__
        self.alpha = number(op, "alpha", alpha, 1e-3, LARGE)
        if num_classes is not None and (not is_integer(num_classes) or not 1 <= num_classes <= MAX_CLASSES):
            raise ShapeError(f"{op}: num_classes must be an integer from 1 to {MAX_CLASSES}, got {num_classes!r}")
        self.num_classes = num_classes
        self.generator = own_generator(op, generator)

    def mixed(self, images: np.ndarray, part: float, generator: np.random.Generator) -> tuple[np.ndarray, float]:
        """Mix each image with the one before it, and tell how much of itself is left."""
        raise NotImplementedError(f"{type(self).__name__} must define mixed(images, part, generator)")

    def __call__(self, *batch: Any) -> Batch:
        """Mix a batch.

        Parameters
        ----------
        *batch : images and labels, a pair of them, or a list of samples
            Images of shape (N, C, H, W), floating point, and labels of shape (N,), integers, or (N, K), probabilities
            of K classes; tensors or arrays. Or the list of samples (image, label) that a `collate_fn` gets.

        Returns
        -------
        tuple
            Mixed images, shape (N, C, H, W), and labels, shape (N, K), in the dtype of the images. Arrays if arrays
            came; tensors otherwise.
        """
        images, labels, tensors = self._read(batch)
        labels = self._probabilities(labels, images)
        generator = current(self.generator)
        images, part = self.mixed(images, float(generator.beta(self.alpha, self.alpha)), generator)
        labels = _blend(labels, part)
        return (Tensor(images), Tensor(labels)) if tensors else (images, labels)

    def _read(self, batch: tuple[Any, ...]) -> tuple[np.ndarray, np.ndarray, bool]:
        op = type(self).__name__
        if len(batch) == 1 and isinstance(batch[0], tuple | list):
            batch = tuple(batch[0])
        samples = bool(batch) and all(isinstance(sample, tuple | list) for sample in batch)
        if samples:                                      # what a collate_fn gets
            pair = stack(batch)
            batch = tuple(pair) if isinstance(pair, tuple | list) else (pair,)
        if len(batch) != 2:
            raise DTypeError(f"{op}: a batch must be (images, labels), or a list of samples (image, label), got "
                             f"{len(batch)} {'fields' if samples else 'values'}")
        for name, value in zip(("images", "labels"), batch, strict=True):
            if not isinstance(value, Tensor | np.ndarray):
                raise DTypeError(f"{op}: {name} must be a tensor or an array, got {type(value).__name__}")
        images, labels = (value.numpy() if isinstance(value, Tensor) else value for value in batch)
        if images.dtype.kind != "f":
            raise DTypeError(f"{op}: images must be floating point, got {images.dtype}; put ToTensor() into the "
                             "dataset's transform")
        if images.ndim != 4 or 0 in images.shape:
            raise ShapeError(f"{op}: images must be (N, C, H, W), none of them 0, got {images.shape}")
        return images, labels, samples or any(isinstance(value, Tensor) for value in batch)

    def _probabilities(self, labels: np.ndarray, images: np.ndarray) -> np.ndarray:
        """Labels (N, K), in the dtype of the images."""
        op = type(self).__name__
        if labels.ndim not in (1, 2) or len(labels) != len(images):
            raise ShapeError(f"{op}: labels must be (N,) or (N, K) for the {len(images)} images, got {labels.shape}")
        if labels.ndim == 2:
            if labels.dtype.kind not in "fiu":
                raise DTypeError(f"{op}: labels must be numbers, got {labels.dtype}")
            if self.num_classes not in (None, labels.shape[1]):
                raise ShapeError(f"{op}: labels must have num_classes={self.num_classes} columns, got {labels.shape}")
            return labels.astype(images.dtype)
        if labels.dtype.kind not in "iu":
            raise DTypeError(f"{op}: labels of shape (N,) must be integers, got {labels.dtype}")
        if self.num_classes is None:
            raise ShapeError(f"{op}: labels are classes, so num_classes must be given, got None")
        if labels.min() < 0 or labels.max() >= self.num_classes:
            raise ShapeError(f"{op}: labels must be from 0 to {self.num_classes - 1}, got {labels.min()} to "
                             f"{labels.max()}")
        probabilities = np.zeros((len(labels), self.num_classes), images.dtype)
        probabilities[np.arange(len(labels)), labels] = 1
        return probabilities

    def __repr__(self) -> str:
        return f"{type(self).__name__}(alpha={self.alpha}, num_classes={self.num_classes})"


class MixUp(Mixer):
    """Blend each image of a batch with the one before it, and their labels likewise.

    Parameters
    ----------
    alpha : float
        Greater than zero. The part of the first image is drawn from the distribution Beta(alpha, alpha), once for
        each batch.
    num_classes : int, optional
        Needed where labels are integers.
    generator : Generator, numpy.random.Generator or int, optional
        Generator, or its seed; by default the one that `numbacnn.manual_seed` seeds.

    Notes
    -----
    y[n] = part x[n] + (1 - part) x[n - 1]; the image before the first is the last. Shuffle the batches.

    References
    ----------
    H. Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018, equation 1.

    Examples
    --------
    >>> mixup = MixUp(num_classes=2, generator=0)
    >>> images, labels = mixup(np.zeros((2, 1, 4, 4), np.float32), np.array([0, 1]))
    >>> labels.sum(axis=1)
    array([1., 1.], dtype=float32)

    In a loader: ``DataLoader(dataset, 64, shuffle=True, collate_fn=MixUp(num_classes=10))``.
    """

    def __init__(self, alpha: float = 1.0, num_classes: int | None = None, *, generator: Seed = None) -> None:
        super().__init__(alpha, num_classes, generator=generator)

    def mixed(self, images: np.ndarray, part: float, generator: np.random.Generator) -> tuple[np.ndarray, float]:
        """Mix each image with the one before it, and tell how much of itself is left."""
        return _blend(images, part), part


class CutMix(Mixer):
    """Put a rectangle of each image of a batch into the one after it, and mix their labels by area.

    The parameters are those of `MixUp`.

    Notes
    -----
    The rectangle has the sides sqrt(1 - part) H and sqrt(1 - part) W, rounded down to even numbers, and a centre
    anywhere in the image; what lies outside is cut off. Labels follow the area that is really replaced.

    References
    ----------
    S. Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features", ICCV 2019,
    section 3.1.

    Examples
    --------
    >>> cutmix = CutMix(num_classes=2, generator=0)
    >>> images, labels = cutmix(np.zeros((2, 1, 4, 4), np.float32), np.array([0, 1]))
    >>> labels.sum(axis=1)
    array([1., 1.], dtype=float32)
    """

    def mixed(self, images: np.ndarray, part: float, generator: np.random.Generator) -> tuple[np.ndarray, float]:
        """Mix each image with the one before it, and tell how much of itself is left."""
        window, area = [], 1
        for extent in images.shape[2:]:
            centre, half = int(generator.integers(extent)), int(0.5 * math.sqrt(1 - part) * extent)
            window.append(slice(max(centre - half, 0), min(centre + half, extent)))
            area *= window[-1].stop - window[-1].start
        y = images.copy()
        y[:, :, *window] = np.roll(images, 1, axis=0)[:, :, *window]
        return y, 1 - area / (images.shape[2] * images.shape[3])


def _blend(x: np.ndarray, part: float) -> np.ndarray:
    mixed: np.ndarray = x * x.dtype.type(part) + np.roll(x, 1, axis=0) * x.dtype.type(1 - part)
    return mixed
