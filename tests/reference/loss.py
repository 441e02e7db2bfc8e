"""Losses."""
import numpy as np

from reference.activation import softmax

# --- targets are classes ---------------------------------------------------------------------------------------------

def cross_entropy_targets(targets, weight, checked, weights, ignored):
    for place in np.ndindex(*targets.shape):
        target = int(targets[place])
        if target != ignored and not 0 <= target < len(weight):
            raise IndexError("targets")
        checked[place] = -1 if target == ignored else target
        weights[place] = 0 if target == ignored else weight[target]


nll_loss_targets = cross_entropy_targets


def at(place, target):
    """Where the score of a target is."""
    return place[0], target, *place[1:]


def cross_entropy(logits, targets, weights, losses, probabilities):
    softmax(logits, probabilities, 1)
    for place in np.ndindex(*targets.shape):
        vector = logits[at(place, slice(None))]
        top, target = vector.max(), targets[place]
        loss = np.log(np.exp(vector - top).sum()) + top - vector[target]
        losses[place] = 0 if target < 0 else weights[place] * loss


def cross_entropy_backward(dlosses, probabilities, targets, weights, divisor, dlogits):
    dlogits[:] = probabilities
    scales = np.zeros(targets.shape)
    for place in np.ndindex(*targets.shape):
        if targets[place] >= 0:
            dlogits[at(place, targets[place])] -= 1
            scales[place] = np.broadcast_to(dlosses, targets.shape)[place] * weights[place] / divisor
    dlogits *= scales[:, None]


def nll_loss(x, targets, weights, losses):
    for place in np.ndindex(*targets.shape):
        target = targets[place]
        losses[place] = 0 if target < 0 else -weights[place] * x[at(place, target)]


def nll_loss_backward(dlosses, targets, weights, divisor, dx):
    dx[:] = 0
    for place in np.ndindex(*targets.shape):
        if targets[place] >= 0:
            dx[at(place, targets[place])] = -weights[place] * np.broadcast_to(dlosses, targets.shape)[place] / divisor


def weighted_mean(x, weights, mean, total):
    total[...] = weights.sum()
    mean[...] = x.sum() / weights.sum()


# --- number by number: the loss, and its derivatives by x and by the target ------------------------------------------

def logarithm(x):
    """With the least value that PyTorch allows."""
    return np.where(np.log(x) < -100, -100, np.log(x))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def limited(d, most):
    """Between -most and most; NaN stays."""
    return np.where(np.isnan(d), d, np.minimum(np.maximum(d, -most), most))


def parabola(d, most):
    d = abs(d)
    return np.where(d < most, d ** 2 / 2, most * (d - most / 2))


SYMMETRIC = {          # the derivative by the target is the other way round
    "mse_loss": (lambda d: d ** 2, lambda d: 2 * d),
    "l1_loss": (abs, lambda d: np.nan_to_num(np.sign(d))),
    "smooth_l1_loss": (lambda d, beta: parabola(d, beta) / beta, lambda d, beta: limited(d, beta) / beta),
    "huber_loss": (parabola, limited)}
OTHERS = {
    "binary_cross_entropy": (
        lambda x, t: -t * logarithm(x) - (1 - t) * logarithm(1 - x),
        lambda x, t: (x - t) / np.maximum(x * (1 - x), float(np.float32(1e-12))),
        lambda x, t: np.log(1 - x) - np.log(x)),
    "binary_cross_entropy_with_logits": (
        lambda x, t: (1 - t) * x + np.maximum(-x, 0) + np.log1p(np.exp(-abs(x))), lambda x, t: sigmoid(x) - t,
        lambda x, t: -x),
    "kl_div": (lambda x, t: np.where(t == 0, 0, t * np.log(t)) - t * x, lambda x, t: -t,
               lambda x, t: np.log(t) + t / t - x),
    "kl_div_log": (lambda x, t: np.exp(t) * (t - x), lambda x, t: -np.exp(t), lambda x, t: np.exp(t) * (t - x + 1))}


def value(function):
    def kernel(x, target, y, *options):
        y[...] = function(x, target, *options)
    return kernel


def product(slope):
    def kernel(dy, x, target, dx, *options):
        dx[...] = dy * slope(x, target, *options)
    return kernel


def of_difference(function):
    return lambda x, target, *options: function(x - target, *options)


kernels = {}
for name, (function, slope) in SYMMETRIC.items():
    kernels |= {name: value(of_difference(function)), f"{name}_backward": product(of_difference(slope))}
for name, (function, slope, other) in OTHERS.items():
    kernels |= {name: value(function), f"{name}_backward": product(slope), f"{name}_backward_target": product(other)}
globals().update(kernels)
__all__ = ["cross_entropy", "cross_entropy_backward", "cross_entropy_targets", "nll_loss", "nll_loss_backward",
           "nll_loss_targets", "weighted_mean", *kernels]
