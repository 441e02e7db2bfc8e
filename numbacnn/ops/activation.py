"""Activations made of straight lines."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.errors import ShapeError
from numbacnn.geometry import count
from numbacnn.graph import Array, record
from numbacnn.ops.check import floating
from numbacnn.ops.mapped import mapped
from numbacnn.ops.shape import reshape
from numbacnn.options import flag, number


def relu(x: Tensor, inplace: bool = False) -> Tensor:
    """Replace negative numbers by zero: max(x, 0).

    The gradient is 0 where x <= 0; NaN stays NaN. Keeps its output.

    Parameters
    ----------
    x : Tensor
        Any shape, float32, float64 or bfloat16.
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.

    References
    ----------
    V. Nair and G. Hinton, Rectified linear units improve restricted Boltzmann machines (ICML 2010).
    """
    floating("relu", x=x)
    if inplace is not False:
        flag("relu", "inplace", inplace)
    spec = ((x.array.shape, x.array.dtype),)
    y, = record("relu", (x.array,), spec)

    def backward(dy: Array) -> Gradients:
        return record("relu_backward", (dy, y), spec)

    return differentiable(y, (x,), backward)


def leaky_relu(x: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Scale negative numbers: x where x > 0, else negative_slope * x. Keeps x.

    Parameters
    ----------
    x : Tensor
        Any shape, float32, float64 or bfloat16.
    negative_slope : float
        The slope below zero.
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.

    References
    ----------
    A. Maas, A. Hannun and A. Ng, Rectifier nonlinearities improve neural network acoustic models (2013).
    """
    return mapped("leaky_relu", x, inplace, negative_slope=negative_slope)


def prelu(x: Tensor, weight: Tensor) -> Tensor:
    """Scale negative numbers by learned slopes: x where x > 0, else weight * x. Keeps x and weight.

    Parameters
    ----------
    x : Tensor
        Any shape; (N, C, ...) where there is a slope per channel.
    weight : Tensor, shape (1,) or (C,)
        The slopes.

    References
    ----------
    K. He et al., Delving deep into rectifiers (ICCV 2015), section 2.1.
    """
    floating("prelu", x=x, weight=weight)
    geometry.prelu(x.shape, weight.shape)
    if weight.shape != (1,) and x.ndim not in (2, 4):    # channels are those of an image of one row
        rows = reshape(x, (*x.shape[:2], 1, count(x.shape[2:])))
        return reshape(prelu(rows, weight), x.shape)
    x_data, w_data, needs = x.array, weight.array, (x.requires_grad, weight.requires_grad)
    spec = ((x_data.shape, x_data.dtype),)
    y, = record("prelu", (x_data, w_data), spec)

    def backward(dy: Array) -> Gradients:
        dx = record("prelu_backward_input", (dy, x_data, w_data), spec)[0] if needs[0] else None
        dweight = (record("prelu_backward_weight", (dy, x_data), ((w_data.shape, dy.dtype),))[0] if needs[1] else None)
        return dx, dweight

    return differentiable(y, (x, weight), backward)


def relu6(x: Tensor, inplace: bool = False) -> Tensor:
    """Limit to [0, 6]: min(max(x, 0), 6). Keeps x.

    Parameters are those of `relu`.

    References
    ----------
    A. Howard et al., MobileNets (2017).
    """
    floating("relu6", x=x)
    if inplace is not False:
        flag("relu6", "inplace", inplace)
    return mapped("hardtanh", x, min_val=0.0, max_val=6.0)


def hardtanh(x: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """Limit to [min_val, max_val]; the gradient is 0 at the limits and beyond. Keeps x.

    Parameters
    ----------
    x : Tensor
        Any shape, float32, float64 or bfloat16.
    min_val, max_val : float
        The least and the largest number that come out.
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """
    least, most = limits_of("hardtanh", min_val, max_val)
    return mapped("hardtanh", x, inplace, min_val=least, max_val=most)


def limits_of(op: str, min_val: Any, max_val: Any) -> tuple[float, float]:
    """Read the limits of `hardtanh`."""
    least, most = number(op, "min_val", min_val, infinite=True), number(op, "max_val", max_val, infinite=True)
    if least > most:
        raise ShapeError(f"{op}: min_val must not be more than max_val, got {min_val} and {max_val}")
    return least, most


def hardsigmoid(x: Tensor, inplace: bool = False) -> Tensor:
    """Approach sigmoid by lines: min(max(x + 3, 0), 6) / 6. Keeps x. Parameters are those of `relu`."""
    return mapped("hardsigmoid", x, inplace)


def hardswish(x: Tensor, inplace: bool = False) -> Tensor:
    """Approach silu by pieces: x * min(max(x + 3, 0), 6) / 6. Keeps x.

    Parameters are those of `relu`.

    References
    ----------
    A. Howard et al., Searching for MobileNetV3 (ICCV 2019), section 5.2.
    """
    return mapped("hardswish", x, inplace)


def threshold(x: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """Replace numbers up to a threshold: x where x > threshold, else value. Keeps x.

    Parameters
    ----------
    x : Tensor
        Any shape, float32, float64 or bfloat16.
    threshold : float
        What numbers must be above.
    value : float
        What becomes of others.
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """
    return mapped("threshold", x, inplace, threshold=threshold, value=value)


def hardshrink(x: Tensor, lambd: float = 0.5) -> Tensor:
    """Replace numbers from -lambd to lambd by 0. Keeps x.

    Parameters
    ----------
    x : Tensor
        Any shape, float32, float64 or bfloat16.
    lambd : float
        The limit.
    """
    return mapped("hardshrink", x, lambd=lambd)


def softshrink(x: Tensor, lambd: float = 0.5) -> Tensor:
    """Move numbers towards 0 by lambd >= 0, but not beyond. Keeps x.

    Parameters
    ----------
    x : Tensor
        Any shape, float32, float64 or bfloat16.
    lambd : float
        By how much, 0 or more.
    """
    return mapped("softshrink", x, lambd=number("softshrink", "lambd", lambd, 0.0, infinite=True))
