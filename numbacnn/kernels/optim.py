"""Optimisers: all parameters at once."""
from typing import Any, Protocol


class OptimKernels(Protocol):
    """Optimisers.

    Inputs: hyper, k gradients, state arrays, k parameters. Outputs: the state arrays, the k parameters. State of
    parameter i starts at offsets[i] of a flat array, in the order in which the parameter's own numbers lie in memory;
    that of parameters that are not in the call is carried over. steps (number of parameters), float64: updates done so
    far; numbers: for each of the k parameters its index in steps, then for each its offset.
    """

    def sgd(self, *arrays_and_numbers: Any) -> None:
        """p -= lr * g, with g += weight_decay * p first. hyper (2), float64: lr, weight_decay. No state, no numbers.

        arrays: hyper, gradients, parameters | parameters.
        """

    def sgd_momentum(self, *arrays_and_numbers: Any) -> None:
        """SGD with momentum, PyTorch's form: buffer = momentum * buffer + (1 - dampening) * g (at first: g);
        p -= lr * buffer, or (nesterov) lr * (g + momentum * buffer).

        hyper (5), float64: lr, weight_decay, momentum, dampening, nesterov.
        arrays: hyper, gradients, steps, buffer, parameters | steps, buffer, parameters | indices, offsets.
        """

    def adam(self, *arrays_and_numbers: Any) -> None:
        """Adam (Kingma and Ba, 2015, algorithm 1), PyTorch's form: p -= lr / (1 - beta1^t) * mean / (sqrt(square / (1 -
        beta2^t)) + eps); weight decay is added to g, or (decoupled) p *= 1 - lr * weight_decay first (AdamW).

        hyper (6), float64: lr, beta1, beta2, eps, weight_decay, decoupled.
        arrays: hyper, gradients, steps, mean, square, parameters | steps, mean, square, parameters | indices, offsets.
        """
