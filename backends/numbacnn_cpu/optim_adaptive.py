"""Optimisers that divide by what gradients were before, and Lion: lowered as optim.py says."""
import math

import numpy as np

from numbacnn.kernels.channels_last import flat

from .compile import Constant, compiled, kernel
from .optim import count_steps, in_place, indices, piece, pieces, updates


def adagrad(*arguments):
    return updates(adagrad_update, arguments, 1)


def adadelta(*arguments):
    return updates(adadelta_update, arguments, 2)


def adamax(*arguments):
    return updates(adamax_update, arguments, 2)


def radam(*arguments):
    return updates(radam_update, arguments, 2)


def lion(*arguments):
    return updates(lion_update, arguments, 1)


def nadam(*arguments):
    """Lower as `updates` does; products of mu, one for each parameter, change where steps are counted."""
    calls, hyper, gradients, (steps, products, mean, square, *parameters), numbers = in_place(arguments, 4)
    for g, p, index, offset in pieces(gradients, parameters, numbers):
        states = piece(mean, offset, p), piece(square, offset, p)
        calls.append((nadam_update, [*flat(hyper, g, steps, products), *states, p.flat(), index]))
    table = indices(numbers)
    return [*calls, (nadam_products, [*flat(hyper, steps, products), table]), (count_steps, [steps, table])]


def rmsprop(*arguments):
    """Lower to one call per parameter; where a state is not asked for, the kernel gets another and leaves it alone."""
    *arguments, centered, momentum = arguments
    calls, hyper, gradients, (steps, square, *rest), numbers = in_place(arguments, 2 + centered + momentum)
    average, buffer = rest[0] if centered else square, rest[centered] if momentum else square
    chosen = [Constant(centered), Constant(momentum)]
    for g, p, _, offset in pieces(gradients, rest[centered + momentum:], numbers):
        states = [piece(state, offset, p) for state in (square, average, buffer)]
        calls.append((rmsprop_update, [*flat(hyper, g), *states, p.flat(), *chosen]))
    return [*calls, (count_steps, [steps, indices(numbers)])]


def adaptive(hyper):
    """Return the sign of the gradient, the decay added to it, and what the parameter is multiplied by.

    hyper: lr, -, -, -, weight_decay, decoupled, maximize.
    """
    sign = -1.0 if hyper[6] != 0 else 1.0
    if hyper[5] != 0:
        return sign, 0.0, 1 - hyper[0] * hyper[4]
    return sign, hyper[4], 1.0


@kernel(items=lambda p: p.size)
def adagrad_update(hyper, g, steps, total, p, index, begin, end):
    real = p.dtype.type
    rate, eps, decay = real(hyper[0] / (1 + steps[index] * hyper[1])), real(hyper[2]), real(hyper[3])
    sign = real(-1 if hyper[4] != 0 else 1)
    g, total, p = g[begin:end], total[begin:end], p[begin:end]
    for i in range(p.size):
        gradient = sign * g[i] + decay * p[i]
        total[i] += gradient * gradient
        p[i] -= rate * gradient / (math.sqrt(total[i]) + eps)


@kernel(items=lambda p: p.size)
def adadelta_update(hyper, g, steps, square, moved, p, index, begin, end):
    real = p.dtype.type
    lr, keep, gain, eps, decay = real(hyper[0]), real(hyper[1]), real(1 - hyper[1]), real(hyper[2]), real(hyper[3])
    sign = real(-1 if hyper[4] != 0 else 1)
    g, square, moved, p = g[begin:end], square[begin:end], moved[begin:end], p[begin:end]
    for i in range(p.size):
        gradient = sign * g[i] + decay * p[i]
        square[i] = keep * square[i] + gain * gradient * gradient
        # one root of a quotient: a quotient of two roots is rounded in vectors as it is not in single numbers
        change = math.sqrt((moved[i] + eps) / (square[i] + eps)) * gradient
        moved[i] = keep * moved[i] + gain * change * change
        p[i] -= lr * change


@kernel(items=lambda p: p.size)
def adamax_update(hyper, g, steps, mean, largest, p, index, begin, end):
    real = p.dtype.type
    rate, decay = real(hyper[0] / (1 - hyper[1] ** (steps[index] + 1))), real(hyper[4])
    gain, keep, eps, sign = real(1 - hyper[1]), real(hyper[2]), real(hyper[3]), real(-1 if hyper[5] != 0 else 1)
    g, mean, largest, p = g[begin:end], mean[begin:end], largest[begin:end], p[begin:end]
    for i in range(p.size):
        gradient = sign * g[i] + decay * p[i]
        mean[i] += gain * (gradient - mean[i])
        size, top = abs(gradient) + eps, keep * largest[i]
        top = size if size > top or size != size else top               # NaN is the largest
        largest[i] = top
        p[i] -= rate * mean[i] / top


