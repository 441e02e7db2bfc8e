"""The loader: a dataset, batch by batch."""
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from numbacnn.data.collate import to_tensors
from numbacnn.data.dataset import read_batch, samples_of
from numbacnn.data.seeding import Seed, current, own_generator
from numbacnn.errors import DTypeError, ShapeError


class DataLoader:
    """Batches of a dataset, as tensors; each `for` over the loader is one epoch.

    Parameters
    ----------
    dataset : Dataset
        Anything that has a length and an index.
    batch_size : int
        Samples per batch; the last batch of an epoch may hold fewer.
    shuffle : bool
        Draw a new order in every epoch.
    drop_last : bool
        Leave out a last batch that is not full.
    generator : numpy.random.Generator or int, optional
        Generator of the order, or its seed; by default the one that `numbacnn.manual_seed` seeds.
    collate_fn : callable, optional
        Makes a batch of a list of samples; by default `default_collate`.
    num_workers : int
        Zero: batches are read by the calling thread, when they are asked for.

    Notes
    -----
    Datasets that define `read_batch` (`TensorDataset`, `datasets.MNIST`, `datasets.Digits`, subsets of them) are read
    a batch at a time, unless `collate_fn` asks for single samples. The values are the same either way.

    Examples
    --------
    >>> from numbacnn.data import TensorDataset
    >>> dataset = TensorDataset(np.arange(5, dtype=np.float32))
    >>> for (x,) in DataLoader(dataset, batch_size=2):
    ...     print(x.numpy())
    [0. 1.]
    [2. 3.]
    [4.]
    >>> len(DataLoader(dataset, batch_size=2, drop_last=True))
    2
    """

    def __init__(self, dataset: Any, batch_size: int = 1, shuffle: bool = False, *, drop_last: bool = False,
                 generator: Seed = None, collate_fn: Callable[[list[Any]], Any] | None = None,
                 num_workers: int = 0) -> None:
        if not isinstance(batch_size, int | np.integer) or isinstance(batch_size, bool):
            raise DTypeError(f"DataLoader: batch_size must be an integer, got {batch_size!r}")
        if batch_size < 1:
            raise ShapeError(f"DataLoader: batch_size must be at least 1, got {batch_size}")
        if num_workers != 0:
            raise ValueError(f"DataLoader: num_workers must be 0, got {num_workers!r}: batches are read in this "
                             "process, which is fast for datasets that define read_batch")
        if not hasattr(dataset, "__getitem__") or not hasattr(dataset, "__len__"):
            raise DTypeError("DataLoader: dataset must define __getitem__ and __len__, got "
                             f"{type(dataset).__name__}; streams of samples are not supported")
        self.dataset = dataset
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.generator = own_generator(generator, "DataLoader")
        self.collate_fn = collate_fn
        self.num_workers = 0

    def __len__(self) -> int:
        full, rest = divmod(len(self.dataset), self.batch_size)
        return full if self.drop_last or not rest else full + 1

    def __iter__(self) -> Iterator[Any]:
        total = len(self.dataset)
        # Drawn here, not at the first batch: the order of the `iter` calls decides who draws first.
        order = current(self.generator).permutation(total) if self.shuffle else np.arange(total)
        return self._batches(order, len(self))

    def _batches(self, order: np.ndarray, count: int) -> Iterator[Any]:
        for i in range(count):
            indices = order[i * self.batch_size:(i + 1) * self.batch_size]
            if self.collate_fn is None:
                yield to_tensors(read_batch(self.dataset, indices))
            else:
                yield self.collate_fn(samples_of(self.dataset, indices))

    def __repr__(self) -> str:
        return (f"DataLoader({self.dataset!r}, batch_size={self.batch_size}, shuffle={self.shuffle}, "
                f"drop_last={self.drop_last})")
