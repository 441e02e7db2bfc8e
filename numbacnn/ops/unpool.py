"""Unpooling: maxima back where they were found."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.errors import DTypeError
from numbacnn.graph import Array, record
from numbacnn.ops.check import any_tensor, floating
from numbacnn.ops.pool import batched
from numbacnn.ops.shape import reshape


def max_unpool1d(x: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
                 output_size: Any = None) -> Tensor:
    """Put the numbers of lines, (N, C, L) or (C, L), where indices point.

    Parameters are those of `max_unpool2d`.
    """
    return _unpool(1, x, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(x: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
                 output_size: Any = None) -> Tensor:
    """Put numbers where indices point, zeros elsewhere: maximum pooling backwards.

    Parameters
    ----------
    x : Tensor, shape (N, C, H, W) or (C, H, W)
        Numbers, float32, float64 or bfloat16.
    indices : Tensor, shape of x
        int64, as `max_pool2d` returns them: H index times OW plus W index, of the output.
    kernel_size, stride, padding : int or (int, int)
        Those of the pooling, from which the size of the output follows: OH = (H - 1) stride - 2 padding + kernel_size.
    output_size : tuple of int, optional
        Another size, less than a stride from that one: (OH, OW), or a whole shape, whose last two numbers count.

    Returns
    -------
    Tensor, shape (N, C, OH, OW) or (C, OH, OW)
        Where several indices point to one place, the last number.

    Raises
    ------
    IndexError
        When it is computed, if an index points out of its image.
    """
    return _unpool(2, x, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(x: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
                 output_size: Any = None) -> Tensor:
    """Put the numbers of volumes, (N, C, D, H, W) or (C, D, H, W), where indices point.

    Parameters are those of `max_unpool2d`.
    """
    return _unpool(3, x, indices, kernel_size, stride, padding, output_size)


def _unpool(axes: int, x: Tensor, indices: Tensor, kernel_size: Any, stride: Any, padding: Any, output_size: Any
            ) -> Tensor:
    op = f"max_unpool{axes}d"
    floating(op, x=x)
    any_tensor(op, "indices", indices)
    if indices.array.dtype != "int64":
        raise DTypeError(f"{op}: indices must be int64, as max_pool{axes}d(..., return_indices=True) gives them, got "
                         f"{indices.array.dtype}")
    y_shape = geometry.unpool(op, axes, x.shape, indices.shape, kernel_size, stride, padding, output_size)
    if x.ndim == axes + 1:
        indices = reshape(indices, (1, *x.shape))
    return batched(axes, x, lambda images: _placed(images, indices, (*images.shape[:2], *y_shape[-axes:])))


def _placed(x: Tensor, indices: Tensor, y_shape: geometry.Shape) -> Tensor:
    x_shape, dtype, places = x.shape, x.array.dtype, indices.array
    y, = record("max_unpool", (x.array, places), ((y_shape, dtype),))

    def backward(dy: Array) -> Gradients:
        return record("max_unpool_backward", (dy, places), ((x_shape, dtype),))

    return differentiable(y, (x,), backward)
