"""Random numbers of transforms: drawn image by image, before anything is computed.

A transform says how many numbers an image takes, and from which generator; what it does is a function of the image and
these numbers. A chain draws the numbers of all its members at once, in the order in which single images would draw
them. So it does not matter how images are cut into batches.
"""
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from numbacnn.data.seeding import current
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.random import Own

Source = tuple[Own, int]                                 # a generator, and how many numbers an image takes from it
Numbers = list[np.ndarray]                               # for each source, shape (N, count), in [0, 1)


def draw(sources: Sequence[Source], images: int) -> Numbers:
    """The numbers of a stack of images."""
    generators = [current(generator) for generator, _ in sources]
    columns: dict[int, int] = {}                         # of each generator, taken so far
    places = []
    for generator, (_, count) in zip(generators, sources, strict=True):
        start = columns.get(id(generator), 0)
        columns[id(generator)] = start + count
        places.append(slice(start, start + count))
    blocks: dict[int, np.ndarray] = {}
    for generator in generators:
        if id(generator) not in blocks:
            blocks[id(generator)] = generator.random((images, columns[id(generator)]))
    return [blocks[id(generator)][:, place] for generator, place in zip(generators, places, strict=True)]


def sources_of(transform: Any) -> list[Source]:
    """What an image takes. Nothing, if the transform knows nothing of this: then it draws for itself."""
    return list(transform.sources) if getattr(transform, "in_chain", False) else []


def shares(transforms: Sequence[Any], numbers: Numbers) -> Iterator[tuple[Any, Numbers]]:
    """Each transform with its part of the numbers."""
    start = 0
    for transform in transforms:
        end = start + len(sources_of(transform))
        yield transform, numbers[start:end]
        start = end


def apply_one(transform: Any, image: Any, numbers: Numbers) -> Any:
    """One image, given the numbers of the transform."""
    return transform.one(image, numbers) if numbers else transform(image)


def apply_many(transform: Any, images: Any, numbers: Numbers) -> Any:
    """Stacked images, given the numbers of the transform."""
    return transform.many(images, numbers) if numbers else transform.batch(images)


def by_choice(op: str, images: np.ndarray, choices: np.ndarray,
              apply: Callable[[int, np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    """Stacked images, each treated as its choice says: apply(choice, rows, images[rows])."""
    y: np.ndarray | None = None
    for choice in np.unique(choices):
        rows = np.flatnonzero(choices == choice)
        part = apply(int(choice), rows, images[rows])
        if y is None:
            y = np.empty((len(images), *part.shape[1:]), part.dtype)
        if part.dtype != y.dtype:
            raise DTypeError(f"{op}: images of a stack must keep one dtype, got {y.dtype} and {part.dtype}")
        if part.shape[1:] != y.shape[1:]:
            raise ShapeError(f"{op}: images of a stack must keep one shape, got {y.shape[1:]} and {part.shape[1:]}; "
                             "let every choice give images of one size")
        y[rows] = part
    return images if y is None else y
