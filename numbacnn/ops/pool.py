"""Pooling: maximum, sum, mean and p-norm over windows."""
from collections.abc import Callable
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.graph import Array, record
from numbacnn.ops.check import floating
from numbacnn.ops.shape import reshape, to
from numbacnn.options import flag

Pooled = Tensor | tuple[Tensor, Tensor]
MAX_POOLS = {axes: f"max_pool{axes}d" for axes in (1, 2, 3)}


def max_pool1d(x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
               ceil_mode: bool = False, return_indices: bool = False) -> Pooled:
    """Take the maximum of each window of lines: x is (N, C, L) or (C, L). Parameters are those of `max_pool2d`."""
    return _max_pool(1, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
               ceil_mode: bool = False, return_indices: bool = False) -> Pooled:
    """Take the maximum of each window.

    Parameters
    ----------
    x : Tensor, shape (N, C, H, W) or (C, H, W)
        Images, float32, float64 or bfloat16.
    kernel_size : int or (int, int)
        Height and width of the window.
    stride : int or (int, int), optional
        Step of the window; by default windows lie side by side.
    padding : int or (int, int)
        Border on each side, at most half the window. It never wins.
    dilation : int or (int, int)
        Distance between the pixels of a window.
    ceil_mode : bool
        Whether windows may leave the image below and to the right, if they begin inside it or the padding before it.
    return_indices : bool
        Whether to return, too, where the maxima are.

    Returns
    -------
    Tensor, shape (N, C, OH, OW) or (C, OH, OW)
        With OH = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1, and OW likewise; ceil with ceil_mode.
        With return_indices also an int64 Tensor of this shape: H index W + W index of each maximum.

    Raises
    ------
    ShapeError
        If the window does not fit in the padded image, or the padding is more than half of it.

    Notes
    -----
    The first of equal values gets the gradient. NaN wins over any number. Keeps the positions of the maxima.
    """
    return _max_pool(2, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
               ceil_mode: bool = False, return_indices: bool = False) -> Pooled:
    """Take the maximum of each window of volumes: x is (N, C, D, H, W) or (C, D, H, W).

    Parameters are those of `max_pool2d`, given as one integer or three. The index of a maximum is (D index H + H index)
    W + W index.
    """
    return _max_pool(3, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def sum_pool1d(x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False) -> Tensor:
    """Add up each window of lines, (N, C, L) or (C, L); padding counts as zero.

    Parameters are those of `max_pool2d`, without dilation and return_indices.
    """
    return mean_pool("sum_pool1d", 1, x, kernel_size, stride, padding, ceil_mode, False, 1)


def sum_pool2d(x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False) -> Tensor:
    """Add up each window; padding counts as zero.

    Parameters and shapes are those of `max_pool2d`, without dilation and return_indices.
    """
    return mean_pool("sum_pool2d", 2, x, kernel_size, stride, padding, ceil_mode, False, 1)


def sum_pool3d(x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False) -> Tensor:
    """Add up each window of volumes, (N, C, D, H, W) or (C, D, H, W); padding counts as zero.

    Parameters are those of `max_pool2d`, without dilation and return_indices.
    """
    return mean_pool("sum_pool3d", 3, x, kernel_size, stride, padding, ceil_mode, False, 1)


def avg_pool1d(x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
               count_include_pad: bool = True) -> Tensor:
    """Take the mean of each window of lines, (N, C, L) or (C, L). Parameters are those of `avg_pool2d`."""
    return mean_pool("avg_pool1d", 1, x, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
               count_include_pad: bool = True, divisor_override: int | None = None) -> Tensor:
    """Take the mean of each window.

    Parameters and shapes are those of `max_pool2d`, and:

    Parameters
    ----------
    count_include_pad : bool
        Whether padding counts, as zeros, or only the pixels inside x do. Where a window leaves the padding, too, as it
        may with ceil_mode, what is beyond never counts.
    divisor_override : int, optional
        What the sum of a window is divided by, instead of how many values it has.
    """
    return mean_pool("avg_pool2d", 2, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
               count_include_pad: bool = True, divisor_override: int | None = None) -> Tensor:
    """Take the mean of each window of volumes, (N, C, D, H, W). Parameters are those of `avg_pool2d`."""
    return mean_pool("avg_pool3d", 3, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def batched(axes: int, x: Tensor, pooled: Callable[[Tensor], Tensor]) -> Tensor:
    """Apply a function of images (N, C, ...) to one (C, ...), too."""
    if x.ndim == axes + 2:
        return pooled(x)
    y = pooled(reshape(x, (1, *x.shape)))
    return reshape(y, y.shape[1:])


def largest(kernel: str, x: Tensor, y_shape: geometry.Shape, numbers: geometry.Numbers) -> tuple[Tensor, Array]:
    """Record a kernel that finds maxima, of images; return them and, as int32, where they are."""
    x_data = x.array
    x_shape, dtype = x_data.shape, x_data.dtype
    y, argmax = record(kernel, (x_data,), ((y_shape, dtype), (y_shape, "int32")), numbers)
    back = ("max_pool2d_backward", numbers) if kernel == "max_pool2d" else ("max_pool_backward", ())

    def backward(dy: Array) -> Gradients:
        return record(back[0], (dy, argmax), ((x_shape, dtype),), back[1])

    return differentiable(y, (x,), backward), argmax


def with_indices(axes: int, x: Tensor, kernel: str, y_shape: geometry.Shape, numbers: geometry.Numbers, wanted: bool
                 ) -> Pooled:
    """Return maxima of images or of one, with indices if they are wanted."""
    images = x if x.ndim == axes + 2 else reshape(x, (1, *x.shape))
    y, argmax = largest(kernel, images, (*images.shape[:2], *y_shape[-axes:]), numbers)
    if images is not x:
        y = reshape(y, y.shape[1:])
    return (y, to(reshape(Tensor(argmax), y.shape), "int64")) if wanted else y


def _max_pool(axes: int, x: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any,
              return_indices: Any) -> Pooled:
    op = MAX_POOLS[axes]
    floating(op, x=x)
    y_shape, numbers = geometry.pool(op, axes, x.array.shape, kernel_size, stride, padding, dilation, ceil_mode)
    kernel = "max_pool2d" if axes == 2 else "max_pool"
    if return_indices is False and len(y_shape) == axes + 2:             # as nearly always: 1.6 us in place of 2.0
        return largest(kernel, x, y_shape, numbers)[0]
    wanted = flag(op, "return_indices", return_indices)
    return with_indices(axes, x, kernel, y_shape, numbers, wanted)


def mean_pool(op: str, axes: int, x: Tensor, kernel_size: Any, stride: Any, padding: Any, ceil_mode: Any,
              count_include_pad: Any, divisor_override: Any) -> Tensor:
    """Take means of windows, or what the divisor makes of sums: for all ops that do."""
    floating(op, x=x)
    y_shape, numbers = geometry.pool(op, axes, x.shape, kernel_size, stride, padding, 1, ceil_mode)
    numbers = numbers[:3 * axes]                         # no dilation
    numbers += geometry.divisor(op, count_include_pad, divisor_override)
    kernel = "avg_pool2d" if axes == 2 else "avg_pool"
    return batched(axes, x, lambda images: weighted(kernel, images, (*images.shape[:2], *y_shape[-axes:]), numbers))


def weighted(kernel: str, x: Tensor, y_shape: geometry.Shape, numbers: tuple[float, ...]) -> Tensor:
    """Record a kernel that takes weighted sums, of images."""
    x_shape, dtype = x.shape, x.array.dtype
    y, = record(kernel, (x.array,), ((y_shape, dtype),), numbers)

    def backward(dy: Array) -> Gradients:
        return record(f"{kernel}_backward", (dy,), ((x_shape, dtype),), numbers)

    return differentiable(y, (x,), backward)
