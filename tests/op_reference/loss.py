"""Losses whose targets are classes: sums over rows, one by one."""
import numpy as np


def logarithms(vector):
    """log(softmax) of a vector."""
    shifted = vector - vector.max()
    return shifted - np.log(np.exp(shifted).sum())


def as_rows(x):
    """Scores as rows, one for each target, in the order of the targets."""
    return x.reshape(1, -1) if x.ndim == 1 else np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])


def collected(losses, weights, shape, reduction):
    if reduction == "none":
        return np.reshape(losses, shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sum(losses) / np.sum(weights) if reduction == "mean" else np.asarray(np.sum(losses))


def cross_entropy(logits, targets, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    rows, weight = as_rows(logits), np.ones(logits.shape[min(1, logits.ndim - 1)]) if weight is None else weight
    classes = rows.shape[1]
    if targets.dtype == np.float64:
        shares = (1 - label_smoothing) * as_rows(targets) + label_smoothing / classes
        losses = [-(weight * share * logarithms(row)).sum() for row, share in zip(rows, shares, strict=True)]
        shape = () if logits.ndim == 1 else (logits.shape[0], *logits.shape[2:])
        return collected(losses, np.ones(len(losses)), shape, reduction)
    losses, weights = [], []
    for row, target in zip(rows, targets.ravel(), strict=True):
        counts = target != ignore_index
        shares = np.full(classes, label_smoothing / classes) * weight if label_smoothing else np.zeros(classes)
        if counts:
            shares[target] += (1 - label_smoothing) * weight[target]
        logs = logarithms(row)
        losses.append(-sum(share * log for share, log in zip(shares, logs, strict=True) if share or label_smoothing)
                      if counts else 0.0)
        weights.append(weight[target] if counts else 0.0)
    return collected(losses, weights, targets.shape, reduction)


def nll_loss(x, target, weight=None, ignore_index=-100, reduction="mean"):
    rows, weight = as_rows(x), np.ones(x.shape[min(1, x.ndim - 1)]) if weight is None else weight
    losses, weights = [], []
    for row, each in zip(rows, target.ravel(), strict=True):
        losses.append(-weight[each] * row[each] if each != ignore_index else 0.0)
        weights.append(weight[each] if each != ignore_index else 0.0)
    return collected(losses, weights, target.shape, reduction)
