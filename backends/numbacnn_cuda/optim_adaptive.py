"""Optimisers that divide by what gradients were before, and Lion: lowered as optim.py says."""
import math

import numpy as np

from .compile import cuda, device, kernel
from .functions import PRIMITIVES
from .optim import halves, in_place, rates_by, updates
from .pieces import applied, rates_of, stepping

root = PRIMITIVES["sqrt"]


def adagrad(*arguments):
    return updates(adagrad_rates, adagrad_step, arguments, 1)


def adadelta(*arguments):
    return updates(adadelta_rates, adadelta_step, arguments, 2)


def adamax(*arguments):
    return updates(adamax_rates, adamax_step, arguments, 2)


def radam(*arguments):
    return updates(radam_rates, radam_step, arguments, 2)


def lion(*arguments):
    return updates(lion_rates, lion_step, arguments, 1)


def rmsprop(*arguments):
    """Lower as `updates` does, with a step for each choice of states."""
    *arguments, centered, momentum = arguments
    step = {(0, 0): rmsprop_step, (1, 0): centered_step, (0, 1): rmsprop_momentum_step, (1, 1): centered_momentum_step}
    return updates(rmsprop_rates, step[centered, momentum], arguments, 1 + centered + momentum)


def nadam(*arguments):
    """Lower as `updates` does; products of mu, one for each parameter, change where steps are counted."""
    calls, hyper, gradients, (steps, products, mean, square, *parameters), numbers = in_place(arguments, 4)
    rates, (indices, offsets) = rates_of(gradients), halves(numbers)
    return [*calls, (nadam_rates, [hyper, steps, products, rates, np.array(indices, np.int64)]),
            *applied(nadam_step, rates, gradients, parameters, [mean, square], offsets)]


# --- rates, in float64: the first a step gets for a parameter -------------------------------------------------------

@device
def sign_of(maximize):
    """Return what the gradient is multiplied by."""
    return -1.0 if maximize != 0 else 1.0


@device
def adaptive(hyper):
    """Return the sign of the gradient, the decay added to it, and what the parameter is multiplied by.

    hyper: lr, -, -, -, weight_decay, decoupled, maximize.
    """
    sign = sign_of(hyper[6])
    if hyper[5] != 0:
        return sign, 0.0, 1 - hyper[0] * hyper[4]
    return sign, hyper[4], 1.0


@device
def mu(hyper, t):
    """Return the momentum of step t."""
    return hyper[1] * (1 - 0.5 * 0.96 ** (t * hyper[7]))


@rates_by
def adagrad_rates(hyper, t):
    return hyper[0] / (1 + (t - 1) * hyper[1]), hyper[2], hyper[3], sign_of(hyper[4])


@rates_by
def adadelta_rates(hyper, t):
    return hyper[0], hyper[1], 1 - hyper[1], hyper[2], hyper[3], sign_of(hyper[4])


@rates_by
def adamax_rates(hyper, t):
    return hyper[0] / (1 - hyper[1] ** t), hyper[4], 1 - hyper[1], hyper[2], hyper[3], sign_of(hyper[5])


@rates_by
def radam_rates(hyper, t):
    sign, decay, shrink = adaptive(hyper)
    beta1, beta2 = hyper[1], hyper[2]
    rate, limit, known = hyper[0] / (1 - beta1 ** t), 2 / (1 - beta2) - 1, 0.0
    length = limit - 2 * t * beta2 ** t / (1 - beta2 ** t)              # of the average: section 3.4 of the paper
    if length > 5:                                                      # the variance can be told
        rate *= math.sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)
                          * (1 - beta2 ** t))
        known = 1.0
    return rate, known, decay, shrink, sign, 1 - beta1, beta2, 1 - beta2, hyper[3]


@rates_by
def lion_rates(hyper, t):
    return (hyper[0], 1 - hyper[0] * hyper[3], hyper[1], 1 - hyper[1], hyper[2], 1 - hyper[2], sign_of(hyper[4]))


@rates_by
def rmsprop_rates(hyper, t):
    return hyper[0], hyper[1], 1 - hyper[1], hyper[2], hyper[3], sign_of(hyper[5]), hyper[4]


