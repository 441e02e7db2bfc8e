"""Losses that compare number by number."""
import numpy as np
from reference import loss


def collected(losses, reduction):
    with np.errstate(invalid="ignore", divide="ignore"):
        return losses if reduction == "none" else losses.sum() / (losses.size if reduction == "mean" else 1)


def weighed(losses, weight, reduction):
    if weight is not None and reduction == "mean":
        return (losses * weight).sum() / weight.sum()
    return collected(losses if weight is None else losses * weight, reduction)


def mse_loss(x, target, size_average=None, reduce=None, reduction="mean", weight=None):
    return weighed((x - target) ** 2, weight, reduction)


def l1_loss(x, target, size_average=None, reduce=None, reduction="mean", weight=None):
    return weighed(abs(x - target), weight, reduction)


def smooth_l1_loss(x, target, reduction="mean", beta=1.0):
    d = abs(x - target)
    return collected(d if beta == 0 else np.where(d < beta, d ** 2 / (2 * beta), d - beta / 2), reduction)


def huber_loss(x, target, reduction="mean", delta=1.0, weight=None):
    d = abs(x - target)
    losses = np.where(d <= delta, d ** 2 / 2, delta * (d - delta / 2))
    return collected(losses if weight is None else losses * weight, reduction)


def binary_cross_entropy(x, target, weight=1.0, reduction="mean"):
    return collected(weight * loss.OTHERS["binary_cross_entropy"][0](x, target), reduction)


def binary_cross_entropy_with_logits(x, target, weight=None, size_average=None, reduce=None, reduction="mean",
                                     pos_weight=None):
    softplus = np.maximum(-x, 0) + np.log1p(np.exp(-abs(x)))
    losses = (1 - target) * x + softplus * (1 if pos_weight is None else 1 + (pos_weight - 1) * target)
    return collected(losses * (1 if weight is None else weight), reduction)


def kl_div(x, target, reduction="mean", log_target=False):
    losses = loss.OTHERS["kl_div_log" if log_target else "kl_div"][0](x, target)
    return losses.sum() / len(x) if reduction == "batchmean" else collected(losses, reduction)
