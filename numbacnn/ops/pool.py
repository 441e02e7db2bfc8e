"""Pooling: maximum, sum and mean over windows."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.graph import Array, record
from numbacnn.ops.check import floating


def max_pool2d(x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1) -> Tensor:
    """Take the maximum of each window.

    Parameters
    ----------
    x : Tensor, shape (N, C, H, W)
        Images, float32 or float64.
    kernel_size : int or (int, int)
        Height and width of the window.
    stride : int or (int, int), optional
        Step of the window; by default windows lie side by side.
    padding : int or (int, int)
        Border on each side, at most half the window. It never wins.
    dilation : int or (int, int)
        Distance between the pixels of a window.

    Returns
    -------
    Tensor, shape (N, C, OH, OW)
        With OH = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1, and OW likewise.

    Raises
    ------
    ShapeError
        If the window does not fit in the padded image, or the padding is more than half of it.

    Notes
    -----
    The first of equal values gets the gradient. NaN wins over any number. Keeps the positions of the maxima.
    """
    floating("max_pool2d", x=x)
    y_shape, numbers = geometry.pool2d("max_pool2d", x.shape, kernel_size, stride, padding, dilation)
    x_shape, dtype = x.shape, x.array.dtype
    y, argmax = record("max_pool2d", (x.array,), ((y_shape, dtype), (y_shape, "int32")), numbers)

    def backward(dy: Array) -> Gradients:
        return record("max_pool2d_backward", (dy, argmax), ((x_shape, dtype),), numbers)

    return differentiable(y, (x,), backward)


def sum_pool2d(x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0) -> Tensor:
    """Add up each window; padding counts as zero.

    Parameters and shapes are those of `max_pool2d`.
    """
    return _linear_pool("sum_pool2d", x, kernel_size, stride, padding, ())


def avg_pool2d(x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, count_include_pad: bool = True
               ) -> Tensor:
    """Take the mean of each window.

    Parameters and shapes are those of `max_pool2d`, and:

    Parameters
    ----------
    count_include_pad : bool
        Whether padding counts, as zeros, or only the pixels inside x do.
    """
    return _linear_pool("avg_pool2d", x, kernel_size, stride, padding, (int(count_include_pad),))


def adaptive_avg_pool2d(x: Tensor, output_size: Any) -> Tensor:
    """Take means over a grid of windows that cover the image, so that the output has the size asked for.

    Parameters
    ----------
    x : Tensor, shape (N, C, H, W)
        Images, float32 or float64.
    output_size : int or (int or None, int or None)
        OH and OW; None keeps the size of x. 1 is global average pooling.

    Returns
    -------
    Tensor, shape (N, C, OH, OW)
        Row oh is the mean of rows floor(oh H / OH) up to, not including, ceil((oh + 1) H / OH).
    """
    floating("adaptive_avg_pool2d", x=x)
    y_shape = geometry.adaptive_pool2d("adaptive_avg_pool2d", x.shape, output_size)
    x_shape, dtype = x.shape, x.array.dtype
    y, = record("adaptive_avg_pool2d", (x.array,), ((y_shape, dtype),))

    def backward(dy: Array) -> Gradients:
        return record("adaptive_avg_pool2d_backward", (dy,), ((x_shape, dtype),))

    return differentiable(y, (x,), backward)


def _linear_pool(op: str, x: Tensor, kernel_size: Any, stride: Any, padding: Any, options: tuple[int, ...]) -> Tensor:
    floating(op, x=x)
    y_shape, numbers = geometry.pool2d(op, x.shape, kernel_size, stride, padding)
    numbers = (*numbers[:6], *options)                   # no dilation
    x_shape, dtype = x.shape, x.array.dtype
    y, = record(op, (x.array,), ((y_shape, dtype),), numbers)

    def backward(dy: Array) -> Gradients:
        return record(f"{op}_backward", (dy,), ((x_shape, dtype),), numbers)

    return differentiable(y, (x,), backward)
