"""Transforms that are chosen, or put in order, at random."""
from collections.abc import Sequence
from typing import Any

import numpy as np

from numbacnn.errors import DTypeError, ShapeError
from numbacnn.options import number
from numbacnn.random import Seed, own_generator
from numbacnn.transforms.compose import Chain, Compose, Function
from numbacnn.transforms.drawing import Numbers, apply_many, apply_one, by_choice, shares
from numbacnn.transforms.options import probability


class RandomApply(Chain):
    """Apply transforms one after the other, or none of them.

    Parameters
    ----------
    transforms : sequence of callable
        In the order in which they are applied.
    p : float in [0, 1]
        Probability that they are.
    generator : Generator, numpy.random.Generator or int, optional
        Generator, or its seed; by default the one that `numbacnn.manual_seed` seeds.

    Examples
    --------
    >>> def invert(image):
    ...     return 255 - image
    >>> RandomApply([invert], p=1)(np.array([[5]], np.uint8))
    array([[250]], dtype=uint8)
    """

    def __init__(self, transforms: Sequence[Function], p: float = 0.5, *, generator: Seed = None) -> None:
        super().__init__(transforms)
        self.p = probability("RandomApply", p)
        self.own_sources = ((own_generator("RandomApply", generator), 1),)

    def one(self, image: Any, numbers: Numbers) -> Any:
        """Transform one image, given its random numbers."""
        if numbers[0][0, 0] >= self.p:
            return image
        return Compose(self.transforms).one(image, numbers[1:])

    def many(self, images: Any, numbers: Numbers) -> Any:
        """Transform stacked images, given their random numbers."""
        def apply(chosen: int, rows: np.ndarray, part: np.ndarray) -> Any:
            taken = [block[rows] for block in numbers[1:]]
            return Compose(self.transforms).many(part, taken) if chosen else part

        return by_choice("RandomApply", images, numbers[0][:, 0] < self.p, apply)

    def __repr__(self) -> str:
        return f"RandomApply({self.transforms}, p={self.p})"


class RandomChoice(Chain):
    """Apply one of several transforms.

    Parameters
    ----------
    transforms : sequence of callable
        At least one.
    p : sequence of float, optional
        How likely each is, in proportion; by default all are alike.
    generator : Generator, numpy.random.Generator or int, optional
        Generator, or its seed; by default the one that `numbacnn.manual_seed` seeds.

    Examples
    --------
    >>> RandomChoice([np.sin, np.sqrt], p=[0, 1])(np.array([[4.0]]))
    array([[2.]])
    """

    def __init__(self, transforms: Sequence[Function], p: Sequence[float] | None = None, *,
                 generator: Seed = None) -> None:
        super().__init__(transforms)
        if not self.transforms:
            raise ShapeError("RandomChoice: transforms must not be empty, got none to choose from")
        self.p = _proportions(p, len(self.transforms))
        self.own_sources = ((own_generator("RandomChoice", generator), 1),)

    def one(self, image: Any, numbers: Numbers) -> Any:
        """Transform one image, given its random numbers."""
        transform, part = self._shares(numbers)[self._choices(numbers)[0]]
        return apply_one(transform, image, part)

    def many(self, images: Any, numbers: Numbers) -> Any:
        """Transform stacked images, given their random numbers."""
        def apply(choice: int, rows: np.ndarray, part: np.ndarray) -> Any:
            transform, taken = self._shares(numbers)[choice]
            return apply_many(transform, part, [block[rows] for block in taken])

        return by_choice("RandomChoice", images, self._choices(numbers), apply)

    def _shares(self, numbers: Numbers) -> list[tuple[Any, Numbers]]:
        return list(shares(self.transforms, numbers[1:]))

    def _choices(self, numbers: Numbers) -> np.ndarray:
        ends = np.cumsum(self.p)
        return np.searchsorted(ends / ends[-1], numbers[0][:, 0], side="right")

    def __repr__(self) -> str:
        return f"RandomChoice({self.transforms}, p={self.p})"


class RandomOrder(Chain):
    """Apply transforms in random order.

    Parameters
    ----------
    transforms : sequence of callable
        All are applied, once.
    generator : Generator, numpy.random.Generator or int, optional
        Generator, or its seed; by default the one that `numbacnn.manual_seed` seeds.

    Examples
    --------
    >>> order = RandomOrder([lambda x: x + 1, lambda x: 2 * x], generator=0)
    >>> [order(3.0) for _ in range(4)]
    [7.0, 7.0, 8.0, 8.0]
    """

    def __init__(self, transforms: Sequence[Function], *, generator: Seed = None) -> None:
        super().__init__(transforms)
        self.own_sources = ((own_generator("RandomOrder", generator), len(self.transforms)),)

    def one(self, image: Any, numbers: Numbers) -> Any:
        """Transform one image, given its random numbers."""
        members = list(shares(self.transforms, numbers[1:]))
        for place in np.argsort(numbers[0][0], kind="stable"):
            transform, part = members[place]
            image = apply_one(transform, image, part)
        return image

    def many(self, images: Any, numbers: Numbers) -> Any:
        """Transform stacked images, given their random numbers."""
        members = list(shares(self.transforms, numbers[1:]))

        def apply(choice: int, rows: np.ndarray, part: np.ndarray) -> Any:
            transform, taken = members[choice]
            return apply_many(transform, part, [block[rows] for block in taken])

        for choices in np.argsort(numbers[0], axis=1, kind="stable").T:
            images = by_choice("RandomOrder", images, choices, apply)
        return images

    def __repr__(self) -> str:
        return f"RandomOrder({self.transforms})"


def _proportions(p: Any, count: int) -> tuple[float, ...]:
    if p is None:
        return (1.0,) * count
    if not isinstance(p, Sequence | np.ndarray) or isinstance(p, str):
        raise DTypeError(f"RandomChoice: p must be a sequence of numbers, got {p!r}")
    values = tuple(number("RandomChoice", "p", value, least=0) for value in p)
    if len(values) != count or not sum(values):
        raise ShapeError(f"RandomChoice: p must have one number for each of the {count} transforms, not all zero, got "
                         f"{p!r}")
    return values
