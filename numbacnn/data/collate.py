"""How samples become a batch: stacked as arrays first, made tensors last."""
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError, ShapeError


def default_collate(samples: Sequence[Any]) -> Any:
    """Join samples into one batch of tensors.

    Parameters
    ----------
    samples : sequence of samples
        Each an array, a tensor, a number, a string, or a tuple, list or mapping of samples. All must be alike.

    Returns
    -------
    Tensor, shape (N, ...), or a tuple, list or dict of batches
        Python integers become int64, Python floats float32. Arrays, NumPy scalars and tensors keep their dtype.
        Strings stay a list.

    Raises
    ------
    ShapeError
        If samples differ in shape, or in how many fields they have.
    DTypeError
        If samples differ in dtype, or are of a type that no tensor holds.

    Notes
    -----
    As in PyTorch, but Python floats become float32, the dtype of the weights, and a tuple stays a tuple.

    Examples
    --------
    >>> images, labels = default_collate([(np.zeros((1, 8, 8), np.float32), 3), (np.ones((1, 8, 8), np.float32), 5)])
    >>> images.shape
    (2, 1, 8, 8)
    >>> labels
    tensor([3, 5])
    """
    return default_convert(stack(samples))


def stack(samples: Sequence[Any]) -> Any:
    """The batch of `default_collate` as NumPy arrays."""
    if not isinstance(samples, Sequence | np.ndarray) or isinstance(samples, str):
        raise DTypeError(f"default_collate: samples must be a list of samples, got {_name(samples)}")
    if len(samples) == 0:
        raise ShapeError("default_collate: there must be at least one sample, got none")
    first = samples[0]
    if isinstance(first, str | bytes):
        return list(samples)
    if isinstance(first, Tensor | np.ndarray | np.generic):
        return _stack_arrays(samples)
    if isinstance(first, int | float):
        return _stack_numbers(samples)
    if isinstance(first, Mapping):
        _check_fields(samples)
        return {key: stack([sample[key] for sample in samples]) for key in first}
    if isinstance(first, tuple | list):
        _check_fields(samples)
        return _like(first, [stack(column) for column in zip(*samples, strict=True)])
    raise DTypeError(f"default_collate: a sample must be made of arrays, tensors, numbers, strings, tuples, lists or "
                     f"dicts, got {_name(first)}; {_remedy(first)}")


def default_convert(data: Any) -> Any:
    """Make a tensor of every array in a sample, or in a batch.

    Parameters
    ----------
    data : array, NumPy number, or a tuple, list or mapping of such
        Anything else, such as numbers, strings and tensors, is left as it is, and so are arrays of text or objects.

    Returns
    -------
    Tensor, or a tuple, list or dict of tensors
        Of the shapes and dtypes of the arrays.

    Notes
    -----
    What a `DataLoader` with ``batch_size=None`` does to each sample.

    Examples
    --------
    >>> default_convert({"x": np.array([1.0, 2.0], np.float32), "name": "a"})
    {'x': tensor([1., 2.]), 'name': 'a'}
    """
    if isinstance(data, np.ndarray | np.generic):
        return data if data.dtype.kind in "SUO" else Tensor(data)
    if isinstance(data, Mapping):
        return {key: default_convert(value) for key, value in data.items()}
    if isinstance(data, tuple | list):
        return _like(data, [default_convert(value) for value in data])
    return data


def _stack_arrays(samples: Sequence[Any]) -> np.ndarray:
    arrays = [sample.numpy() if isinstance(sample, Tensor) else sample for sample in samples]
    shape, dtype = arrays[0].shape, arrays[0].dtype
    for i, array in enumerate(arrays):
        if not isinstance(array, np.ndarray | np.generic):
            raise DTypeError(f"default_collate: samples must be alike, sample 0 is an array, sample {i} is "
                             f"{_name(array)}")
        if array.shape != shape:
            raise ShapeError(f"default_collate: samples must have one shape, sample 0 has {shape}, sample {i} has "
                             f"{array.shape}; make them equal in the dataset, or pass collate_fn")
        if array.dtype != dtype:
            raise DTypeError(f"default_collate: samples must have one dtype, sample 0 is {dtype}, sample {i} is "
                             f"{array.dtype}")
    return np.stack(arrays)


def _stack_numbers(samples: Sequence[Any]) -> np.ndarray:
    kinds = {type(sample) for sample in samples}
    for kind in kinds:
        if not issubclass(kind, int | float | np.number):
            raise DTypeError(f"default_collate: samples must be alike, sample 0 is {_name(samples[0])}, another is "
                             f"{kind.__name__}")
    if kinds == {bool}:
        return np.array(samples, np.bool_)
    integral = all(issubclass(kind, int | np.integer) for kind in kinds)
    return np.array(samples, np.int64 if integral else np.float32)


def _check_fields(samples: Sequence[Any]) -> None:
    """Samples of several fields must all be of one type and have the same ones."""
    first = samples[0]
    for i, sample in enumerate(samples):
        if type(sample) is not type(first):
            raise DTypeError(f"default_collate: samples must be alike, sample 0 is {_name(first)}, sample {i} is "
                             f"{_name(sample)}")
        if _fields(sample) != _fields(first):
            raise ShapeError(f"default_collate: samples must have the same fields, sample 0 has {_fields(first)}, "
                             f"sample {i} has {_fields(sample)}")


def _fields(sample: Any) -> Any:
    return set(sample) if isinstance(sample, Mapping) else len(sample)


def _like(sequence: Any, values: list[Any]) -> Any:
    """A list, tuple or named tuple of `values`, as `sequence` is one."""
    if isinstance(sequence, tuple):
        return type(sequence)(*values) if hasattr(sequence, "_fields") else tuple(values)
    return values


def _name(value: Any) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _remedy(sample: Any) -> str:
    if hasattr(sample, "__array_interface__"):           # a PIL image
        return "put ToTensor() into the dataset's transform"
    return "convert it in the dataset, or pass collate_fn"