@kernel(items=lambda p: p.size)
def radam_update(hyper, g, steps, mean, square, p, index, begin, end):
    real = p.dtype.type
    (sign, decay, shrink), beta1, beta2, t = adaptive(hyper), hyper[1], hyper[2], steps[index] + 1
    rate, limit = hyper[0] / (1 - beta1 ** t), 2 / (1 - beta2) - 1
    length = limit - 2 * t * beta2 ** t / (1 - beta2 ** t)              # of the average: section 3.4 of the paper
    known = length > 5                                                  # whether the variance can be told
    if known:
        rate *= math.sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)
                          * (1 - beta2 ** t))
    sign, decay, shrink, rate = real(sign), real(decay), real(shrink), real(rate)
    gain1, keep2, gain2, eps = real(1 - beta1), real(beta2), real(1 - beta2), real(hyper[3])
    g, mean, square, p = g[begin:end], mean[begin:end], square[begin:end], p[begin:end]
    for i in range(p.size):
        gradient = sign * g[i] + decay * p[i]
        mean[i] += gain1 * (gradient - mean[i])
        square[i] = keep2 * square[i] + gain2 * gradient * gradient
        p[i] = shrink * p[i] - rate * mean[i] / (math.sqrt(square[i]) + eps if known else real(1))


@kernel(items=lambda p: p.size)
def lion_update(hyper, g, steps, mean, p, index, begin, end):
    real = p.dtype.type
    lr, shrink, sign = real(hyper[0]), real(1 - hyper[0] * hyper[3]), real(-1 if hyper[4] != 0 else 1)
    keep1, gain1, keep2, gain2 = real(hyper[1]), real(1 - hyper[1]), real(hyper[2]), real(1 - hyper[2])
    g, mean, p = g[begin:end], mean[begin:end], p[begin:end]
    for i in range(p.size):
        gradient = sign * g[i]
        way = keep1 * mean[i] + gain1 * gradient
        way = lr if way > 0 else (-lr if way < 0 else way)              # NaN, and zero, stay what they are
        p[i] = shrink * p[i] - way
        mean[i] = keep2 * mean[i] + gain2 * gradient


def mu(hyper, t):
    """Return the momentum of step t."""
    return hyper[1] * (1 - 0.5 * 0.96 ** (t * hyper[7]))


@kernel(items=lambda p: p.size)
def nadam_update(hyper, g, steps, products, mean, square, p, index, begin, end):
    real = p.dtype.type
    (sign, decay, shrink), lr, beta1, beta2, t = adaptive(hyper), hyper[0], hyper[1], hyper[2], steps[index] + 1
    now, coming = mu(hyper, t), mu(hyper, t + 1)
    product = products[index] * now
    of_gradient, of_mean = real(lr * (1 - now) / (1 - product)), real(lr * coming / (1 - product * coming))
    root, sign, decay, shrink = real(math.sqrt(1 - beta2 ** t)), real(sign), real(decay), real(shrink)
    gain1, keep2, gain2, eps = real(1 - beta1), real(beta2), real(1 - beta2), real(hyper[3])
    g, mean, square, p = g[begin:end], mean[begin:end], square[begin:end], p[begin:end]
    for i in range(p.size):
        gradient = sign * g[i] + decay * p[i]
        mean[i] += gain1 * (gradient - mean[i])
        square[i] = keep2 * square[i] + gain2 * gradient * gradient
        p[i] = shrink * p[i] - (of_gradient * gradient + of_mean * mean[i]) / (math.sqrt(square[i]) / root + eps)


@kernel(items=lambda indices: indices.size)
def nadam_products(hyper, steps, products, indices, begin, end):
    for i in range(begin, end):
        products[indices[i]] *= mu(hyper, steps[indices[i]] + 1)


@kernel(items=lambda p: p.size)
def rmsprop_update(hyper, g, square, average, buffer, p, centered, with_momentum, begin, end):
    real = p.dtype.type
    lr, keep, gain, eps, decay = real(hyper[0]), real(hyper[1]), real(1 - hyper[1]), real(hyper[2]), real(hyper[3])
    momentum, sign = real(hyper[4]), real(-1 if hyper[5] != 0 else 1)
    g, square, p = g[begin:end], square[begin:end], p[begin:end]
    average, buffer = average[begin:end], buffer[begin:end]
    for i in range(p.size):
        gradient = sign * g[i] + decay * p[i]
        variance = keep * square[i] + gain * gradient * gradient
        square[i] = variance
        if centered:
            average[i] += gain * (gradient - average[i])
            variance -= average[i] * average[i]
        step = gradient / (np.sqrt(variance) + eps)            # rounding may leave it below zero: NaN
        if with_momentum:
            step += momentum * buffer[i]
            buffer[i] = step
        p[i] -= lr * step


adaptive, mu = compiled(adaptive), compiled(mu)
