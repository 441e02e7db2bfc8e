"""Activations."""
from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.graph import Array, record
from numbacnn.ops.check import floating, number


def relu(x: Tensor) -> Tensor:
    """Replace negative numbers by zero: max(x, 0).

    The gradient is 0 where x <= 0; NaN stays NaN. Keeps its output.

    References
    ----------
    V. Nair and G. Hinton, Rectified linear units improve restricted Boltzmann machines (ICML 2010).
    """
    floating("relu", x=x)
    spec = ((x.array.shape, x.array.dtype),)
    y, = record("relu", (x.array,), spec)

    def backward(dy: Array) -> Gradients:
        return record("relu_backward", (dy, y), spec)

    return differentiable(y, (x,), backward)


def leaky_relu(x: Tensor, negative_slope: float = 0.01) -> Tensor:
    """Scale negative numbers: x where x > 0, else negative_slope * x. Keeps x.

    References
    ----------
    A. Maas, A. Hannun and A. Ng, Rectifier nonlinearities improve neural network acoustic models (2013).
    """
    floating("leaky_relu", x=x)
    numbers = (number("leaky_relu", "negative_slope", negative_slope),)
    x_data, spec = x.array, ((x.array.shape, x.array.dtype),)
    y, = record("leaky_relu", (x_data,), spec, numbers)

    def backward(dy: Array) -> Gradients:
        return record("leaky_relu_backward", (dy, x_data), spec, numbers)

    return differentiable(y, (x,), backward)


def prelu(x: Tensor, weight: Tensor) -> Tensor:
    """Scale negative numbers by learned slopes: x where x > 0, else weight * x. Keeps x and weight.

    Parameters
    ----------
    x : Tensor
        Any shape; (N, C) or (N, C, H, W) where there is a slope per channel.
    weight : Tensor, shape (1,) or (C,)
        The slopes.

    References
    ----------
    K. He et al., Delving deep into rectifiers (ICCV 2015), section 2.1.
    """
    floating("prelu", x=x, weight=weight)
    geometry.prelu(x.shape, weight.shape)
    x_data, w_data, needs = x.array, weight.array, (x.requires_grad, weight.requires_grad)
    spec = ((x_data.shape, x_data.dtype),)
    y, = record("prelu", (x_data, w_data), spec)

    def backward(dy: Array) -> Gradients:
        dx = record("prelu_backward_input", (dy, x_data, w_data), spec)[0] if needs[0] else None
        dweight = (record("prelu_backward_weight", (dy, x_data), ((w_data.shape, dy.dtype),))[0] if needs[1] else None)
        return dx, dweight

    return differentiable(y, (x, weight), backward)


def sigmoid(x: Tensor) -> Tensor:
    """Squash to (0, 1): 1 / (1 + exp(-x)). Keeps its output."""
    floating("sigmoid", x=x)
    spec = ((x.array.shape, x.array.dtype),)
    y, = record("sigmoid", (x.array,), spec)

    def backward(dy: Array) -> Gradients:
        return record("sigmoid_backward", (dy, y), spec)

    return differentiable(y, (x,), backward)


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    """Turn numbers into probabilities along an axis: exp(x) / sum of exp(x), without overflow. Keeps its output."""
    floating("softmax", x=x)
    geometry.reduce("softmax", x.shape, dim)
    numbers, spec = (geometry.axis("softmax", x.ndim, dim),), ((x.array.shape, x.array.dtype),)
    y, = record("softmax", (x.array,), spec, numbers)

    def backward(dy: Array) -> Gradients:
        return record("softmax_backward", (dy, y), spec, numbers)

    return differentiable(y, (x,), backward)
