"""Convolution."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.graph import Array, record
from numbacnn.ops.check import floating, shape_of
from numbacnn.ops.constant import no_bias


def conv2d(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
           groups: int = 1) -> Tensor:
    """Slide filters over images: two-dimensional cross-correlation.

    Parameters
    ----------
    x : Tensor, shape (N, C, H, W)
        Images, float32 or float64.
    weight : Tensor, shape (O, C / groups, KH, KW)
        Filters.
    bias : Tensor, shape (O,), optional
        Added to each output channel.
    stride, dilation : int or (int, int)
        Step of the window, and distance between the pixels it reads; height, width.
    padding : int, (int, int), "same" or "valid"
        Zeros added on each side. "same" (stride 1) keeps the size, "valid" adds none.
    groups : int
        Input and output channels are split into so many groups, each of which sees only itself.

    Returns
    -------
    Tensor, shape (N, O, OH, OW)
        With OH = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1, and OW likewise.

    Raises
    ------
    ShapeError
        If shapes, channels and groups do not fit, or the window does not fit in the padded image.

    Notes
    -----
    Keeps x and weight for the gradients.

    References
    ----------
    V. Dumoulin and F. Visin, A guide to convolution arithmetic for deep learning (2016), section 2.
    """
    floating("conv2d", x=x, weight=weight, bias=bias)
    y_shape, numbers = geometry.conv2d(x.shape, weight.shape, shape_of(bias), stride, padding, dilation, groups)
    x_data, w_data = x.array, weight.array
    b_data = bias.array if bias is not None else no_bias(weight.shape[0], w_data.dtype, w_data.device)
    y, = record("conv2d", (x_data, w_data, b_data), ((y_shape, x_data.dtype),), numbers)
    inputs = (x, weight) if bias is None else (x, weight, bias)
    needs = [each.requires_grad for each in inputs]

    def backward(dy: Array) -> Gradients:
        gradients: list[Array | None] = [None] * len(needs)
        if needs[0]:
            gradients[0], = record("conv2d_backward_input", (dy, w_data), ((x_data.shape, dy.dtype),), numbers)
        if needs[1]:
            gradients[1], = record("conv2d_backward_weight", (x_data, dy), ((w_data.shape, dy.dtype),), numbers)
        if needs[2:] == [True]:
            gradients[2], = record("conv2d_backward_bias", (dy,), ((w_data.shape[:1], dy.dtype),))
        return tuple(gradients)

    return differentiable(y, inputs, backward)
