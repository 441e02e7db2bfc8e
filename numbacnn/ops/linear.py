"""Dense layers."""
from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.geometry import count
from numbacnn.graph import Array, record
from numbacnn.ops.check import floating, shape_of
from numbacnn.ops.constant import no_bias
from numbacnn.ops.elementwise import add, multiply
from numbacnn.ops.reduce import sum
from numbacnn.ops.shape import permute, reshape


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Multiply by a matrix and add a bias: x weightᵀ + bias.

    Parameters
    ----------
    x : Tensor, shape (..., C)
        Vectors, float32, float64 or bfloat16.
    weight : Tensor, shape (O, C)
        One row per output.
    bias : Tensor, shape (O,), optional
        Added to each output.

    Returns
    -------
    Tensor, shape (..., O)
        Keeps x and weight for the gradients.
    """
    floating("linear", x=x, weight=weight, bias=bias)
    y_shape = geometry.linear(x.shape, weight.shape, shape_of(bias))
    if len(y_shape) != 2:
        rows = (count(y_shape[:-1]), weight.shape[1])
        return reshape(linear(reshape(x, rows), weight, bias), y_shape)
    x_data, w_data = x.array, weight.array
    b_data = bias.array if bias is not None else no_bias(weight.shape[0], w_data.dtype, w_data.device)
    y, = record("linear", (x_data, w_data, b_data), ((y_shape, x_data.dtype),))
    inputs = (x, weight) if bias is None else (x, weight, bias)
    needs = [each.requires_grad for each in inputs]

    def backward(dy: Array) -> Gradients:
        gradients: list[Array | None] = [None] * len(needs)
        if needs[0]:
            gradients[0], = record("linear_backward_input", (dy, w_data), ((x_data.shape, dy.dtype),))
        if needs[1]:
            gradients[1], = record("linear_backward_weight", (x_data, dy), ((w_data.shape, dy.dtype),))
        if needs[2:] == [True]:
            gradients[2], = record("linear_backward_bias", (dy,), ((w_data.shape[:1], dy.dtype),))
        return tuple(gradients)

    return differentiable(y, inputs, backward)


def bilinear(x1: Tensor, x2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Multiply pairs of vectors with matrices: y_o = x1ᵀ weight_o x2 + bias_o.

    Parameters
    ----------
    x1 : Tensor, shape (..., C)
        Vectors, float32, float64 or bfloat16.
    x2 : Tensor, shape (..., D)
        As many vectors.
    weight : Tensor, shape (O, C, D)
        One matrix per output.
    bias : Tensor, shape (O,), optional
        Added to each output.

    Returns
    -------
    Tensor, shape (..., O)
        Keeps x1, x2, weight, and the products of x1 and weight.
    """
    floating("bilinear", x1=x1, x2=x2, weight=weight, bias=bias)
    y_shape = geometry.bilinear(x1.shape, x2.shape, weight.shape, shape_of(bias))
    (outputs, first, second), rows = weight.shape, count(y_shape[:-1])
    matrix = reshape(permute(weight, 0, 2, 1), outputs * second, first)
    products = reshape(linear(reshape(x1, rows, first), matrix), rows, outputs, second)
    y = reshape(sum(multiply(products, reshape(x2, rows, 1, second)), 2), y_shape)
    return y if bias is None else add(y, bias)
