"""What a transform is, and chains of them.

A transform is any function of one image. One that also has a method `batch`, a function of stacked images, lets a
dataset read many images at once. `batch` must give what the transform gives for each image, to the bit. A transform
that is `Drawn` takes its random numbers from outside, so that chains of them keep to that, too.
"""
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError
from numbacnn.held import Held
from numbacnn.transforms.drawing import Numbers, Source, apply_many, apply_one, draw, shares, sources_of
from numbacnn.transforms.pillow import pixels

Function = Callable[[Any], Any]


class Transform:
    """A transform that is written once, for stacked images; one image is a stack of one.

    A subclass defines `batch(images)`, with images of shape (N, ...), and must treat each image by itself.

    Examples
    --------
    >>> import numpy as np
    >>> class Invert(Transform):
    ...     def batch(self, images):
    ...         return 255 - images
    >>> Invert()(np.array([[0, 255]], np.uint8))
    array([[255,   0]], dtype=uint8)
    """

    batch: Function | None = None

    def __call__(self, image: Any) -> Any:
        """Transform one image; of a tensor, the result is one."""
        if self.batch is None:
            raise NotImplementedError(f"{type(self).__name__} must define batch(images)")
        y = self.batch(pixels(type(self).__name__, image)[None])[0]
        return Held(y) if isinstance(image, Tensor) else y

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__call__" in vars(cls) and "batch" not in vars(cls):
            cls.batch = None                             # an inherited one knows nothing of the new __call__

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Drawn(Transform):
    """A transform that is a function of an image and of random numbers, which are drawn before.

    A subclass defines `sources`, `one(image, numbers)` and `many(images, numbers)`.
    """

    in_chain: ClassVar[bool] = True                      # whether a chain draws the numbers

    @property
    def sources(self) -> list[Source]:
        """How many numbers an image takes, and from which generators."""
        raise NotImplementedError(f"{type(self).__name__} must define sources")

    def one(self, image: Any, numbers: Numbers) -> Any:
        """Transform one image, given its random numbers."""
        raise NotImplementedError(f"{type(self).__name__} must define one(image, numbers)")

    def many(self, images: Any, numbers: Numbers) -> Any:
        """Transform stacked images, given their random numbers."""
        raise NotImplementedError(f"{type(self).__name__} must define many(images, numbers)")

    def __call__(self, image: Any) -> Any:
        """Transform one image."""
        return self.one(image, draw(self.sources, 1))

    def batch(self, images: Any) -> Any:
        """Transform stacked images, shape (N, ...), each by itself."""
        return self.many(images, draw(self.sources, len(images)))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "in_chain" in vars(cls):
            return
        if "batch" in vars(cls) and "__call__" not in vars(cls):
            cls.__call__ = Transform.__call__            # type: ignore[method-assign]
        if "batch" in vars(cls) or "__call__" in vars(cls):
            cls.in_chain = False                         # which must not be bypassed


class Chain(Drawn):
    """A transform made of others, `transforms`: it has a `batch` if each of them has one."""

    in_chain = True
    own_sources: tuple[Source, ...] = ()

    def __init__(self, transforms: Sequence[Function]) -> None:
        op = type(self).__name__
        if callable(transforms) or not isinstance(transforms, Iterable):
            raise DTypeError(f"{op}: transforms must be a list of callables, got {transforms!r}")
        self.transforms = list(transforms)
        for transform in self.transforms:
            if not callable(transform):
                raise DTypeError(f"{op}: every transform must be callable, got {transform!r}")

    @property
    def sources(self) -> list[Source]:
        """What an image takes of random numbers: the chain first, then each transform."""
        return [*self.own_sources, *[source for transform in self.transforms for source in sources_of(transform)]]

    @property
    def batch(self) -> Function | None:                  # type: ignore[override]
        """The same for stacked images, or None unless every transform of the chain has a `batch`."""
        if any(batch_form(transform) is None for transform in self.transforms):
            return None
        return super().batch


class Compose(Chain):
    """Apply transforms one after the other.

    Parameters
    ----------
    transforms : sequence of callable
        In the order in which they are applied.

    Examples
    --------
    >>> import numpy as np
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
        super().__init__(transforms)

    def one(self, image: Any, numbers: Numbers) -> Any:
        """Transform one image, given its random numbers."""
        for transform, part in shares(self.transforms, numbers):
            image = apply_one(transform, image, part)
        return image

    def many(self, images: Any, numbers: Numbers) -> Any:
        """Transform stacked images, given their random numbers."""
        for transform, part in shares(self.transforms, numbers):
            images = apply_many(transform, images, part)
        return images

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
    >>> import numpy as np
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


def _same(images: Any) -> Any:
    return images
