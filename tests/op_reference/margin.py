"""Losses of pairs, triplets, labels and counts."""
import math

import numpy as np

from op_reference.difference import collected


def soft_margin_loss(x, target, reduction="mean"):
    return collected(np.logaddexp(0, -target * x), reduction)


def hinge_embedding_loss(x, target, margin=1.0, reduction="mean"):
    return collected(np.where(target == 1, x, np.maximum(margin - x, 0)), reduction)


def margin_ranking_loss(input1, input2, target, margin=0.0, reduction="mean"):
    return collected(np.maximum(target * (input2 - input1) + margin, 0), reduction)


def cosine_embedding_loss(input1, input2, target, margin=0.0, reduction="mean"):
    cosine = (input1 * input2).sum(-1) / np.sqrt(((input1 ** 2).sum(-1) + 1e-12) * ((input2 ** 2).sum(-1) + 1e-12))
    return collected(np.where(target == 1, 1 - cosine, np.maximum(cosine - margin, 0)), reduction)


def triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2.0, eps=1e-6, swap=False, reduction="mean"):
    def distance(a, b):
        return (abs(a - b + eps) ** p).sum(-1) ** (1 / p)
    far = distance(anchor, negative)
    far = np.minimum(far, distance(positive, negative)) if swap else far
    return collected(np.maximum(distance(anchor, positive) - far + margin, 0), reduction)


def multilabel_soft_margin_loss(x, target, weight=1.0, reduction="mean"):
    losses = target * np.logaddexp(0, -x) + (1 - target) * np.logaddexp(0, x)
    return collected((weight * losses).mean(-1), reduction)


def poisson_nll_loss(x, target, log_input=True, full=False, eps=1e-8, reduction="mean"):
    losses = np.exp(x) - target * x if log_input else x - target * np.log(x + eps)
    if full:
        many = np.where(target > 1, target, 1)
        losses = losses + np.where(target > 1, many * np.log(many) - many + np.log(2 * math.pi * many) / 2, 0)
    return collected(losses, reduction)


def gaussian_nll_loss(x, target, var, full=False, eps=1e-6, reduction="mean"):
    var = np.maximum(var, eps)
    if np.ndim(var) and var.shape == x.shape[:-1] != x.shape:
        var = var[..., None]
    losses = (np.log(var) + (x - target) ** 2 / var) / 2 + (math.log(2 * math.pi) / 2 if full else 0)
    return collected(losses, reduction)
