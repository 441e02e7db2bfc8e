"""What metrics take: scores or labels, and labels that are right."""
from collections.abc import Iterable
from typing import Any

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.dtypes import is_real
from numbacnn.errors import DTypeError, ShapeError


def as_array(op: str, name: str, values: Any) -> np.ndarray:
    """A tensor, an array or a nested list as an array of numbers."""
    try:
        array = values.numpy() if isinstance(values, Tensor) else np.asarray(values)
    except ValueError as error:                          # a ragged list
        raise ShapeError(f"{op}: {name} must have the same number of elements in each row: {error}") from error
    if not is_real(array.dtype) and array.size:
        raise DTypeError(f"{op}: {name} must be a tensor, an array or a list of numbers, got {type(values).__name__} "
                         f"of {array.dtype}")
    return array.astype(np.float32) if array.dtype == "bfloat16" else array


def as_targets(op: str, targets: Any) -> np.ndarray:
    """Right labels, shape (N, ...)."""
    array = as_array(op, "targets", targets)
    if array.size == 0 or array.ndim == 0:
        raise ShapeError(f"{op}: targets must hold at least one label, got shape {array.shape}")
    if array.dtype.kind not in "biu":
        raise DTypeError(f"{op}: targets must be integer labels, got {array.dtype}; targets come second, as in a loss")
    return array.astype(np.int64)


def as_scores(op: str, predictions: Any, targets: np.ndarray) -> np.ndarray:
    """Scores, shape (N, C, ...), of labels of shape (N, ...)."""
    scores = as_array(op, "predictions", predictions)
    if scores.ndim != targets.ndim + 1 or scores.shape[:1] + scores.shape[2:] != targets.shape or scores.shape[1] == 0:
        raise ShapeError(f"{op}: scores must be (N, C, ...) for targets (N, ...), got predictions{scores.shape}, "
                         f"targets{targets.shape}")
    _check_numbers(op, scores)
    classes = scores.shape[1]
    if targets.min() < 0 or targets.max() >= classes:
        raise ShapeError(f"{op}: targets must be 0 to {classes - 1} for scores of {classes} classes, got "
                         f"{targets.min()} to {targets.max()}")
    return scores


def as_labels(op: str, predictions: Any, targets: Any) -> tuple[np.ndarray, np.ndarray, int | None]:
    """Predicted and right labels, shape (N,), and how many classes there are, if scores tell."""
    right = as_targets(op, targets)
    array = as_array(op, "predictions", predictions)
    if array.dtype.kind == "f":
        if array.shape == right.shape:
            raise DTypeError(f"{op}: predictions must be scores (N, C) or integer labels (N,), got {array.dtype} of "
                             f"shape {array.shape}; for two classes pass (predictions > 0), or 0.5 for probabilities")
        scores = as_scores(op, array, right)
        return scores.argmax(axis=1).ravel(), right.ravel(), scores.shape[1]
    if array.shape != right.shape:
        raise ShapeError(f"{op}: predicted labels must have the shape of targets, got predictions{array.shape} of "
                         f"{array.dtype}, targets{right.shape}; scores (N, C) must be floating point")
    return array.astype(np.int64).ravel(), right.ravel(), None


def chosen_labels(op: str, labels: Iterable[int] | None, *found: np.ndarray) -> np.ndarray:
    """The labels that count, in order: those given, else those that were found, sorted."""
    if labels is None:
        return np.unique(np.concatenate(found))
    array = as_array(op, "labels", list(labels) if isinstance(labels, Iterable) and not isinstance(labels, Tensor)
                     else labels)
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "biu":
        raise DTypeError(f"{op}: labels must be a sequence of integers, got {labels!r}")
    if len(np.unique(array)) < len(array):
        raise ShapeError(f"{op}: labels must differ, got {array.tolist()}")
    return array.astype(np.int64)


def _check_numbers(op: str, scores: np.ndarray) -> None:
    wrong = np.isnan(scores)
    if wrong.any():
        raise ShapeError(f"{op}: scores must not be NaN, got {np.count_nonzero(wrong)} of {scores.size}, the first in "
                         f"row {np.argwhere(wrong)[0][0]}")
