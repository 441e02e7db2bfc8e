"""Optimisers."""
import numpy as np


def updated(arrays_and_numbers, states):
    """Copy what is to be updated; return hyper, and for each parameter (gradient, parameter, step, its states).

    Steps are the first state. Parameters that are not in the call keep theirs.
    """
    arrays = [a for a in arrays_and_numbers if isinstance(a, np.ndarray)]
    k = (len(arrays) - 1 - 2 * states) // 3
    numbers = arrays_and_numbers[len(arrays):]
    hyper, gradients, rest = arrays[0], arrays[1:1 + k], arrays[1 + k:]
    old, new = rest[:states + k], rest[states + k:]
    for source, target in zip(old, new, strict=True):
        target[...] = source
    steps = []
    for i, p in enumerate(new[states:]):
        views = []
        if states:
            index, offset = numbers[i], numbers[k + i]
            views = [new[0][index:index + 1], *(s[offset:offset + p.size].reshape(p.shape) for s in new[1:states])]
        steps.append((gradients[i], p, *views))
    return hyper, steps


def sgd(*arrays_and_numbers):
    hyper, steps = updated(arrays_and_numbers, 0)
    lr, weight_decay = hyper
    for g, p in steps:
        p -= lr * (g + weight_decay * p)


def sgd_momentum(*arrays_and_numbers):
    hyper, steps = updated(arrays_and_numbers, 2)
    lr, weight_decay, momentum, dampening, nesterov = hyper
    for g, p, step, buffer in steps:
        g = g + weight_decay * p
        buffer[...] = g if step[0] == 0 else momentum * buffer + (1 - dampening) * g
        p -= lr * (g + momentum * buffer if nesterov else buffer)
        step += 1


def adam(*arrays_and_numbers):
    hyper, steps = updated(arrays_and_numbers, 3)
    lr, beta1, beta2, eps, weight_decay, decoupled = hyper
    for g, p, step, mean, square in steps:
        if decoupled:
            p *= 1 - lr * weight_decay
        else:
            g = g + weight_decay * p
        step += 1
        t = step[0]
        mean[...] = beta1 * mean + (1 - beta1) * g
        square[...] = beta2 * square + (1 - beta2) * g ** 2
        p -= lr / (1 - beta1 ** t) * (mean / (np.sqrt(square / (1 - beta2 ** t)) + eps))
