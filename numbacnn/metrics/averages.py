"""Precision, recall and F1: of each class, or averaged over classes."""
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from numbacnn.errors import DTypeError, ShapeError
from numbacnn.metrics.inputs import as_labels, chosen_labels
from numbacnn.options import choice

Score = float | np.ndarray
AVERAGES = ("binary", "micro", "macro", "weighted", None)


def precision(predictions: Any, targets: Any, *, labels: Iterable[int] | None = None, pos_label: int = 1,
              average: str | None = "binary", zero_division: float = 0.0) -> Score:
    """Compute how many of the samples that are taken for a class belong to it: tp / (tp + fp).

    Parameters
    ----------
    predictions : Tensor or array, shape (N, C, ...) of scores, or (N, ...) of labels
        Floating point scores, of which the largest wins, or integer labels.
    targets : Tensor or array of int, shape (N, ...)
        Right labels.
    labels : sequence of int, optional
        Which classes count, in this order; by default those that occur. Not used by ``average="binary"``.
    pos_label : int
        The class that ``average="binary"`` reports.
    average : {"binary", "micro", "macro", "weighted"} or None
        "binary": of the class `pos_label` where there are two. "micro": of all classes together. "macro": the mean
        over classes. "weighted": the mean, weighted by how often each class occurs. None: of each class.
    zero_division : 0.0, 1.0 or nan
        What stands for 0 / 0. Classes with nan are left out of a mean.

    Returns
    -------
    float, or ndarray of shape (classes,) if `average` is None
        From 0 to 1.

    Raises
    ------
    ValueError
        If ``average="binary"`` meets more than two classes, or `pos_label` does not occur.

    Examples
    --------
    >>> precision([0, 1, 1, 1], [0, 0, 1, 1])
    0.6666666666666666
    """
    return _score("precision", predictions, targets, labels, pos_label, average, zero_division)


def recall(predictions: Any, targets: Any, *, labels: Iterable[int] | None = None, pos_label: int = 1,
           average: str | None = "binary", zero_division: float = 0.0) -> Score:
    """Compute how many of the samples of a class are found: tp / (tp + fn).

    Parameters, result and errors are those of `precision`.

    Examples
    --------
    >>> recall([0, 1, 1, 0], [0, 0, 1, 1], average=None)
    array([0.5, 0.5])
    """
    return _score("recall", predictions, targets, labels, pos_label, average, zero_division)


def f1_score(predictions: Any, targets: Any, *, labels: Iterable[int] | None = None, pos_label: int = 1,
             average: str | None = "binary", zero_division: float = 0.0) -> Score:
    """Compute the harmonic mean of precision and recall: 2 tp / (2 tp + fp + fn).

    Parameters, result and errors are those of `precision`.

    Examples
    --------
    >>> f1_score([0, 1, 1, 1], [0, 0, 1, 1])
    0.8
    """
    return _score("f1_score", predictions, targets, labels, pos_label, average, zero_division)


def averaged(op: str, hits: np.ndarray, predicted: np.ndarray, right: np.ndarray, average: str | None,
             zero_division: float) -> Score:
    """The score `op` from how often each class was hit, predicted, and right."""
    if average == "micro":
        hits, predicted, right = (x.sum(keepdims=True) for x in (hits, predicted, right))
    above, below = {"precision": (hits, predicted), "recall": (hits, right),
                    "f1_score": (2 * hits, predicted + right)}[op]
    scores: np.ndarray = np.divide(above, below, out=np.full(len(above), float(zero_division)), where=below != 0)
    if average is None:
        return scores
    known = ~np.isnan(scores)
    if not known.any():
        return math.nan
    weights = right[known] if average == "weighted" and right[known].any() else None
    return float(np.average(scores[known], weights=weights))


def check_options(op: str, average: Any, zero_division: Any, averages: tuple[str | None, ...] = AVERAGES) -> None:
    """Refuse what no score is averaged by."""
    choice(op, "average", average, *averages)
    if isinstance(zero_division, bool) or not isinstance(zero_division, int | float) \
            or not (zero_division in (0, 1) or math.isnan(zero_division)):
        raise ShapeError(f"{op}: zero_division must be 0, 1 or nan, got {zero_division!r}")


def _score(op: str, predictions: Any, targets: Any, labels: Iterable[int] | None, pos_label: int,
           average: str | None, zero_division: float) -> Score:
    check_options(op, average, zero_division)
    predicted, right, _ = as_labels(op, predictions, targets)
    chosen = _positive(op, pos_label, predicted, right) if average == "binary" \
        else chosen_labels(op, labels, predicted, right)
    kinds, places = np.unique(np.concatenate([chosen, predicted, right]), return_inverse=True)
    at, predicted, right = np.split(places, [len(chosen), len(chosen) + len(predicted)])
    hits, taken, true = (np.bincount(x, minlength=len(kinds))[at]
                         for x in (right[predicted == right], predicted, right))
    return averaged(op, hits, taken, true, average, zero_division)


def _positive(op: str, pos_label: Any, predicted: np.ndarray, right: np.ndarray) -> np.ndarray:
    if not isinstance(pos_label, int | np.integer):
        raise DTypeError(f"{op}: pos_label must be an integer, got {pos_label!r}")
    found = np.unique(np.concatenate([predicted, right]))
    if len(found) > 2:
        raise ShapeError(f"{op}: average='binary' takes two classes, got {len(found)}; choose average='macro', "
                         "'micro', 'weighted' or None")
    if len(found) == 2 and pos_label not in found:
        raise ShapeError(f"{op}: pos_label must be one of the labels {found.tolist()}, got {pos_label}")
    return np.array([pos_label], np.int64)
