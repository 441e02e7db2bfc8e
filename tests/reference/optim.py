"""Optimisers, and averages of parameters."""
import numpy as np


def updated(arrays_and_numbers, states):
    """Copy what is to be updated; return hyper, and for each parameter (gradient, parameter, its states).

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
        views = [new[0][numbers[i]:numbers[i] + 1]] if states else []
        views += [s[numbers[k + i]:numbers[k + i] + p.size].reshape(p.shape) for s in new[1:states]]
        steps.append((gradients[i], p, *views))
    return hyper, steps


def _gradient_of(g, p, weight_decay, maximize):
    """Return the gradient of what is minimised, with weight decay added."""
    return (-g if maximize else g) + weight_decay * p


def _shrunk(g, p, lr, weight_decay, decoupled, maximize):
    """Return the gradient; decoupled weight decay shrinks the parameter."""
    if decoupled:
        p *= 1 - lr * weight_decay
        weight_decay = 0
    return _gradient_of(g, p, weight_decay, maximize)


def _follow(average, value, beta):
    average[...] = beta * average + (1 - beta) * value


def sgd(*arrays_and_numbers):
    (lr, weight_decay, *_, maximize), steps = updated(arrays_and_numbers, 0)
    for g, p in steps:
        p -= lr * _gradient_of(g, p, weight_decay, maximize)


def sgd_momentum(*arrays_and_numbers):
    (lr, weight_decay, momentum, dampening, nesterov, maximize), steps = updated(arrays_and_numbers, 2)
    for g, p, step, buffer in steps:
        g = _gradient_of(g, p, weight_decay, maximize)
        buffer[...] = g if step[0] == 0 else momentum * buffer + (1 - dampening) * g
        p -= lr * (g + momentum * buffer if nesterov else buffer)
        step += 1


def adam(*arrays_and_numbers):
    (lr, beta1, beta2, eps, *decay), steps = updated(arrays_and_numbers, 3)
    for g, p, step, mean, square in steps:
        g = _shrunk(g, p, lr, *decay)
        step += 1
        _follow(mean, g, beta1)
        _follow(square, g ** 2, beta2)
        p -= lr / (1 - beta1 ** step[0]) * (mean / (np.sqrt(square / (1 - beta2 ** step[0])) + eps))


def adam_amsgrad(*arrays_and_numbers):
    (lr, beta1, beta2, eps, *decay), steps = updated(arrays_and_numbers, 4)
    for g, p, step, mean, square, largest in steps:
        g = _shrunk(g, p, lr, *decay)
        step += 1
        _follow(mean, g, beta1)
        _follow(square, g ** 2, beta2)
        largest[...] = np.maximum(largest, square)
        p -= lr / (1 - beta1 ** step[0]) * (mean / (np.sqrt(largest / (1 - beta2 ** step[0])) + eps))


def rmsprop(*arrays_and_numbers):
    *arrays_and_numbers, centered, with_momentum = arrays_and_numbers
    hyper, steps = updated(arrays_and_numbers, 2 + centered + with_momentum)
    lr, alpha, eps, weight_decay, momentum, maximize = hyper
    for g, p, step, square, *rest in steps:
        g = _gradient_of(g, p, weight_decay, maximize)
        step += 1
        _follow(square, g ** 2, alpha)
        variance = square
        if centered:
            _follow(rest[0], g, alpha)
            variance = square - rest[0] ** 2
        move = g / (np.sqrt(variance) + eps)
        if with_momentum:
            rest[-1][...] = momentum * rest[-1] + move
            move = rest[-1]
        p -= lr * move


def adagrad(*arrays_and_numbers):
    (lr, lr_decay, eps, weight_decay, maximize), steps = updated(arrays_and_numbers, 2)
    for g, p, step, total in steps:
        g = _gradient_of(g, p, weight_decay, maximize)
        step += 1
        total += g ** 2
        p -= lr / (1 + (step[0] - 1) * lr_decay) * g / (np.sqrt(total) + eps)


def adadelta(*arrays_and_numbers):
    (lr, rho, eps, weight_decay, maximize), steps = updated(arrays_and_numbers, 3)
    for g, p, step, square, moved in steps:
        g = _gradient_of(g, p, weight_decay, maximize)
        step += 1
        _follow(square, g ** 2, rho)
        change = np.sqrt(moved + eps) / np.sqrt(square + eps) * g
        _follow(moved, change ** 2, rho)
        p -= lr * change


def adamax(*arrays_and_numbers):
    (lr, beta1, beta2, eps, weight_decay, maximize), steps = updated(arrays_and_numbers, 3)
    for g, p, step, mean, largest in steps:
        g = _gradient_of(g, p, weight_decay, maximize)
        step += 1
        _follow(mean, g, beta1)
        largest[...] = np.maximum(beta2 * largest, np.abs(g) + eps)
        p -= lr / (1 - beta1 ** step[0]) * mean / largest


def nadam(*arrays_and_numbers):
    arrays = [a for a in arrays_and_numbers if isinstance(a, np.ndarray)]
    k = (len(arrays) - 9) // 3
    old_products, products = arrays[2 + k], arrays[2 + k + 4 + k]
    rest = [a for a in arrays_and_numbers if a is not old_products and a is not products]
    products[...] = old_products
    (lr, beta1, beta2, eps, *decay, momentum_decay), steps = updated(rest, 3)
    for (g, p, step, mean, square), index in zip(steps, arrays_and_numbers[len(arrays):], strict=False):
        g = _shrunk(g, p, lr, *decay)
        step += 1
        t = step[0]
        now, coming = (beta1 * (1 - 0.5 * 0.96 ** (s * momentum_decay)) for s in (t, t + 1))
        products[index] *= now
        _follow(mean, g, beta1)
        _follow(square, g ** 2, beta2)
        move = (1 - now) / (1 - products[index]) * g + coming / (1 - products[index] * coming) * mean
        p -= lr * move / (np.sqrt(square / (1 - beta2 ** t)) + eps)


def radam(*arrays_and_numbers):
    (lr, beta1, beta2, eps, *decay), steps = updated(arrays_and_numbers, 3)
    limit = 2 / (1 - beta2) - 1
    for g, p, step, mean, square in steps:
        g = _shrunk(g, p, lr, *decay)
        step += 1
        t = step[0]
        _follow(mean, g, beta1)
        _follow(square, g ** 2, beta2)
        move, r = mean / (1 - beta1 ** t), limit - 2 * t * beta2 ** t / (1 - beta2 ** t)
        if r > 5:
            rectified = np.sqrt((r - 4) * (r - 2) * limit / ((limit - 4) * (limit - 2) * r))
            move = move * rectified * np.sqrt(1 - beta2 ** t) / (np.sqrt(square) + eps)
        p -= lr * move


def lion(*arrays_and_numbers):
    (lr, beta1, beta2, weight_decay, maximize), steps = updated(arrays_and_numbers, 2)
    for g, p, step, mean in steps:
        g = _shrunk(g, p, lr, weight_decay, True, maximize)
        step += 1
        p -= lr * np.sign(beta1 * mean + (1 - beta1) * g)
        _follow(mean, g, beta2)


def average(decay, *arrays):
    k = (len(arrays) - 2) // 3
    values, (n, *old), (count, *new) = arrays[:k], arrays[k:2 * k + 1], arrays[2 * k + 1:]
    for x, before, after in zip(values, old, new, strict=True):
        weight = 1 - decay if decay >= 0 else 1 / (n + 1)
        after[...] = x if n == 0 else before + weight * (x - before)
    count[...] = n + 1
