"""SGD, Adam, and how every optimiser is lowered: to one kernel call per parameter, on memory changed in place.

Where an output is not its input's memory already, the input is copied there first. State of parameter i begins at
offsets[i] of flat arrays. Formulas and their order are PyTorch's (torch.optim). An item is one number. To maximise is
to minimise with the gradient's sign turned.
"""
import math

import numpy as np

from numbacnn.kernels.channels_last import View, flat

from .cast import convert
from .compile import kernel


def sgd(*arguments):
    """Lower to one call per parameter."""
    calls, hyper, gradients, parameters, _ = in_place(arguments, 0)
    return calls + [(sgd_update, flat(hyper, g, p)) for g, p in zip(gradients, parameters, strict=True)]


def sgd_momentum(*arguments):
    return updates(sgd_momentum_update, arguments, 1)


def adam(*arguments):
    return updates(adam_update, arguments, 2)


def adam_amsgrad(*arguments):
    return updates(adam_amsgrad_update, arguments, 3)


def updates(update, arguments, states, chosen=()):
    """Return one call per parameter, and the one that counts steps: last, for all tiles of an update read the count.

    The kernel takes hyper, the gradient, steps, its pieces of the flat states, the parameter, what was chosen for it,
    and the parameter's index in steps.
    """
    calls, hyper, gradients, (steps, *rest), numbers = in_place(arguments, 1 + states)
    for g, p, index, offset in pieces(gradients, rest[states:], numbers):
        held = [piece(state, offset, p) for state in rest[:states]]
        calls.append((update, [*flat(hyper, g, steps), *held, p.flat(), *chosen, index]))
    return [*calls, (count_steps, [steps, indices(numbers)])]


def in_place(arguments, states):
    """Return the calls that copy what is not updated in place, hyper, gradients, what is to be updated, numbers.

    Arguments: hyper, k gradients, arrays of state, k parameters; state and parameters again, as outputs; numbers.
    """
    arrays = [argument for argument in arguments if isinstance(argument, View)]
    k = (len(arrays) - 1 - 2 * states) // 3
    hyper, gradients, rest = arrays[0], arrays[1:1 + k], arrays[1 + k:]
    old, new = rest[:states + k], rest[states + k:]
    calls = [(convert, flat(source, target)) for source, target in zip(old, new, strict=True) if source != target]
    return calls, hyper, gradients, new, arguments[len(arrays):]


def pieces(gradients, parameters, numbers):
    """Return for each parameter its gradient, itself, its index in steps and its offset in the flat state."""
    k = len(parameters)
    return zip(gradients, parameters, numbers[:k], numbers[k:], strict=True)


def piece(state, offset, parameter):
    """Return a parameter's part of a flat array."""
    return state._replace(offset=state.offset + offset * state.dtype.itemsize).shaped((parameter.size,))


def indices(numbers):
    """Return the indices in steps, the first half of the numbers, as a table."""
    return np.array(numbers[:len(numbers) // 2], np.intp)


@kernel(items=lambda indices: indices.size)
def count_steps(steps, indices, begin, end):
    for i in range(begin, end):
        steps[indices[i]] += 1


@kernel(items=lambda p: p.size)
def sgd_update(hyper, g, p, begin, end):
    real = p.dtype.type
    lr, weight_decay = real(hyper[0]), real(hyper[1])
    if hyper[5] != 0:                               # lr * (weight_decay * p - g), without another operation
        lr, weight_decay = -lr, -weight_decay
    g, p = g[begin:end], p[begin:end]
    for i in range(p.size):
        p[i] -= lr * (g[i] + weight_decay * p[i])


@kernel(items=lambda p: p.size)
def sgd_momentum_update(hyper, g, steps, buffer, p, index, begin, end):
    real = p.dtype.type
    lr, weight_decay, momentum = real(hyper[0]), real(hyper[1]), real(hyper[2])
    keep, gain = momentum, real(1 - hyper[3])
    if steps[index] == 0:
        keep, gain = real(0), real(1)
    old, new = real(0), real(1)                     # p moves by old * gradient + new * buffer
    if hyper[4] != 0:
        old, new = real(1), momentum
    if hyper[5] != 0:                               # `gradient` is its negative
        weight_decay, gain, old = -weight_decay, -gain, -old
    g, buffer, p = g[begin:end], buffer[begin:end], p[begin:end]
    for i in range(p.size):
        gradient = g[i] + weight_decay * p[i]
        buffer[i] = keep * buffer[i] + gain * gradient
        p[i] -= lr * (old * gradient + new * buffer[i])


@kernel(items=lambda p: p.size)
def adam_update(hyper, g, steps, mean, square, p, index, begin, end):
    real = p.dtype.type
    lr, beta1, beta2, weight_decay, t = hyper[0], hyper[1], hyper[2], hyper[4], steps[index] + 1
    rate, root = real(lr / (1 - beta1 ** t)), real(math.sqrt(1 - beta2 ** t))
    decay, shrink, sign = real(weight_decay), real(1), real(1)          # added to the gradient
    if hyper[5] != 0:                                                   # or apart from it
        decay, shrink = real(0), real(1 - lr * weight_decay)
    if hyper[6] != 0:                                                   # `gradient` is its negative
        decay, sign = -decay, -sign
    gain1, keep2, gain2, eps = real(1 - beta1), real(beta2), real(1 - beta2), real(hyper[3])
    g, mean, square, p = g[begin:end], mean[begin:end], square[begin:end], p[begin:end]
    for i in range(p.size):
        gradient = g[i] + decay * p[i]
        mean[i] += gain1 * (sign * gradient - mean[i])
        square[i] = keep2 * square[i] + gain2 * gradient * gradient
        p[i] = shrink * p[i] - rate * mean[i] / (math.sqrt(square[i]) / root + eps)


@kernel(items=lambda p: p.size)
def adam_amsgrad_update(hyper, g, steps, mean, square, largest, p, index, begin, end):
    real = p.dtype.type
    lr, beta1, beta2, weight_decay, t = hyper[0], hyper[1], hyper[2], hyper[4], steps[index] + 1
    rate, root = real(lr / (1 - beta1 ** t)), real(math.sqrt(1 - beta2 ** t))
    decay, shrink, sign = real(weight_decay), real(1), real(1)          # as in adam_update
    if hyper[5] != 0:
        decay, shrink = real(0), real(1 - lr * weight_decay)
    if hyper[6] != 0:
        decay, sign = -decay, -sign
    gain1, keep2, gain2, eps = real(1 - beta1), real(beta2), real(1 - beta2), real(hyper[3])
    g, mean, square, largest, p = g[begin:end], mean[begin:end], square[begin:end], largest[begin:end], p[begin:end]
    for i in range(p.size):
        gradient = g[i] + decay * p[i]
        mean[i] += gain1 * (sign * gradient - mean[i])
        now = keep2 * square[i] + gain2 * gradient * gradient
        square[i] = now
        top = largest[i]
        top = now if now > top or now != now else top                   # NaN is the largest
        largest[i] = top
        p[i] = shrink * p[i] - rate * mean[i] / (math.sqrt(top) / root + eps)
