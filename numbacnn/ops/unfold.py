"""Windows as columns (im2col), and columns added up to images (col2im)."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.graph import Array, record
from numbacnn.ops.check import floating
from numbacnn.ops.sweep import shaped


def unfold(x: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """Write what each window sees as a column.

    Parameters
    ----------
    x : Tensor, shape (N, C, H, W) or (C, H, W)
        Images, float32, float64 or bfloat16.
    kernel_size : int or (int, int)
        Height and width of the window.
    dilation, padding, stride : int or (int, int)
        As in `conv2d`.

    Returns
    -------
    Tensor, shape (N, C KH KW, L) or (C KH KW, L)
        With a column for each of the L places of the window, row by row.
    """
    floating("unfold", x=x)
    images, columns, numbers = geometry.unfold("unfold", x.shape, kernel_size, dilation, padding, stride)
    x_shape, dtype = x.shape, x.array.dtype
    y, = record("unfold", (shaped(x.array, images),), ((columns, dtype),), numbers)
    shape = columns if len(x_shape) == 4 else columns[1:]

    def backward(dy: Array) -> Gradients:
        dx, = record("unfold_backward", (shaped(dy, columns),), ((images, dtype),), numbers)
        return (shaped(dx, x_shape),)

    return differentiable(shaped(y, shape), (x,), backward)


def fold(x: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """Add columns up where their windows are: the gradient of `unfold`.

    Parameters
    ----------
    x : Tensor, shape (N, C KH KW, L) or (C KH KW, L)
        Columns, float32, float64 or bfloat16.
    output_size : int or (int, int)
        H and W.
    kernel_size, dilation, padding, stride : int or (int, int)
        As in `unfold`.

    Returns
    -------
    Tensor, shape (N, C, H, W) or (C, H, W)
        The sum of all columns that see a pixel, for each.
    """
    floating("fold", x=x)
    images, columns, numbers = geometry.fold("fold", x.shape, output_size, kernel_size, dilation, padding, stride)
    x_shape, dtype = x.shape, x.array.dtype
    y, = record("unfold_backward", (shaped(x.array, columns),), ((images, dtype),), numbers)
    shape = images if len(x_shape) == 3 else images[1:]

    def backward(dy: Array) -> Gradients:
        dx, = record("unfold", (shaped(dy, images),), ((columns, dtype),), numbers)
        return (shaped(dx, x_shape),)

    return differentiable(shaped(y, shape), (x,), backward)
