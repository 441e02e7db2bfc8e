"""Samplers: in which order samples are read, and which together."""
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, TypeVar

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.data.arguments import sized
from numbacnn.data.seeding import current
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.options import flag, whole
from numbacnn.random import Seed, own_generator

T_co = TypeVar("T_co", covariant=True)


class Sampler(Generic[T_co]):
    """The indices of an epoch, in order.

    A subclass defines `__iter__`, which gives the indices, and `__len__`, if their number is known. Anything else that
    can be iterated again and again, such as a list, is a sampler, too.

    Notes
    -----
    The samplers of this package draw the order of an epoch when it begins, in the calling thread.

    Examples
    --------
    >>> class Backwards(Sampler):
    ...     def __init__(self, dataset):
    ...         self.dataset = dataset
    ...     def __iter__(self):
    ...         return iter(range(len(self.dataset) - 1, -1, -1))
    ...     def __len__(self):
    ...         return len(self.dataset)
    >>> list(Backwards("abc"))
    [2, 1, 0]
    """

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__()")


class SequentialSampler(Sampler[int]):
    """All samples, in order.

    Parameters
    ----------
    data_source : Dataset
        Whose length counts.

    Examples
    --------
    >>> list(SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Any) -> None:
        sized("SequentialSampler", "data_source", data_source)
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """Samples in a new random order in each epoch.

    Parameters
    ----------
    data_source : Dataset
        Whose length counts.
    replacement : bool
        Draw each sample from all, so that some come twice and others not at all.
    num_samples : int, optional
        How many to draw; by default as many as there are. Without replacement, every sample comes once before one
        comes again.
    generator : Generator, numpy.random.Generator or int, optional
        Generator, or its seed; by default the one that `numbacnn.manual_seed` seeds.

    Examples
    --------
    >>> sorted(RandomSampler("abc", num_samples=6, generator=0))
    [0, 0, 1, 1, 2, 2]
    """

    def __init__(self, data_source: Any, replacement: bool = False, num_samples: int | None = None,
                 generator: Seed = None) -> None:
        sized("RandomSampler", "data_source", data_source)
        self.data_source = data_source
        self.replacement = flag("RandomSampler", "replacement", replacement)
        self._num_samples = None if num_samples is None else whole("RandomSampler", "num_samples", num_samples, 1)
        self.generator = own_generator("RandomSampler", generator)

    @property
    def num_samples(self) -> int:
        """How many samples an epoch has; it follows a dataset that grows."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        total, wanted, generator = len(self.data_source), self.num_samples, current(self.generator)
        if total == 0 and wanted > 0:
            raise ShapeError(f"RandomSampler: {wanted} samples cannot be drawn from an empty dataset")
        if self.replacement:
            return iter(generator.integers(total, size=wanted).tolist() if wanted else [])
        rounds = [generator.permutation(total) for _ in range(-(-wanted // max(total, 1)))]
        return iter(np.concatenate(rounds)[:wanted].tolist() if rounds else [])

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """Some samples, in a new random order in each epoch.

    Parameters
    ----------
    indices : sequence of int
        Which samples.
    generator : Generator, numpy.random.Generator or int, optional
        Generator, or its seed; by default the one that `numbacnn.manual_seed` seeds.

    Examples
    --------
    >>> sorted(SubsetRandomSampler([4, 2, 8], generator=0))
    [2, 4, 8]
    """

    def __init__(self, indices: Sequence[int] | np.ndarray, generator: Seed = None) -> None:
        try:
            array = np.asarray(list(indices) if isinstance(indices, Iterable) else indices)
        except (ValueError, TypeError):                  # of unequal lengths
            raise DTypeError("SubsetRandomSampler: indices must be a sequence of integers, got "
                             f"{indices!s:.80}") from None
        if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
            raise DTypeError(f"SubsetRandomSampler: indices must be a sequence of integers, got {array.dtype} of shape "
                             f"{array.shape}")
        self.indices = array.astype(np.intp)
        self.generator = own_generator("SubsetRandomSampler", generator)

    def __iter__(self) -> Iterator[int]:
        return iter(current(self.generator).permutation(self.indices).tolist())

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Samples that are drawn with given weights: what is rare may come as often as what is common.

    Parameters
    ----------
    weights : sequence of float, shape (N,)
        Weight of each sample, not negative; they need not add up to one.
    num_samples : int
        How many to draw in an epoch.
    replacement : bool
        Whether a sample may come more than once.
    generator : Generator, numpy.random.Generator or int, optional
        Generator, or its seed; by default the one that `numbacnn.manual_seed` seeds.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    >>> sampler = WeightedRandomSampler(1 / np.bincount(labels)[labels], num_samples=1000, generator=0)
    >>> int(sum(labels[i] for i in sampler))
    527
    """

    def __init__(self, weights: Any, num_samples: int, replacement: bool = True, generator: Seed = None) -> None:
        op = "WeightedRandomSampler"
        array = np.asarray(weights.numpy() if isinstance(weights, Tensor) else weights)
        if array.dtype.kind not in "iuf" or array.ndim != 1:
            raise DTypeError(f"{op}: weights must be a sequence of numbers, got {array.dtype} of shape {array.shape}")
        self.weights = array.astype(np.float64)
        for i in np.flatnonzero(~(np.isfinite(self.weights) & (self.weights >= 0)))[:1]:
            raise ShapeError(f"{op}: weights must be finite and not negative, got {self.weights[i]} for sample {i}")
        if not self.weights.any():
            raise ShapeError(f"{op}: at least one weight must be above zero, got {len(self.weights)} weights of zero")
        self.num_samples = whole(op, "num_samples", num_samples, 1)
        self.replacement = flag(op, "replacement", replacement)
        possible = np.count_nonzero(self.weights)
        if not self.replacement and possible < self.num_samples:
            raise ShapeError(f"{op}: without replacement num_samples must be at most the {possible} samples whose "
                             f"weight is above zero, got {num_samples}")
        self.generator = own_generator(op, generator)

    def __iter__(self) -> Iterator[int]:
        weights = self.weights / self.weights.max()      # so that the sum is finite
        weights /= weights.sum()
        drawn = current(self.generator).choice(len(weights), self.num_samples, self.replacement, weights)
        return iter(drawn.tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """The indices of another sampler, a batch at a time.

    Parameters
    ----------
    sampler : Sampler or iterable of int
        Which samples, and in which order.
    batch_size : int
        Samples per batch.
    drop_last : bool
        Leave out a last batch that is not full.

    Examples
    --------
    >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Any, batch_size: int, drop_last: bool) -> None:
        if not isinstance(sampler, Iterable):
            raise DTypeError(f"BatchSampler: sampler must be iterable, got {type(sampler).__name__}")
        self.sampler = sampler
        self.batch_size = whole("BatchSampler", "batch_size", batch_size, 1)
        self.drop_last = flag("BatchSampler", "drop_last", drop_last)

    def __iter__(self) -> Iterator[list[int]]:
        return self._batches(iter(self.sampler))         # asked for here: the order is drawn now

    def _batches(self, indices: Iterator[int]) -> Iterator[list[int]]:
        while batch := list(islice(indices, self.batch_size)):
            if self.drop_last and len(batch) < self.batch_size:
                return
            yield batch

    def __len__(self) -> int:
        full, rest = divmod(sized("BatchSampler", "sampler", self.sampler), self.batch_size)
        return full + (rest > 0 and not self.drop_last)
