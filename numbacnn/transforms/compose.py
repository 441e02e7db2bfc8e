"""What a transform is, and chains of them.

A transform is any function of one image. One that also has a method `batch`, a function of stacked images, lets a
dataset read many images at once. `batch` must give what the transform gives for each image, to the bit.
"""
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from numbacnn.errors import DTypeError

Function = Callable[[Any], Any]


class Transform:
    """A transform that is written once, for stacked images; one image is a stack of one.

    A subclass defines `batch(images)`, with images of shape (N, ...), and must treat each image by itself.

    Examples
    --------
    >>> class Invert(Transform):
    ...     def batch(self, images):
    ...         return 255 - images
    >>> Invert()(np.array([[0, 255]], np.uint8))
    array([[255,   0]], dtype=uint8)
    """

    batch: Function | None = None

    def __call__(self, image: Any) -> Any:
        """Transform one image."""
        if self.batch is None:
            raise NotImplementedError(f"{type(self).__name__} must define batch(images)")
        return self.batch(np.asarray(image)[None])[0]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__call__" in vars(cls) and "batch" not in vars(cls):
            cls.batch = None                             # an inherited one knows nothing of the new __call__

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Compose:
    """Apply transforms one after the other.

    Parameters
    ----------
    transforms : sequence of callable
        In the order in which they are applied.

    Examples
    --------
    >>> from numbacnn import transforms
    >>> transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    >>> transform(np.full((8, 8), 255, np.uint8)).shape
    (1, 8, 8)
    >>> transform
    Compose([
        ToTensor(),
        Normalize(mean=(0.5,), std=(0.5,)),
    ])
    """

    def __init__(self, transforms: Sequence[Function]) -> None:
        self.transforms = list(transforms)
        for transform in self.transforms:
            if not callable(transform):
                raise DTypeError(f"Compose: every transform must be callable, got {transform!r}")

    def __call__(self, image: Any) -> Any:
        """Transform one image."""
        return _chain(self.transforms, image)

    @property
    def batch(self) -> Function | None:
        """The same for stacked images, or None unless every transform of the chain has a `batch`."""
        steps = [batch_form(transform) for transform in self.transforms]
        known = [step for step in steps if step is not None]
        return partial(_chain, known) if len(known) == len(steps) else None

    def __repr__(self) -> str:
        lines = "".join(f"    {transform!r},\n" for transform in self.transforms)
        return f"Compose([\n{lines}])"


class Lambda:
    """Apply a function of your own.

    Parameters
    ----------
    function : callable
        From one image to another.
    batch : callable, optional
        The same from stacked images, shape (N, ...), to stacked images. Without it a dataset reads its images one by
        one.

    Examples
    --------
    >>> invert = Lambda(lambda image: 1 - image)
    >>> invert(np.array([0.25, 1.0]))
    array([0.75, 0.  ])
    """

    def __init__(self, function: Function, batch: Function | None = None) -> None:
        if not callable(function) or not (batch is None or callable(batch)):
            raise DTypeError(f"Lambda: function and batch must be callable, got {function!r} and {batch!r}")
        self.function = function
        self.batch = batch

    def __call__(self, image: Any) -> Any:
        """Transform one image."""
        return self.function(image)

    def __repr__(self) -> str:
        return f"Lambda({getattr(self.function, '__name__', repr(self.function))})"


def batch_form(transform: Function | None) -> Function | None:
    """The transform as a function of stacked images, or None if it has no such form. No transform changes nothing."""
    return _same if transform is None else getattr(transform, "batch", None)


def _chain(functions: list[Function], image: Any) -> Any:
    for function in functions:
        image = function(image)
    return image


def _same(images: Any) -> Any:
    return images
