"""Losses."""
import numpy as np

from reference.activation import softmax


def cross_entropy_targets(targets, checked, classes):
    checked[...] = targets
    if not ((targets >= 0) & (targets < classes)).all():
        raise IndexError("targets")


def cross_entropy(logits, targets, losses, probabilities):
    softmax(logits, probabilities, 1)
    for place in np.ndindex(*targets.shape):
        vector = logits[(place[0], slice(None), *place[1:])]
        top = vector.max()
        losses[place] = np.log(np.exp(vector - top).sum()) + top - vector[targets[place]]


def cross_entropy_backward(dlosses, probabilities, targets, dlogits, divisor):
    dlogits[:] = probabilities
    for place in np.ndindex(*targets.shape):
        dlogits[(place[0], targets[place], *place[1:])] -= 1
    dlogits *= (np.broadcast_to(dlosses, targets.shape) / divisor)[:, None]
