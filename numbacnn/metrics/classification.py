"""How many predictions are right, and what the wrong ones are taken for."""
from collections.abc import Iterable
from typing import Any

import numpy as np

from numbacnn.errors import ShapeError
from numbacnn.metrics.inputs import as_labels, as_scores, as_targets, chosen_labels
from numbacnn.options import choice, flag, whole


def accuracy(predictions: Any, targets: Any, normalize: bool = True) -> float:
    """Compute the fraction of predictions that are right.

    Parameters
    ----------
    predictions : Tensor or array, shape (N, C, ...) of scores, or (N, ...) of labels
        Scores are floating point, such as logits or probabilities: the largest wins, and the first of equal ones.
        Labels are integers.
    targets : Tensor or array of int, shape (N, ...)
        Right labels.
    normalize : bool
        False: count them.

    Returns
    -------
    float
        From 0 to 1, or the count.

    Examples
    --------
    >>> accuracy([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]], [1, 0, 0])
    0.6666666666666666
    """
    predicted, right, _ = as_labels("accuracy", predictions, targets)
    hits = int(np.count_nonzero(predicted == right))
    return hits / len(right) if flag("accuracy", "normalize", normalize) else float(hits)


def top_k_accuracy(predictions: Any, targets: Any, k: int = 2, normalize: bool = True) -> float:
    """Compute the fraction of samples whose right label is among the `k` with the largest scores.

    Parameters
    ----------
    predictions : Tensor or array, shape (N, C, ...)
        Scores, such as logits or probabilities.
    targets : Tensor or array of int, shape (N, ...)
        Right labels.
    k : int
        From 1 to C.
    normalize : bool
        False: count them.

    Returns
    -------
    float
        From 0 to 1, or the count.

    Notes
    -----
    Of equal scores the first counts as larger, so that ``k=1`` is `accuracy`; scikit-learn takes the last.

    Examples
    --------
    >>> top_k_accuracy([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]], [1, 2], k=2)
    0.5
    """
    right = as_targets("top_k_accuracy", targets)
    hits = top_k_hits("top_k_accuracy", predictions, right, k)
    return hits / right.size if flag("top_k_accuracy", "normalize", normalize) else float(hits)


def top_k_hits(op: str, predictions: Any, targets: np.ndarray, k: int) -> int:
    """How often the right label is among the k first."""
    k = whole(op, "k", k, 1)
    scores = np.moveaxis(as_scores(op, predictions, targets), 1, -1).reshape(targets.size, -1)
    if k > scores.shape[1]:
        raise ShapeError(f"{op}: k must be at most the {scores.shape[1]} classes, got {k}")
    targets = targets.reshape(-1, 1)
    own = np.take_along_axis(scores, targets, axis=1)
    before = (scores > own) | ((scores == own) & (np.arange(scores.shape[1]) < targets))
    return int(np.count_nonzero(before.sum(axis=1) < k))


def confusion_matrix(predictions: Any, targets: Any, labels: Iterable[int] | None = None,
                     normalize: str | None = None) -> np.ndarray:
    """Count what is taken for what.

    Parameters
    ----------
    predictions : Tensor or array, shape (N, C, ...) of scores, or (N, ...) of labels
        As for `accuracy`.
    targets : Tensor or array of int, shape (N, ...)
        Right labels.
    labels : sequence of int, optional
        Which labels have a row and a column, in this order; others are left out. By default 0 to C - 1 if there are
        scores, else all labels that occur, sorted.
    normalize : {"true", "pred", "all"}, optional
        Divide by the sum of each row, of each column, or of all. What has the sum zero becomes zero.

    Returns
    -------
    ndarray, shape (labels, labels), int64, or float64 if normalised
        Row: the right label; column: the predicted one, as in scikit-learn.

    Examples
    --------
    >>> confusion_matrix([0, 1, 1, 1], [0, 0, 1, 1])
    array([[1, 1],
           [0, 2]])
    """
    op = "confusion_matrix"
    choice(op, "normalize", normalize, "true", "pred", "all", None)
    predicted, right, classes = as_labels(op, predictions, targets)
    counted = range(classes) if labels is None and classes is not None else labels
    matrix = counts(predicted, right, chosen_labels(op, counted, predicted, right))
    if normalize is None:
        return matrix
    total = matrix.sum(axis={"true": 1, "pred": 0, "all": None}[normalize], keepdims=True)
    shares: np.ndarray = np.divide(matrix, total, out=np.zeros(matrix.shape), where=total != 0)
    return shares


def counts(predicted: np.ndarray, right: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Rows: right labels, columns: predicted ones; samples of other labels are left out."""
    order = np.argsort(labels)
    places = []
    for values in (right, predicted):
        at = np.minimum(np.searchsorted(labels, values, sorter=order), len(labels) - 1)
        places.append(np.where(labels[order[at]] == values, order[at], -1))
    known = (places[0] >= 0) & (places[1] >= 0)
    size = len(labels)
    return np.bincount(places[0][known] * size + places[1][known], minlength=size * size).reshape(size, size)
