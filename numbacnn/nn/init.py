"""First values of parameters. Functions that end in an underscore rebind the tensor they are given, and return it.

Numbers are drawn on the host: from the generator that `numbacnn.manual_seed` seeds, or from ``generator``, a
`numbacnn.Generator`, one of NumPy, or a seed for this call.
"""
import math
from typing import Any

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.dtypes import FLOATING
from numbacnn.errors import DTypeError, GradientError, ShapeError
from numbacnn.geometry import count
from numbacnn.graph import Array
from numbacnn.nn.truncated import truncated_normal
from numbacnn.ops.check import any_tensor, floating
from numbacnn.options import choice, number, operand, whole
from numbacnn.part import assign
from numbacnn.random import Seed, host_generator, own_generator

LINEAR = ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d")


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Seed = None) -> Tensor:
    """Draw from [a, b), evenly.

    Parameters
    ----------
    tensor : Tensor
        What is filled.
    a, b : float
        The limits.
    generator : Generator, numpy.random.Generator or int, optional
        Where numbers come from.
    """
    low, high = _limits("uniform_", tensor, a, b)
    return _set(tensor, _drawn("uniform_", generator).uniform(low, high, tensor.shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Seed = None) -> Tensor:
    """Draw from a normal distribution.

    Parameters
    ----------
    tensor : Tensor
        What is filled.
    mean, std : float
        Mean and standard deviation.
    generator : Generator, numpy.random.Generator or int, optional
        Where numbers come from.
    """
    _check("normal_", tensor)
    mean, std = number("normal_", "mean", mean), number("normal_", "std", std, 0.0)
    return _set(tensor, _drawn("normal_", generator).normal(mean, std, tensor.shape))


def trunc_normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0,
                  generator: Seed = None) -> Tensor:
    """Draw from a normal distribution, again wherever a number is not in [a, b].

    Parameters
    ----------
    tensor : Tensor
        What to fill.
    mean : float
        Mean of the distribution, before it is cut.
    std : float > 0
        Its standard deviation.
    a : float
        The least number, as it is: no multiple of std.
    b : float
        The largest number.
    generator : Generator, numpy.random.Generator or int, optional
        Where numbers come from.
    """
    _check("trunc_normal_", tensor)
    mean, std = number("trunc_normal_", "mean", mean), number("trunc_normal_", "std", std, 0.0)
    a, b = (number("trunc_normal_", name, limit, infinite=True) for name, limit in (("a", a), ("b", b)))
    if not a <= b or math.inf in (a, -b) or std == 0:
        raise ShapeError(f"trunc_normal_: a <= b and std > 0 must hold, got a={a:g}, b={b:g}, std={std:g}")
    drawn = _drawn("trunc_normal_", generator)
    values = truncated_normal(drawn, (a - mean) / std, (b - mean) / std, count(tensor.shape))
    return _set(tensor, np.clip(mean + std * values, a, b).reshape(tensor.shape))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one number.

    Parameters
    ----------
    tensor : Tensor
        What is filled.
    val : float
        The number.
    """
    _check("constant_", tensor, real=False)
    operand("constant_", "val", val)
    if tensor.array.dtype not in FLOATING and (not math.isfinite(val) or np.array(val, tensor.dtype) != val):
        raise DTypeError(f"constant_: val must be a number of {tensor.array.dtype}, got {val!r}")
    return _set(tensor, np.full(tensor.shape, val))


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros.

    Parameters
    ----------
    tensor : Tensor
        What is filled.
    """
    _check("zeros_", tensor, real=False)
    return _set(tensor, np.zeros(tensor.shape))


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones.

    Parameters
    ----------
    tensor : Tensor
        What is filled.
    """
    _check("ones_", tensor, real=False)
    return _set(tensor, np.ones(tensor.shape))


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with ones on its diagonal and zeros elsewhere: a linear layer that hands on its input.

    Parameters
    ----------
    tensor : Tensor, shape (O, C)
        What is filled.
    """
    _check("eye_", tensor, real=False)
    _two_axes("eye_", tensor)
    return _set(tensor, np.eye(tensor.shape[0], tensor.shape[1]))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill the weight of a convolution so that it hands on as many channels as it can.

    Parameters
    ----------
    tensor : Tensor, shape (O, C, K), (O, C, KH, KW) or (O, C, KD, KH, KW)
        The weight: one in the middle of each window that joins equal channels, zeros elsewhere.
    groups : int >= 1
        Groups of the convolution, each of which hands on its channels.
    """
    _check("dirac_", tensor)
    if not 3 <= tensor.ndim <= 5:
        raise ShapeError(f"dirac_: the weight of a convolution must have 3, 4 or 5 axes, got shape {tensor.shape}")
    whole("dirac_", "groups", groups, 1)
    outputs, channels, *window = tensor.shape
    if outputs % groups:
        raise ShapeError(f"dirac_: groups must divide the outputs, got groups={groups} and {outputs} outputs")
    values = np.zeros(tensor.shape)
    each = outputs // groups
    for o in range(outputs):
        if o % each < channels and 0 not in window:
            values[(o, o % each, *[n // 2 for n in window])] = 1
    return _set(tensor, values)


def orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Seed = None) -> Tensor:
    """Draw a matrix with orthogonal rows, or columns if there are fewer of them, evenly among all.

    Parameters
    ----------
    tensor : Tensor, shape (O, ...)
        Read as a matrix (O, all others).
    gain : float
        Length of the rows, or columns.
    generator : Generator, numpy.random.Generator or int, optional
        Where numbers come from.

    References
    ----------
    A. Saxe, J. McClelland and S. Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks (ICLR 2014). F. Mezzadri, How to generate random matrices from the classical compact groups (2007), section
    5: the signs.
    """
    _check("orthogonal_", tensor)
    gain = number("orthogonal_", "gain", gain)
    if tensor.ndim < 2:
        raise ShapeError(f"orthogonal_: tensor must have two axes at least, got shape {tensor.shape}")
    drawn = _drawn("orthogonal_", generator)
    if count(tensor.shape) == 0:
        return tensor
    rows, columns = tensor.shape[0], count(tensor.shape[1:])
    q, r = np.linalg.qr(drawn.standard_normal((max(rows, columns), min(rows, columns))))
    q *= np.where(np.diagonal(r) < 0, -1.0, 1.0)
    return _set(tensor, gain * (q if rows >= columns else q.T).reshape(tensor.shape))


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Seed = None) -> Tensor:
    """Draw a matrix from a normal distribution, and set a share of each column to zero.

    Parameters
    ----------
    tensor : Tensor, shape (O, C)
        What to fill.
    sparsity : float in [0, 1]
        The share.
    std : float >= 0
        Standard deviation of the others.
    generator : Generator, numpy.random.Generator or int, optional
        Where numbers come from.

    References
    ----------
    J. Martens, Deep learning via Hessian-free optimization (ICML 2010), section 5.
    """
    _check("sparse_", tensor)
    _two_axes("sparse_", tensor)
    sparsity, std = number("sparse_", "sparsity", sparsity, 0.0, 1.0), number("sparse_", "std", std, 0.0)
    drawn = _drawn("sparse_", generator)
    values = drawn.normal(0.0, std, tensor.shape)
    order = drawn.permuted(np.tile(np.arange(tensor.shape[0])[:, None], tensor.shape[1]), axis=0)
    values[order < math.ceil(sparsity * tensor.shape[0])] = 0
    return _set(tensor, values)


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Seed = None) -> Tensor:
    """Draw evenly so that variance keeps its size forwards and backwards.

    Parameters
    ----------
    tensor : Tensor, shape (O, C, ...)
        The weight.
    gain : float
        What the standard deviation is multiplied by; `calculate_gain` knows it.
    generator : Generator, numpy.random.Generator or int, optional
        Where numbers come from.

    References
    ----------
    X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural networks (AISTATS 2010),
    equation 16.
    """
    return _even("xavier_uniform_", tensor, _xavier_std("xavier_uniform_", tensor, gain), generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Seed = None) -> Tensor:
    """Draw from a normal distribution so that variance keeps its size forwards and backwards; see `xavier_uniform_`.

    Parameters are those of `xavier_uniform_`.
    """
    std = _xavier_std("xavier_normal_", tensor, gain)
    return _set(tensor, _drawn("xavier_normal_", generator).normal(0.0, std, tensor.shape))


def kaiming_uniform_(tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
                     generator: Seed = None) -> Tensor:
    """Draw evenly so that variance keeps its size through what follows the layer.

    Parameters
    ----------
    tensor : Tensor, shape (O, C, ...)
        Weights of a layer.
    a : float
        Slope of a leaky rectifier below zero.
    mode : "fan_in" or "fan_out"
        Whether variance keeps its size forwards or backwards.
    nonlinearity : str
        What follows the layer; see `calculate_gain`.
    generator : Generator, numpy.random.Generator or int, optional
        Where numbers come from.

    References
    ----------
    K. He et al., Delving deep into rectifiers (ICCV 2015), section 2.2.
    """
    return _even("kaiming_uniform_", tensor, _kaiming_std("kaiming_uniform_", tensor, a, mode, nonlinearity), generator)


def kaiming_normal_(tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
                    generator: Seed = None) -> Tensor:
    """Draw from a normal distribution so that variance keeps its size; see `kaiming_uniform_`.

    Parameters are those of `kaiming_uniform_`.
    """
    std = _kaiming_std("kaiming_normal_", tensor, a, mode, nonlinearity)
    return _set(tensor, _drawn("kaiming_normal_", generator).normal(0.0, std, tensor.shape))


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return by how much weights must grow to make up for what follows the layer.

    Parameters
    ----------
    nonlinearity : str
        "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d" or "sigmoid"
        (1), "tanh" (5/3), "relu" (sqrt 2), "leaky_relu" (sqrt(2 / (1 + slope^2))) or "selu" (3/4).
    param : float, optional
        The slope of "leaky_relu"; by default 0.01.
    """
    gains = dict.fromkeys((*LINEAR, "sigmoid"), 1.0) | {"tanh": 5.0 / 3, "relu": math.sqrt(2.0), "selu": 0.75}
    known = (*gains, "leaky_relu")
    choice("calculate_gain", "nonlinearity", nonlinearity, *known)
    slope = 0.01 if param is None else number("calculate_gain", "param", param)
    return gains.get(nonlinearity, math.sqrt(2.0 / (1.0 + slope * slope)))


