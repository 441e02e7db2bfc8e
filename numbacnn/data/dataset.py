"""Datasets: samples that are read by their index, one by one or a batch at a time."""
from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.data.arguments import sized
from numbacnn.data.collate import stack
from numbacnn.data.seeding import current
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.random import Seed, own_generator

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """Samples that are read by their index.

    A subclass defines `__getitem__` and `__len__`. One that can read many samples faster than one by one also defines
    `read_batch`; everything else that has a length and an index, such as a list, is a dataset, too.

    Examples
    --------
    >>> class Squares(Dataset):
    ...     def __getitem__(self, index):
    ...         return float(index), index**2
    ...     def __len__(self):
    ...         return 10
    >>> Squares()[3]
    (3.0, 9)
    >>> Squares().read_batch([1, 2, 3])
    (array([1., 2., 3.], dtype=float32), array([1, 4, 9]))
    """

    def __getitem__(self, index: int) -> T_co:
        """Return one sample."""
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(index)")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__()")

    def read_batch(self, indices: Sequence[int] | np.ndarray) -> Any:
        """Return many samples, stacked.

        Parameters
        ----------
        indices : sequence of int, or int array of shape (N,)
            Which samples.

        Returns
        -------
        ndarray, shape (N, ...), or a tuple, list or dict of such
            What `default_collate` makes of the samples, as arrays.
        """
        return stack(samples_of(self, indices))

    def __add__(self, other: Any) -> Any:
        from numbacnn.data.combined import ConcatDataset  # which is a dataset itself

        return ConcatDataset([self, other])

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__getitem__" in vars(cls) and "read_batch" not in vars(cls):
            # An inherited read_batch knows nothing of the new samples: reading batches must not bypass them.
            cls.read_batch = Dataset.read_batch          # type: ignore[method-assign]


