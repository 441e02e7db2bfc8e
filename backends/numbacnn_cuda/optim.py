"""SGD, Adam, and how every optimiser is lowered: two launches for all parameters, on memory changed in place.

The first finds what is one number for each parameter, such as 1 - beta^t, in float64, and counts its step; the second
updates every number of all parameters (pieces.py). Where an output is not its input's memory already, the input is
copied there first. State of parameter i begins at offsets[i] of flat arrays. Formulas and their order are PyTorch's
(torch.optim). To maximise is to minimise with the gradient's sign turned.
"""
import math

import numpy as np

from numbacnn.kernels.channels_last import View

from .compile import cuda, device, kernel
from .elementwise import renamed
from .functions import PRIMITIVES
from .pieces import applied, rates_of, stepping
from .strided import gather

root = PRIMITIVES["sqrt"]


def sgd(*arguments):
    """Lower as `updates` does; there are no steps to count."""
    calls, hyper, gradients, parameters, _ = in_place(arguments, 0)
    rates = rates_of(gradients)
    return [*calls, (sgd_rates, [hyper, rates]), *applied(sgd_step, rates, gradients, parameters)]


def sgd_momentum(*arguments):
    return updates(momentum_rates, momentum_step, arguments, 1)


def adam(*arguments):
    return updates(adam_rates, adam_step, arguments, 2)


def adam_amsgrad(*arguments):
    return updates(adam_rates, amsgrad_step, arguments, 3)


def updates(find_rates, step, arguments, states):
    """Return the calls that copy what is not updated in place, find rates and count steps, and update parameters."""
    calls, hyper, gradients, (steps, *rest), numbers = in_place(arguments, 1 + states)
    rates, (indices, offsets) = rates_of(gradients), halves(numbers)
    return [*calls, (find_rates, [hyper, steps, rates, np.array(indices, np.int64)]),
            *applied(step, rates, gradients, rest[states:], rest[:states], offsets)]


def in_place(arguments, states):
    """Return the calls that copy what is not updated in place, hyper, gradients, what is to be updated, numbers.

    Arguments: hyper, k gradients, arrays of state, k parameters; state and parameters again, as outputs; numbers.
    """
    arrays = [argument for argument in arguments if isinstance(argument, View)]
    k = (len(arrays) - 1 - 2 * states) // 3
    hyper, gradients, rest = arrays[0], arrays[1:1 + k], arrays[1 + k:]
    old, new = rest[:states + k], rest[states + k:]
    moved = [(source, target) for source, target in zip(old, new, strict=True) if source != target]
    calls = [gather(source.flat(), target) for source, target in moved if target in new[:states]]
    found = [pair for pair in moved if pair[1] in new[states:]]
    if found:
        sources, targets = zip(*found, strict=True)
        calls += applied(copy_step, rates_of(sources), sources, targets)
    return calls, hyper.flat(), gradients, new, arguments[len(arrays):]


def halves(sequence):
    """Return two halves of a sequence."""
    half = len(sequence) // 2
    return sequence[:half], sequence[half:]


def rates_by(function):
    """Return the kernel that finds the rates of each parameter, from hyper and the step t, and counts the step."""
    of_parameter = device(function)

    def find(hyper, steps, rates, indices):
        i = cuda.grid(1)
        if i < indices.size:
            t = steps[indices[i]] + 1
            found = of_parameter(hyper, t)
            for j in range(len(found)):
                rates[i, j] = found[j]
            steps[indices[i]] = t

    return kernel(items=lambda indices: indices.size, wide=True)(renamed(find, function.__name__))


# --- rates, in float64: the first a step gets for a parameter -------------------------------------------------------

@kernel(items=lambda rates: rates.shape[0], wide=True)
def sgd_rates(hyper, rates):
    i = cuda.grid(1)
    if i < rates.shape[0]:                               # lr * (weight_decay * p - g), without another operation
        rates[i, 0], rates[i, 1] = (-hyper[0], -hyper[1]) if hyper[5] != 0 else (hyper[0], hyper[1])


@rates_by
def momentum_rates(hyper, t):
    keep, gain = (hyper[2], 1 - hyper[3]) if t > 1 else (0.0, 1.0)
    old, new = (1.0, hyper[2]) if hyper[4] != 0 else (0.0, 1.0)         # p moves by old * gradient + new * buffer
    if hyper[5] != 0:                                                   # `gradient` is its negative
        return hyper[0], -hyper[1], keep, -gain, -old, new
    return hyper[0], hyper[1], keep, gain, old, new


@rates_by
def adam_rates(hyper, t):
    lr, beta1, beta2, weight_decay = hyper[0], hyper[1], hyper[2], hyper[4]
    decay, shrink, sign = weight_decay, 1.0, 1.0                        # added to the gradient
    if hyper[5] != 0:                                                   # or apart from it
        decay, shrink = 0.0, 1 - lr * weight_decay
    if hyper[6] != 0:                                                   # `gradient` is its negative
        decay, sign = -decay, -1.0
    return (lr / (1 - beta1 ** t), math.sqrt(1 - beta2 ** t), decay, shrink, sign, 1 - beta1, beta2, 1 - beta2,
            hyper[3])


# --- steps, for one number ------------------------------------------------------------------------------------------

@stepping(states=0)
def copy_step(k, x, y, a, b, c):
    return x, a, b, c


@stepping(states=0)
def sgd_step(k, g, p, a, b, c):
    return p - k[0] * (g + k[1] * p), a, b, c


@stepping(states=1)
def momentum_step(k, g, p, buffer, b, c):
    lr, decay, keep, gain, old, new = k[:6]
    gradient = g + decay * p
    buffer = keep * buffer + gain * gradient
    return p - lr * (old * gradient + new * buffer), buffer, b, c


@stepping(states=2)
def adam_step(k, g, p, mean, square, c):
    rate, scale, decay, shrink, sign, gain1, keep2, gain2, eps = k[:9]
    gradient = g + decay * p
    mean += gain1 * (sign * gradient - mean)
    square = keep2 * square + gain2 * gradient * gradient
    return shrink * p - rate * mean / (root(square) / scale + eps), mean, square, c


@stepping(states=3)
def amsgrad_step(k, g, p, mean, square, largest):
    rate, scale, decay, shrink, sign, gain1, keep2, gain2, eps = k[:9]
    gradient = g + decay * p
    mean += gain1 * (sign * gradient - mean)
    square = keep2 * square + gain2 * gradient * gradient
    largest = square if square > largest or square != square else largest           # NaN is the largest
    return shrink * p - rate * mean / (root(largest) / scale + eps), mean, square, largest