def fans(tensor: Tensor) -> tuple[int, int]:
    """Return how many inputs an output has, and how many outputs an input has, for weights (O, C, ...).

    Parameters
    ----------
    tensor : Tensor, shape (O, C, ...)
        The weight.
    """
    if tensor.ndim < 2:
        raise ShapeError(f"init: weights must have at least two axes (O, C, ...), got shape {tensor.shape}")
    window = math.prod(tensor.shape[2:])
    return tensor.shape[1] * window, tensor.shape[0] * window


def _xavier_std(op: str, tensor: Tensor, gain: float) -> float:
    _check(op, tensor)
    return number(op, "gain", gain, 0.0) * math.sqrt(2.0 / max(sum(fans(tensor)), 1))


def _kaiming_std(op: str, tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    _check(op, tensor)
    choice(op, "mode", mode, "fan_in", "fan_out")
    gain = calculate_gain(nonlinearity, number(op, "a", a))
    return gain / math.sqrt(max(fans(tensor)[mode == "fan_out"], 1))       # an empty one is filled with nothing


def _limits(op: str, tensor: Tensor, a: float, b: float) -> tuple[float, float]:
    _check(op, tensor)
    low, high = number(op, "a", a), number(op, "b", b)
    if low > high:
        raise ShapeError(f"{op}: a must be at most b, got a={low:g}, b={high:g}")
    return low, high


def _check(op: str, tensor: Any, real: bool = True) -> None:
    """Check that a tensor can be filled: made by the user, and of floating point if that is needed."""
    any_tensor(op, "tensor", tensor)
    if real:
        floating(op, tensor=tensor)
    if tensor.node is not None and tensor.owner is None:
        raise GradientError(f"{op}: tensor must be made by the user, such as a parameter, and not computed from others")


def _two_axes(op: str, tensor: Tensor) -> None:
    if tensor.ndim != 2:
        raise ShapeError(f"{op}: tensor must have two axes, got shape {tensor.shape}")


def _even(op: str, tensor: Tensor, std: float, generator: Seed) -> Tensor:
    """Numbers drawn evenly, of mean 0 and that standard deviation."""
    bound = math.sqrt(3.0) * std
    return _set(tensor, _drawn(op, generator).uniform(-bound, bound, tensor.shape))


def _drawn(op: str, generator: Seed) -> np.random.Generator:
    """The generator to draw from."""
    return host_generator(own_generator(op, generator))


def _set(tensor: Tensor, values: np.ndarray) -> Tensor:
    assign(tensor, Array.of(np.asarray(values, tensor.dtype), tensor.device))
    return tensor
