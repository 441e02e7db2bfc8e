"""Transposed convolution along one, two and three axes: the gradient of a convolution's input, as an op."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.graph import Array, record
from numbacnn.ops.check import floating, shape_of
from numbacnn.ops.constant import no_bias
from numbacnn.ops.sweep import (
    filters_of,
    images_of,
    joined,
    planes_of,
    shaped,
    sum_of_pixels,
    sweep,
    sweep_back,
    sweep_weight,
    unbatched,
)


def conv_transpose1d(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
                     output_padding: Any = 0, groups: int = 1, dilation: Any = 1) -> Tensor:
    """Spread sequences through filters: `conv_transpose2d` along one axis.

    Parameters
    ----------
    x : Tensor, shape (N, C, L) or (C, L)
        Sequences, float32, float64 or bfloat16.
    weight : Tensor, shape (C, O / groups, K)
        Filters.
    bias : Tensor, shape (O,), optional
        Added to each output channel.
    stride, padding, output_padding, groups, dilation : int
        As in `conv_transpose2d`, along one axis.

    Returns
    -------
    Tensor, shape (N, O, OL) or (O, OL)
        With OL = (L - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1.
    """
    return _conv_transpose("conv_transpose1d", 1, x, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
                     output_padding: Any = 0, groups: int = 1, dilation: Any = 1) -> Tensor:
    """Spread images through filters: what `conv2d` does to gradients.

    Each pixel of x adds its channels times the filters to a window of y; windows are `stride` apart.

    Parameters
    ----------
    x : Tensor, shape (N, C, H, W) or (C, H, W)
        Images, float32, float64 or bfloat16.
    weight : Tensor, shape (C, O / groups, KH, KW)
        Filters.
    bias : Tensor, shape (O,), optional
        Added to each output channel.
    stride, dilation : int or (int, int)
        Step of the window, and distance between the pixels it writes; height, width.
    padding : int or (int, int)
        How many rows and columns of the result are cut off on each side.
    output_padding : int or (int, int)
        How many are added below and to the right; less than stride or dilation.
    groups : int
        Input and output channels are split into so many groups, each of which sees only itself.

    Returns
    -------
    Tensor, shape (N, O, OH, OW) or (O, OH, OW)
        With OH = (H - 1) stride - 2 padding + dilation (KH - 1) + output_padding + 1, and OW likewise.

    Raises
    ------
    ShapeError
        If shapes, channels and groups do not fit, or nothing is left of the result.

    Notes
    -----
    Keeps x and weight for the gradients.

    References
    ----------
    V. Dumoulin and F. Visin, A guide to convolution arithmetic for deep learning (2016), section 4.
    """
    return _conv_transpose("conv_transpose2d", 2, x, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
                     output_padding: Any = 0, groups: int = 1, dilation: Any = 1) -> Tensor:
    """Spread volumes through filters: `conv_transpose2d` along three axes.

    Parameters
    ----------
    x : Tensor, shape (N, C, D, H, W) or (C, D, H, W)
        Volumes, float32, float64 or bfloat16.
    weight : Tensor, shape (C, O / groups, KD, KH, KW)
        Filters.
    bias : Tensor, shape (O,), optional
        Added to each output channel.
    stride, padding, output_padding, groups, dilation : int or (int, int, int)
        As in `conv_transpose2d`, along three axes: depth, height, width.

    Returns
    -------
    Tensor, shape (N, O, OD, OH, OW) or (O, OD, OH, OW)
        With OD = (D - 1) stride - 2 padding + dilation (KD - 1) + output_padding + 1, and OH and OW likewise.
    """
    return _conv_transpose("conv_transpose3d", 3, x, weight, bias, stride, padding, output_padding, groups, dilation)


def _conv_transpose(op: str, axes: int, x: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any,
                    output_padding: Any, groups: int, dilation: Any) -> Tensor:
    floating(op, x=x, weight=weight, bias=bias)
    conv = geometry.conv_transpose(op, axes, x.shape, weight.shape, shape_of(bias), stride, padding, output_padding,
                                   groups, dilation)
    x_shape, planes, filters = x.shape, planes_of(x.array, conv), filters_of(weight.array, conv)
    y = sweep_back(planes, filters, conv)
    if bias is not None:
        by_channel = shaped(bias.array, (1, conv.x[1], *[1] * (len(y.shape) - 2)))
        y, = record("add", (y, by_channel), ((y.shape, y.dtype),))
    y = shaped(y, unbatched(conv.x, x_shape))
    inputs = (x, weight) if bias is None else (x, weight, bias)
    needs = [each.requires_grad for each in inputs]

    def backward(dy: Array) -> Gradients:
        gradients: list[Array | None] = [None] * len(needs)
        images = images_of(dy, conv)
        if needs[0]:
            nothing = no_bias(conv.outputs[1], dy.dtype, dy.device)
            gradients[0] = joined(sweep(images, filters, nothing, conv), conv, x_shape)
        if needs[1]:
            gradients[1] = sweep_weight(images, planes, conv)
        if needs[2:] == [True]:
            gradients[2] = sum_of_pixels(shaped(dy, conv.x) if conv.depth else images)
        return tuple(gradients)

    return differentiable(y, inputs, backward)
