"""Losses."""
import numpy as np
import reference


def cross_entropy(logits, targets, reduction="mean"):
    losses = np.empty(targets.shape)
    reference.cross_entropy(logits, targets, losses, np.empty(logits.shape))
    if reduction == "none":
        return losses
    return losses.sum() / (losses.size if reduction == "mean" else 1)
