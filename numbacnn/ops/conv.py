"""Convolution along one, two and three axes; sweep.py is how."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.graph import Array
from numbacnn.ops.check import floating, shape_of
from numbacnn.ops.constant import no_bias
from numbacnn.ops.sweep import (
    bias_of,
    filters_of,
    images_of,
    is_depthwise,
    joined,
    planes_of,
    shaped,
    sum_of_pixels,
    sweep,
    sweep_back,
    sweep_weight,
    unbatched,
)


def conv1d(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
           groups: int = 1) -> Tensor:
    """Slide filters over sequences: `conv2d` along one axis.

    Parameters
    ----------
    x : Tensor, shape (N, C, L) or (C, L)
        Sequences, float32, float64 or bfloat16.
    weight : Tensor, shape (O, C / groups, K)
        Filters.
    bias : Tensor, shape (O,), optional
        Added to each output channel.
    stride, padding, dilation, groups : int
        As in `conv2d`, along one axis.

    Returns
    -------
    Tensor, shape (N, O, OL) or (O, OL)
        With OL = floor((L + 2 padding - dilation (K - 1) - 1) / stride) + 1.
    """
    return _conv("conv1d", 1, x, weight, bias, stride, padding, dilation, groups)


def conv2d(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
           groups: int = 1) -> Tensor:
    """Slide filters over images: two-dimensional cross-correlation.

    Parameters
    ----------
    x : Tensor, shape (N, C, H, W) or (C, H, W)
        Images, float32, float64 or bfloat16.
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
    Tensor, shape (N, O, OH, OW) or (O, OH, OW)
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
    return _conv("conv2d", 2, x, weight, bias, stride, padding, dilation, groups)


def conv3d(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
           groups: int = 1) -> Tensor:
    """Slide filters over volumes: `conv2d` along three axes.

    Parameters
    ----------
    x : Tensor, shape (N, C, D, H, W) or (C, D, H, W)
        Volumes, float32, float64 or bfloat16.
    weight : Tensor, shape (O, C / groups, KD, KH, KW)
        Filters.
    bias : Tensor, shape (O,), optional
        Added to each output channel.
    stride, padding, dilation, groups : int or (int, int, int)
        As in `conv2d`, along three axes: depth, height, width.

    Returns
    -------
    Tensor, shape (N, O, OD, OH, OW) or (O, OD, OH, OW)
        With OD = floor((D + 2 padding - dilation (KD - 1) - 1) / stride) + 1, and OH and OW likewise.

    Notes
    -----
    While it is computed, each plane of x that a window sees takes memory beside the others: OD KD / D times that of x.
    """
    return _conv("conv3d", 3, x, weight, bias, stride, padding, dilation, groups)


def _conv(op: str, axes: int, x: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any,
          groups: int) -> Tensor:
    floating(op, x=x, weight=weight, bias=bias)
    conv = geometry.conv(op, axes, x.shape, weight.shape, shape_of(bias), stride, padding, dilation, groups)
    x_data, w_data = x.array, weight.array
    x_shape, plain = x_data.shape, axes == 2 and x_data.shape == conv.images
    b_data = no_bias(conv.outputs[1], x_data.dtype, x_data.device) if bias is None else bias.array
    if plain:                                            # as nearly all are: the general way would ask nine times
        images, filters, y = x_data, w_data, sweep(x_data, w_data, b_data, conv)
    else:
        images, filters = images_of(x_data, conv), filters_of(w_data, conv)
        y = sweep(images, filters, b_data if bias is None else bias_of(b_data, conv), conv)
        y = joined(y, conv, unbatched(conv.y, x_shape))
    seen = x_data if conv.depth else images              # what windows see of a volume is more than a volume: made anew
    inputs = (x, weight) if bias is None else (x, weight, bias)
    needs = [each._requires_grad for each in inputs]

    def backward(dy: Array) -> Gradients:
        gradients: list[Array | None] = [None] * len(needs)
        planes = dy if plain else planes_of(dy, conv)
        if needs[0]:
            dx = sweep_back(planes, filters, conv)
            gradients[0] = dx if plain else shaped(dx, x_shape)
        if needs[1]:
            gradients[1] = sweep_weight(seen if plain else images_of(seen, conv), planes, conv)
        if needs[2:] == [True]:
            gradients[2] = sum_of_pixels(planes if plain or not is_depthwise(conv) else shaped(dy, conv.y))
        return tuple(gradients)

    return differentiable(y, inputs, backward)
