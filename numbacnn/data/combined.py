"""Datasets one behind the other, and streams: datasets without an index."""
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import numpy as np

from numbacnn.data.arguments import sized
from numbacnn.data.dataset import Dataset
from numbacnn.errors import DTypeError, ShapeError

T_co = TypeVar("T_co", covariant=True)


def _listed(op: str, datasets: Any) -> list[Any]:
    if not isinstance(datasets, Iterable):
        raise DTypeError(f"{op}: datasets must be an iterable of datasets, got {datasets!r}")
    return list(datasets)


class ConcatDataset(Dataset[T_co]):
    """Datasets one behind the other.

    Parameters
    ----------
    datasets : iterable of Dataset
        At least one.

    Examples
    --------
    >>> both = ConcatDataset(["ab", "cde"])
    >>> len(both), both[2], both[-1]
    (5, 'c', 'e')
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = _listed("ConcatDataset", datasets)
        if not self.datasets:
            raise ShapeError("ConcatDataset: there must be at least one dataset, got none")
        for i, dataset in enumerate(self.datasets):
            if isinstance(dataset, IterableDataset):
                raise DTypeError(f"ConcatDataset: every dataset must have an index, dataset {i} is a stream, "
                                 f"{type(dataset).__name__}; use ChainDataset")
            sized("ConcatDataset", f"dataset {i}", dataset)
        self.cumulative_sizes = np.cumsum([len(dataset) for dataset in self.datasets]).tolist()

    def __getitem__(self, index: int) -> T_co:
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"ConcatDataset: index must be within the {len(self)} samples, got {index}")
        which = bisect_right(self.cumulative_sizes, place)
        sample: T_co = self.datasets[which][place - (self.cumulative_sizes[which - 1] if which else 0)]
        return sample

    def __len__(self) -> int:
        return int(self.cumulative_sizes[-1])

    def __repr__(self) -> str:
        return f"ConcatDataset({self.datasets!r})"


class IterableDataset(Dataset[T_co]):
    """Samples that come one after the other, such as lines of a file or messages of a network.

    A subclass defines `__iter__`. A loader takes its batches in the order in which samples come; it cannot shuffle.

    Notes
    -----
    A stream has one order, so a loader reads it with one worker at most (``num_workers=1``).

    Examples
    --------
    >>> class Lines(IterableDataset):
    ...     def __iter__(self):
    ...         yield from (len(line) for line in ("one", "three", "eleven"))
    >>> from numbacnn.data import DataLoader
    >>> [batch.tolist() for batch in DataLoader(Lines(), batch_size=2)]
    [[3, 5], [6]]
    """

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__()")

    def __getitem__(self, index: int) -> T_co:
        raise DTypeError(f"{type(self).__name__}: a stream has no index, got [{index!r}]; iterate over it")

    def __len__(self) -> int:
        raise TypeError(f"{type(self).__name__}: a stream has no length unless it defines __len__()")

    def __add__(self, other: Any) -> "ChainDataset":
        return ChainDataset([self, other])


class ChainDataset(IterableDataset[Any]):
    """Streams one behind the other.

    Parameters
    ----------
    datasets : iterable of IterableDataset
        Each is begun when the one before has ended.

    Examples
    --------
    >>> class Count(IterableDataset):
    ...     def __init__(self, n):
    ...         self.n = n
    ...     def __iter__(self):
    ...         return iter(range(self.n))
    >>> list(ChainDataset([Count(2), Count(3)]))
    [0, 1, 0, 1, 2]
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = _listed("ChainDataset", datasets)
        for i, dataset in enumerate(self.datasets):
            if not isinstance(dataset, IterableDataset):
                raise DTypeError(f"ChainDataset: every dataset must be an IterableDataset, dataset {i} is "
                                 f"{type(dataset).__name__}; use ConcatDataset for datasets with an index")

    def __iter__(self) -> Iterator[Any]:
        for dataset in self.datasets:
            yield from dataset

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self.datasets)
