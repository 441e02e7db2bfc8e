"""Labelled images in memory: what Digits and MNIST are."""
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from numbacnn.data import Dataset
from numbacnn.data.dataset import as_indices
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.transforms.compose import batch_form


class ImageDataset(Dataset[tuple[Any, Any]]):
    """Images and their labels, held as arrays.

    Parameters
    ----------
    data : ndarray, shape (N, H, W) or (N, H, W, C)
        Images, usually uint8.
    targets : array of int, shape (N,)
        Labels.
    transform : callable, optional
        Applied to each image when it is read, as in `transforms`.
    target_transform : callable, optional
        Applied to each label when it is read.
    classes : sequence of str, optional
        Name of each label.

    Attributes
    ----------
    data : ndarray
        The images, as given.
    targets : ndarray, shape (N,), int64
        The labels.
    classes : list of str
        Name of each label.
    class_to_idx : dict of str to int
        Label of each name.

    Notes
    -----
    A sample is (image, label), with the label a Python integer. Where both transforms have a `batch`, batches are
    read without a Python loop over their images, and hold the same values.

    Examples
    --------
    >>> from numbacnn.transforms import ToTensor
    >>> dataset = ImageDataset(np.zeros((100, 8, 8), np.uint8), np.arange(100) % 10, transform=ToTensor())
    >>> image, label = dataset[42]
    >>> image.shape, label
    ((1, 8, 8), 2)
    """

    def __init__(self, data: np.ndarray, targets: Any, transform: Callable[[Any], Any] | None = None,
                 target_transform: Callable[[Any], Any] | None = None, classes: Sequence[str] | None = None) -> None:
        name = type(self).__name__
        targets = np.asarray(targets)
        if targets.dtype.kind not in "iu":
            raise DTypeError(f"{name}: targets must be integers, got {targets.dtype}")
        if data.ndim < 3 or targets.shape != data.shape[:1]:
            raise ShapeError(f"{name}: data must be (N, H, W) or (N, H, W, C) and targets (N,), "
                             f"got data{data.shape}, targets{targets.shape}")
        self.data = data
        self.targets = targets.astype(np.int64)
        self.transform = transform
        self.target_transform = target_transform
        self.classes = list(classes) if classes is not None else []
        self.class_to_idx = {label: i for i, label in enumerate(self.classes)}

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image, label = self.data[index].copy(), int(self.targets[index])      # a transform may work in place
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            label = self.target_transform(label)
        return image, label

    def __len__(self) -> int:
        return len(self.data)

    def read_batch(self, indices: Sequence[int] | np.ndarray) -> Any:
        """Return many samples, stacked.

        Parameters
        ----------
        indices : sequence of int, or int array of shape (N,)
            Which samples.

        Returns
        -------
        tuple of ndarray
            Images and labels.
        """
        transform, target_transform = batch_form(self.transform), batch_form(self.target_transform)
        if transform is None or target_transform is None or len(indices) == 0:
            return super().read_batch(indices)
        indices = as_indices(indices)
        return transform(self.data[indices]), target_transform(self.targets[indices])

    def __repr__(self) -> str:
        size = "x".join(str(n) for n in self.data.shape[1:])
        return f"{type(self).__name__}({len(self)} images of {size}, transform={self.transform!r})"