@kernel(items=lambda indices: indices.size, wide=True)
def nadam_rates(hyper, steps, products, rates, indices):
    i = cuda.grid(1)
    if i < indices.size:
        sign, decay, shrink = adaptive(hyper)
        t = steps[indices[i]] + 1
        now, coming = mu(hyper, t), mu(hyper, t + 1)
        product = products[indices[i]] * now
        rates[i, 0] = hyper[0] * (1 - now) / (1 - product)              # p moves by this times the gradient
        rates[i, 1] = hyper[0] * coming / (1 - product * coming)        # and this times the mean
        rates[i, 2], rates[i, 3], rates[i, 4] = decay, shrink, sign
        rates[i, 5], rates[i, 6], rates[i, 7] = 1 - hyper[1], hyper[2], 1 - hyper[2]
        rates[i, 8], rates[i, 9] = math.sqrt(1 - hyper[2] ** t), hyper[3]
        steps[indices[i]], products[indices[i]] = t, product


# --- steps, for one number ------------------------------------------------------------------------------------------

@stepping(states=1)
def adagrad_step(k, g, p, total, b, c):
    rate, eps, decay, sign = k[:4]
    gradient = sign * g + decay * p
    total += gradient * gradient
    return p - rate * gradient / (root(total) + eps), total, b, c


@stepping(states=2)
def adadelta_step(k, g, p, square, moved, c):
    lr, keep, gain, eps, decay, sign = k[:6]
    gradient = sign * g + decay * p
    square = keep * square + gain * gradient * gradient
    change = root((moved + eps) / (square + eps)) * gradient
    return p - lr * change, square, keep * moved + gain * change * change, c


@stepping(states=2)
def adamax_step(k, g, p, mean, largest, c):
    rate, decay, gain, keep, eps, sign = k[:6]
    gradient = sign * g + decay * p
    mean += gain * (gradient - mean)
    size, largest = abs(gradient) + eps, keep * largest
    largest = size if size > largest or size != size else largest       # NaN is the largest
    return p - rate * mean / largest, mean, largest, c


@stepping(states=2)
def radam_step(k, g, p, mean, square, c):
    rate, known, decay, shrink, sign, gain1, keep2, gain2, eps = k[:9]
    gradient = sign * g + decay * p
    mean += gain1 * (gradient - mean)
    square = keep2 * square + gain2 * gradient * gradient
    below = root(square) + eps if known != 0 else 1.0
    return shrink * p - rate * mean / below, mean, square, c


@stepping(states=1)
def lion_step(k, g, p, mean, b, c):
    lr, shrink, keep1, gain1, keep2, gain2, sign = k[:7]
    gradient = sign * g
    way = keep1 * mean + gain1 * gradient
    way = lr if way > 0 else (-lr if way < 0 else way)                  # NaN, and zero, stay what they are
    return shrink * p - way, keep2 * mean + gain2 * gradient, b, c


@stepping(states=2)
def nadam_step(k, g, p, mean, square, c):
    of_gradient, of_mean, decay, shrink, sign, gain1, keep2, gain2, scale, eps = k
    gradient = sign * g + decay * p
    mean += gain1 * (gradient - mean)
    square = keep2 * square + gain2 * gradient * gradient
    return (shrink * p - (of_gradient * gradient + of_mean * mean) / (root(square) / scale + eps), mean, square, c)


@stepping(states=1)
def rmsprop_step(k, g, p, square, b, c):
    lr, keep, gain, eps, decay, sign = k[:6]
    gradient = sign * g + decay * p
    square = keep * square + gain * gradient * gradient
    return p - lr * (gradient / (root(square) + eps)), square, b, c


@stepping(states=2)
def rmsprop_momentum_step(k, g, p, square, buffer, c):
    lr, keep, gain, eps, decay, sign, momentum = k[:7]
    gradient = sign * g + decay * p
    square = keep * square + gain * gradient * gradient
    buffer = gradient / (root(square) + eps) + momentum * buffer
    return p - lr * buffer, square, buffer, c


@stepping(states=2)
def centered_step(k, g, p, square, mean, c):
    lr, keep, gain, eps, decay, sign = k[:6]
    gradient = sign * g + decay * p
    square = keep * square + gain * gradient * gradient
    mean += gain * (gradient - mean)
    return p - lr * (gradient / (root(square - mean * mean) + eps)), square, mean, c    # rounded below zero: NaN


@stepping(states=3)
def centered_momentum_step(k, g, p, square, mean, buffer):
    lr, keep, gain, eps, decay, sign, momentum = k[:7]
    gradient = sign * g + decay * p
    square = keep * square + gain * gradient * gradient
    mean += gain * (gradient - mean)
    buffer = gradient / (root(square - mean * mean) + eps) + momentum * buffer
    return p - lr * buffer, square, mean, buffer
