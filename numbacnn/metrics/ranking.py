"""How well scores put samples in order."""
from itertools import combinations
from typing import Any

import numpy as np

from numbacnn.errors import ShapeError
from numbacnn.metrics.inputs import as_array, as_scores, as_targets
from numbacnn.options import choice


def roc_auc(predictions: Any, targets: Any, *, average: str | None = "macro", multi_class: str = "ovr") -> Any:
    """Compute the area under the curve of true positives over false positives.

    Parameters
    ----------
    predictions : Tensor or array, shape (N,), (N, 1), (N, 2), or (N, C)
        Two classes: the score of the larger label (of two columns, the second); any score will do, such as logits.
        More classes: probabilities, whose rows add up to one, such as softmax gives.
    targets : Tensor or array of int, shape (N,)
        Right labels: two that differ, or 0 to C - 1, each at least once.
    average : {"macro", "weighted", "micro"} or None
        Of more than two classes: the mean; the mean weighted by how often classes occur; of all scores together, or of
        each class. The last two only with "ovr".
    multi_class : {"ovr", "ovo"}
        Of more than two classes: each against the rest, or each against each other.

    Returns
    -------
    float, or ndarray of shape (C,) if `average` is None
        1: every sample of a class has a higher score than every other. 0.5: scores tell nothing.

    Raises
    ------
    ValueError
        If a class does not occur: then there is no curve.

    Notes
    -----
    The area is the probability that a sample of the class has a higher score than another, equal scores counting one
    half, and is computed by ranks: no curve is drawn.

    References
    ----------
    D. J. Hand, R. J. Till: A simple generalisation of the area under the ROC curve for multiple class classification
    problems. Machine Learning 45 (2001), for "ovo".

    Examples
    --------
    >>> roc_auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    0.75
    """
    choice("roc_auc", "average", average, "macro", "weighted", "micro", None)
    choice("roc_auc", "multi_class", multi_class, "ovr", "ovo")
    right = as_targets("roc_auc", targets)
    scores = as_array("roc_auc", "predictions", predictions)
    if right.ndim != 1:
        raise ShapeError(f"roc_auc: targets must be (N,), got {right.shape}")
    if scores.ndim == 2 and scores.shape[1] > 2:
        return _of_many(scores, right, average, multi_class)
    return _of_two(scores, right)


def _of_two(scores: np.ndarray, right: np.ndarray) -> float:
    column = scores[:, -1] if scores.ndim == 2 and scores.shape[1] else scores
    if column.shape != right.shape:
        raise ShapeError(f"roc_auc: there must be a score for each target, got predictions{scores.shape}, "
                         f"targets{right.shape}")
    if np.isnan(column).any():
        raise ShapeError(f"roc_auc: scores must not be NaN, got {np.count_nonzero(np.isnan(column))} of {column.size}")
    found = np.unique(right)
    if len(found) != 2:
        raise ShapeError(f"roc_auc: targets must hold two classes for scores {scores.shape}, got labels "
                         f"{found.tolist()[:10]}" + ("; more classes need scores (N, C)" if len(found) > 2 else ""))
    return _area(column, right == found[1])


def _of_many(scores: np.ndarray, right: np.ndarray, average: str | None, multi_class: str) -> Any:
    scores = as_scores("roc_auc", scores, right)
    if not np.allclose(scores.sum(axis=1), 1, atol=1e-5) or scores.min() < 0:
        raise ShapeError("roc_auc: scores of more than two classes must be probabilities whose rows add up to 1, got "
                         f"a row with the sum {scores.sum(axis=1)[0]:g}, and at least {scores.min():g}; apply softmax")
    classes = scores.shape[1]
    occurs = np.bincount(right, minlength=classes)
    if not occurs.all():
        raise ShapeError(f"roc_auc: every class must occur in targets, got none of {np.flatnonzero(occurs == 0)[0]}")
    if multi_class == "ovo":
        return _each_against_each(scores, right, average)
    if average == "micro":
        return _area(scores.ravel(), (right[:, None] == np.arange(classes)).ravel())
    areas = np.array([_area(scores[:, i], right == i) for i in range(classes)])
    return areas if average is None else float(np.average(areas, weights=occurs if average == "weighted" else None))


def _each_against_each(scores: np.ndarray, right: np.ndarray, average: str | None) -> float:
    if average not in ("macro", "weighted"):
        raise ShapeError(f"roc_auc: multi_class='ovo' takes average='macro' or 'weighted', got {average!r}")
    areas, weights = [], []
    for a, b in combinations(range(scores.shape[1]), 2):
        both = (right == a) | (right == b)
        areas.append((_area(scores[both, a], right[both] == a) + _area(scores[both, b], right[both] == b)) / 2)
        weights.append(np.count_nonzero(both))
    return float(np.average(areas, weights=weights if average == "weighted" else None))


def _area(scores: np.ndarray, positive: np.ndarray) -> float:
    """Mann and Whitney's statistic; equal scores share their ranks."""
    _, group, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(sizes) - (sizes - 1) / 2
    hits = int(np.count_nonzero(positive))
    wins = float(ranks[group][positive].sum()) - hits * (hits + 1) / 2
    return wins / (hits * (len(scores) - hits))
