"""First values of parameters. Functions that end in an underscore rebind the tensor they are given, and return it."""
import math

import numpy as np

from numbacnn import random
from numbacnn.autograd import Tensor
from numbacnn.errors import ShapeError
from numbacnn.graph import Array


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """Draw from [a, b), evenly."""
    return _set(tensor, random.host_generator().uniform(a, b, tensor.shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Draw from a normal distribution."""
    return _set(tensor, random.host_generator().normal(mean, std, tensor.shape))


def constant_(tensor: Tensor, value: float) -> Tensor:
    """Fill with one number."""
    return _set(tensor, np.full(tensor.shape, value))


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return constant_(tensor, 1.0)


def xavier_uniform_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Draw evenly so that variance keeps its size forwards and backwards.

    References
    ----------
    X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural networks (AISTATS 2010),
    equation 16.
    """
    fan_in, fan_out = fans(tensor)
    bound = gain * math.sqrt(6.0 / (fan_in + fan_out))
    return uniform_(tensor, -bound, bound)


def xavier_normal_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Draw from a normal distribution so that variance keeps its size forwards and backwards."""
    fan_in, fan_out = fans(tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / (fan_in + fan_out)))


def kaiming_uniform_(tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """Draw evenly so that variance keeps its size through rectifiers.

    Parameters
    ----------
    tensor : Tensor, shape (O, C, ...)
        Weights of a layer.
    a : float
        Slope of the rectifier below zero.
    mode : "fan_in" or "fan_out"
        Whether variance keeps its size forwards or backwards.
    nonlinearity : "leaky_relu", "relu" or "linear"
        What follows the layer.

    References
    ----------
    K. He et al., Delving deep into rectifiers (ICCV 2015), section 2.2.
    """
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound)


def kaiming_normal_(tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """Draw from a normal distribution so that variance keeps its size through rectifiers; see `kaiming_uniform_`."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity))


def calculate_gain(nonlinearity: str, a: float = 0.0) -> float:
    """Return by how much weights must grow to make up for what follows the layer."""
    gains = {"linear": 1.0, "conv2d": 1.0, "sigmoid": 1.0, "relu": math.sqrt(2.0),
             "leaky_relu": math.sqrt(2.0 / (1.0 + a * a))}
    if nonlinearity not in gains:
        raise ValueError(f"calculate_gain: nonlinearity must be one of {', '.join(gains)}, got {nonlinearity!r}")
    return gains[nonlinearity]


def fans(tensor: Tensor) -> tuple[int, int]:
    """Return how many inputs an output has, and how many outputs an input has, for weights (O, C, ...)."""
    if tensor.ndim < 2:
        raise ShapeError(f"init: weights must have at least two axes (O, C, ...), got shape {tensor.shape}")
    window = math.prod(tensor.shape[2:])
    return tensor.shape[1] * window, tensor.shape[0] * window


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"init: mode must be 'fan_in' or 'fan_out', got {mode!r}")
    return calculate_gain(nonlinearity, a) / math.sqrt(fans(tensor)[mode == "fan_out"])


def _set(tensor: Tensor, values: np.ndarray) -> Tensor:
    tensor.array = Array.of(np.asarray(values, tensor.dtype), tensor.device)
    return tensor
