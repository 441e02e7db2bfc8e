"""Metrics that are added up over batches: nothing is kept but counts."""
from typing import Any

import numpy as np

from numbacnn.errors import ShapeError
from numbacnn.metrics.averages import Score, averaged, check_options
from numbacnn.metrics.classification import accuracy, counts, top_k_hits
from numbacnn.metrics.inputs import as_labels, as_targets
from numbacnn.options import whole

AVERAGES = ("micro", "macro", "weighted", None)


class Accuracy:
    """The fraction of right predictions over several batches.

    Parameters
    ----------
    k : int
        A prediction is right if the right label is among the `k` largest scores.

    Examples
    --------
    >>> correct = Accuracy()
    >>> correct.update([0, 1, 1], [0, 1, 0])
    >>> correct.update([1], [1])
    >>> correct.compute()
    0.75
    """

    def __init__(self, k: int = 1) -> None:
        self.k = whole("Accuracy", "k", k, 1)
        self.hits = self.total = 0

    def update(self, predictions: Any, targets: Any) -> None:
        """Add a batch.

        Parameters
        ----------
        predictions : Tensor or array, shape (N, C, ...) of scores, or (N, ...) of labels if `k` is 1
            As for `accuracy` and `top_k_accuracy`.
        targets : Tensor or array of int, shape (N, ...)
            Right labels.
        """
        right = as_targets("Accuracy", targets)
        self.hits += int(accuracy(predictions, right, normalize=False)) if self.k == 1 \
            else top_k_hits("Accuracy", predictions, right, self.k)
        self.total += right.size

    def compute(self) -> float:
        """Return the fraction, 0 to 1, of all that was added."""
        if not self.total:
            raise ShapeError("Accuracy: compute() needs at least one update(), got none")
        return self.hits / self.total

    def reset(self) -> None:
        """Forget everything."""
        self.hits = self.total = 0

    def __repr__(self) -> str:
        return f"Accuracy(k={self.k}, {self.hits} of {self.total})"


class ConfusionMatrix:
    """What is taken for what over several batches, and the scores that follow from it.

    Parameters
    ----------
    num_classes : int
        Labels are 0 to num_classes - 1.

    Attributes
    ----------
    matrix : ndarray, shape (num_classes, num_classes), int64
        Row: the right label; column: the predicted one.

    Notes
    -----
    Scores are those of the functions with ``labels=range(num_classes)``: all classes count, whether they occur or not.

    Examples
    --------
    >>> confusion = ConfusionMatrix(3)
    >>> confusion.update([0, 1, 1, 2], [0, 0, 1, 2])
    >>> confusion.matrix
    array([[1, 1, 0],
           [0, 1, 0],
           [0, 0, 1]])
    >>> confusion.recall(average=None)
    array([0.5, 1. , 1. ])
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = whole("ConfusionMatrix", "num_classes", num_classes, 1)
        self.matrix = np.zeros((self.num_classes, self.num_classes), np.int64)

    def update(self, predictions: Any, targets: Any) -> None:
        """Add a batch.

        Parameters
        ----------
        predictions : Tensor or array, shape (N, num_classes, ...) of scores, or (N, ...) of labels
            As for `confusion_matrix`.
        targets : Tensor or array of int, shape (N, ...)
            Right labels.
        """
        predicted, right, classes = as_labels("ConfusionMatrix", predictions, targets)
        if classes not in (None, self.num_classes):
            raise ShapeError(f"ConfusionMatrix: scores must be of {self.num_classes} classes, got {classes}")
        for name, labels in (("predictions", predicted), ("targets", right)):
            if labels.min() < 0 or labels.max() >= self.num_classes:
                raise ShapeError(f"ConfusionMatrix: {name} must be 0 to {self.num_classes - 1}, got {labels.min()} to "
                                 f"{labels.max()}")
        self.matrix = self.matrix + counts(predicted, right, np.arange(self.num_classes))

    def accuracy(self) -> float:
        """Return the fraction of right predictions."""
        return float(np.trace(self._filled())) / float(self.matrix.sum())

    def precision(self, average: str | None = "macro", zero_division: float = 0.0) -> Score:
        """Return how many of the samples taken for a class belong to it. Parameters are those of `precision`."""
        return self._score("precision", average, zero_division)

    def recall(self, average: str | None = "macro", zero_division: float = 0.0) -> Score:
        """Return how many of the samples of a class are found. Parameters are those of `precision`."""
        return self._score("recall", average, zero_division)

    def f1_score(self, average: str | None = "macro", zero_division: float = 0.0) -> Score:
        """Return the harmonic mean of precision and recall. Parameters are those of `precision`."""
        return self._score("f1_score", average, zero_division)

    def reset(self) -> None:
        """Forget everything."""
        self.matrix = np.zeros((self.num_classes, self.num_classes), np.int64)

    def __repr__(self) -> str:
        return f"ConfusionMatrix({self.num_classes} classes, {self.matrix.sum()} samples)"

    def _score(self, op: str, average: str | None, zero_division: float) -> Score:
        check_options(op, average, zero_division, AVERAGES)
        matrix = self._filled()
        return averaged(op, np.diagonal(matrix), matrix.sum(axis=0), matrix.sum(axis=1), average, zero_division)

    def _filled(self) -> np.ndarray:
        if not self.matrix.any():
            raise ShapeError("ConfusionMatrix: scores need at least one update(), got none")
        return self.matrix
