"""Optimisers, and averages of parameters: all parameters at once."""
from typing import Any, Protocol


class OptimKernels(Protocol):
    """Optimisers.

    Inputs: hyper, k gradients, state arrays, k parameters. Outputs: the state arrays, the k parameters. State of
    parameter i starts at offsets[i] of a flat array, in the order in which the parameter's own numbers lie in memory;
    that of parameters that are not in the call is carried over. steps (number of parameters), float64: updates done so
    far, t being the next; numbers: for each of the k parameters its index in steps, then for each its offset. hyper,
    float64, are the options; where maximize is not zero, g is the gradient with its sign turned.
    """

    def sgd(self, *arrays_and_numbers: Any) -> None:
        """p -= lr * g, with g += weight_decay * p first. No state, no numbers. hyper (6): that of sgd_momentum.

        arrays: hyper, gradients, parameters | parameters.
        """

    def sgd_momentum(self, *arrays_and_numbers: Any) -> None:
        """SGD with momentum, PyTorch's form: buffer = momentum * buffer + (1 - dampening) * g (at first: g);
        p -= lr * buffer, or (nesterov) lr * (g + momentum * buffer).

        hyper (6): lr, weight_decay, momentum, dampening, nesterov, maximize.
        arrays: hyper, gradients, steps, buffer, parameters | steps, buffer, parameters | indices, offsets.
        """

    def adam(self, *arrays_and_numbers: Any) -> None:
        """Adam (Kingma and Ba, 2015, algorithm 1), PyTorch's form: p -= lr / (1 - beta1^t) * mean / (sqrt(square / (1 -
        beta2^t)) + eps); weight decay is added to g, or (decoupled) p *= 1 - lr * weight_decay first (AdamW).

        hyper (7): lr, beta1, beta2, eps, weight_decay, decoupled, maximize.
        arrays: hyper, gradients, steps, mean, square, parameters | steps, mean, square, parameters | indices, offsets.
        """

    def adam_amsgrad(self, *arrays_and_numbers: Any) -> None:
        """Adam with the largest square so far under the root: largest = max(largest, square), a third flat state.

        hyper, arrays, numbers: those of adam, with largest after square.
        """

    def rmsprop(self, *arrays_and_numbers: Any) -> None:
        """square = alpha * square + (1 - alpha) * g^2; step = g / (sqrt(square) + eps); p -= lr * step.

        Centered: mean = alpha * mean + (1 - alpha) * g, and square - mean^2 under the root. With momentum: buffer =
        momentum * buffer + step, and p moves by it. hyper (6): lr, alpha, eps, weight_decay, momentum, maximize.
        arrays: hyper, gradients, steps, square, [mean,] [buffer,] parameters | the same without hyper and gradients |
        indices, offsets, whether centered, whether with momentum.
        """

    def adagrad(self, *arrays_and_numbers: Any) -> None:
        """total += g^2; p -= lr / (1 + (t - 1) * lr_decay) * g / (sqrt(total) + eps).

        hyper (5): lr, lr_decay, eps, weight_decay, maximize.
        arrays: hyper, gradients, steps, total, parameters | steps, total, parameters | indices, offsets.
        """

    def adadelta(self, *arrays_and_numbers: Any) -> None:
        """square = rho * square + (1 - rho) * g^2; change = sqrt(moved + eps) / sqrt(square + eps) * g; moved = rho *
        moved + (1 - rho) * change^2; p -= lr * change.

        hyper (5): lr, rho, eps, weight_decay, maximize.
        arrays: hyper, gradients, steps, square, moved, parameters | the same without hyper and gradients | indices,
        offsets.
        """

    def adamax(self, *arrays_and_numbers: Any) -> None:
        """mean as in adam; largest = max(beta2 * largest, |g| + eps); p -= lr / (1 - beta1^t) * mean / largest.

        hyper (6): lr, beta1, beta2, eps, weight_decay, maximize.
        arrays, numbers: those of adam, with largest for square.
        """

    def nadam(self, *arrays_and_numbers: Any) -> None:
        """mean, square and weight decay as in adam. mu(t) = beta1 * (1 - 0.96^(t * momentum_decay) / 2), product the
        product of mu(1) to mu(t); p -= lr * ((1 - mu(t)) / (1 - product) * g + mu(t + 1) / (1 - product * mu(t + 1)) *
        mean) / (sqrt(square / (1 - beta2^t)) + eps).

        hyper (8): lr, beta1, beta2, eps, weight_decay, decoupled, maximize, momentum_decay.
        arrays, numbers: those of adam, with products, one for each parameter, float64, after steps.
        """

    def radam(self, *arrays_and_numbers: Any) -> None:
        """mean, square and weight decay as in adam. r(t) = limit - 2 t beta2^t / (1 - beta2^t), limit = 2 / (1 -
        beta2) - 1; p -= lr / (1 - beta1^t) * mean, where r > 5 times sqrt((r - 4) (r - 2) limit / ((limit - 4) (limit -
        2) r) * (1 - beta2^t)) / (sqrt(square) + eps).

        hyper, arrays, numbers: those of adam.
        """

    def lion(self, *arrays_and_numbers: Any) -> None:
        """p = (1 - lr * weight_decay) * p - lr * sign(beta1 * mean + (1 - beta1) * g); mean = beta2 * mean + (1 -
        beta2) * g. The sign of zero is zero, that of NaN is NaN.

        hyper (5): lr, beta1, beta2, weight_decay, maximize.
        arrays: hyper, gradients, steps, mean, parameters | steps, mean, parameters | indices, offsets.
        """

    def average(self, *arrays_and_numbers: Any) -> None:
        """average = decay * average + (1 - decay) * x, or (decay < 0) average += (x - average) / (n + 1); where n is 0,
        average = x. n (), int64, counts: n += 1.

        arrays: decay (), float64, values x, n, averages | n, averages.
        """