class TensorDataset(Dataset[tuple[Any, ...]]):
    """Arrays or tensors of equal length; sample i holds element i of each.

    Parameters
    ----------
    *tensors : Tensor or ndarray, shape (N, ...)
        Arrays are not copied. Tensors are read once; what happens to them later is not seen.

    Notes
    -----
    Unlike in PyTorch, a sample is a tuple of NumPy arrays. The loader makes tensors, once per batch.

    Examples
    --------
    >>> dataset = TensorDataset(np.arange(6.0).reshape(3, 2), np.array([0, 1, 0]))
    >>> dataset[1]
    (array([2., 3.]), np.int64(1))
    >>> len(dataset)
    3
    """

    def __init__(self, *tensors: Tensor | np.ndarray) -> None:
        self.arrays = [tensor.numpy() if isinstance(tensor, Tensor) else tensor for tensor in tensors]
        if not self.arrays:
            raise ShapeError("TensorDataset: there must be at least one tensor, got none")
        for array in self.arrays:
            if not isinstance(array, np.ndarray):
                raise DTypeError(f"TensorDataset: takes tensors and NumPy arrays, got {type(array).__name__}")
        if any(array.ndim == 0 for array in self.arrays) or len({len(array) for array in self.arrays}) > 1:
            shapes = ", ".join(str(array.shape) for array in self.arrays)
            raise ShapeError(f"TensorDataset: all tensors must have the same number of elements, got shapes {shapes}")

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        return tuple([array[index] for array in self.arrays])

    def __len__(self) -> int:
        return len(self.arrays[0])

    def read_batch(self, indices: Sequence[int] | np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the chosen elements of each array.

        Parameters
        ----------
        indices : sequence of int, or int array of shape (N,)
            Which samples.
        """
        return tuple([array[as_indices(indices)] for array in self.arrays])


class Subset(Dataset[T_co]):
    """Some samples of a dataset, in any order.

    Parameters
    ----------
    dataset : Dataset
        Where the samples are read from.
    indices : sequence of int
        Which samples, as `dataset` counts them. Negative ones count from its end.

    Examples
    --------
    >>> Subset("abcdef", [5, 0])[0]
    'f'
    """

    def __init__(self, dataset: Any, indices: Iterable[int] | np.ndarray) -> None:
        self.dataset = dataset
        self.indices = _checked(indices, sized("Subset", "dataset", dataset))

    def __getitem__(self, index: int) -> T_co:
        sample: T_co = self.dataset[int(self.indices[index])]
        return sample

    def __getitems__(self, indices: Sequence[int]) -> list[T_co]:
        return samples_of(self.dataset, self.indices[indices])

    def __len__(self) -> int:
        return len(self.indices)

    def read_batch(self, indices: Sequence[int] | np.ndarray) -> Any:
        """Return many samples, stacked, as the dataset itself does.

        Parameters
        ----------
        indices : sequence of int, or int array of shape (N,)
            Which samples of the subset.
        """
        return read_batch(self.dataset, self.indices[as_indices(indices)])

    def __repr__(self) -> str:
        return f"Subset({self.dataset!r}, {len(self)} samples)"


def random_split(dataset: Any, lengths: Sequence[int | float], generator: Seed = None) -> list[Subset[Any]]:
    """Split a dataset at random into subsets that do not overlap.

    Parameters
    ----------
    dataset : Dataset
        What is split.
    lengths : sequence of int, or of float
        How many samples each subset gets, or which fraction: fractions are rounded down, and what is left over goes
        to the first subsets, one sample each.
    generator : Generator, numpy.random.Generator or int, optional
        Generator, or its seed; by default the one that `numbacnn.manual_seed` seeds.

    Returns
    -------
    list of Subset
        One per length, in order.

    Raises
    ------
    ShapeError
        If the lengths do not add up to the dataset's, or the fractions to one.

    Examples
    --------
    >>> train, test = random_split(range(10), [0.75, 0.25], generator=0)
    >>> len(train), len(test)
    (8, 2)
    >>> sorted([*train, *test])
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    total = sized("random_split", "dataset", dataset)
    counts = _counts(lengths, total)
    order = current(own_generator("random_split", generator)).permutation(total)
    ends = np.cumsum(counts)
    return [Subset(dataset, order[end - count:end]) for count, end in zip(counts, ends, strict=True)]


def read_batch(dataset: Any, indices: Sequence[int] | np.ndarray) -> Any:
    """Many samples of anything that has a length and an index, stacked as arrays."""
    if isinstance(dataset, Dataset):
        return dataset.read_batch(indices)
    return stack(samples_of(dataset, indices))


def as_indices(indices: Any) -> np.ndarray:
    """Indices as an array; what is no whole number is not rounded to one."""
    array = np.asarray(indices)
    if array.size and (array.dtype.kind not in "iu" or array.ndim != 1):
        raise DTypeError(f"read_batch: indices must be a sequence of integers, got {array.dtype} of shape "
                         f"{array.shape}")
    return array.astype(np.intp)


def samples_of(dataset: Any, indices: Sequence[int] | np.ndarray) -> list[Any]:
    """Samples, one by one unless the dataset has PyTorch's `__getitems__`, which gives the list."""
    if isinstance(indices, np.ndarray):
        indices = indices.tolist()
    if hasattr(dataset, "__getitems__"):
        return list(dataset.__getitems__(indices))
    samples = []
    for index in indices:
        try:
            samples.append(dataset[index])
        except Exception as error:
            error.add_note(f"raised by sample {index} of {type(dataset).__name__}")
            raise
    return samples


def _counts(lengths: Sequence[int | float], total: int) -> list[int]:
    if not isinstance(lengths, Iterable) or isinstance(lengths, str):
        raise DTypeError(f"random_split: lengths must be a sequence of numbers, got {lengths!r}")
    lengths = list(lengths)
    if any(not isinstance(length, int | float | np.integer | np.floating) or isinstance(length, bool)
           for length in lengths):
        raise DTypeError(f"random_split: lengths must be integers or fractions, got {lengths}")
    if not all(np.isfinite(lengths)):
        raise ShapeError(f"random_split: lengths must be finite, got {lengths}")
    if any(length < 0 for length in lengths):
        raise ShapeError(f"random_split: lengths must not be negative, got {list(lengths)}")
    if any(isinstance(length, float | np.floating) for length in lengths):
        if abs(sum(lengths) - 1) > 1e-9:
            raise ShapeError(f"random_split: fractions must add up to 1, got {list(lengths)}")
        counts = [int(total * length) for length in lengths]
        for i in range(total - sum(counts)):
            counts[i % len(counts)] += 1
        return counts
    if sum(lengths) != total:
        raise ShapeError(f"random_split: lengths must add up to the {total} samples of the dataset, "
                         f"got {list(lengths)} = {sum(lengths)}")
    return [int(length) for length in lengths]


def _checked(indices: Iterable[int] | np.ndarray, total: int) -> np.ndarray:
    if not isinstance(indices, Iterable):
        raise DTypeError(f"Subset: indices must be a sequence of integers, got {indices!r}")
    array = np.asarray(indices if isinstance(indices, np.ndarray) else list(indices))
    if array.size == 0:
        return np.zeros(0, np.intp)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise DTypeError(f"Subset: indices must be a sequence of integers, got {array.dtype} of shape {array.shape}; "
                         "for a mask use numpy.flatnonzero(mask)")
    if array.min() < -total or array.max() >= total:
        raise IndexError(f"Subset: indices must be within the {total} samples of the dataset, got "
                         f"{array.min()} to {array.max()}")
    return array.astype(np.intp)
