"""Pooling over windows that share out the image evenly, so that the output has the size asked for."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.ops.check import floating
from numbacnn.ops.pool import Pooled, batched, weighted, with_indices
from numbacnn.options import flag


def adaptive_avg_pool1d(x: Tensor, output_size: Any) -> Tensor:
    """Take means over a grid of windows that cover lines, (N, C, L) or (C, L).

    Parameters are those of `adaptive_avg_pool2d`.
    """
    return _means(1, x, output_size)


def adaptive_avg_pool2d(x: Tensor, output_size: Any) -> Tensor:
    """Take means over a grid of windows that cover the image, so that the output has the size asked for.

    Parameters
    ----------
    x : Tensor, shape (N, C, H, W) or (C, H, W)
        Images, float32, float64 or bfloat16.
    output_size : int or (int or None, int or None)
        OH and OW; None keeps the size of x. 1 is global average pooling.

    Returns
    -------
    Tensor, shape (N, C, OH, OW) or (C, OH, OW)
        Row oh is the mean of rows floor(oh H / OH) up to, not including, ceil((oh + 1) H / OH).
    """
    return _means(2, x, output_size)


def adaptive_avg_pool3d(x: Tensor, output_size: Any) -> Tensor:
    """Take means over a grid of windows that cover volumes, (N, C, D, H, W).

    Parameters are those of `adaptive_avg_pool2d`.
    """
    return _means(3, x, output_size)


def adaptive_max_pool1d(x: Tensor, output_size: Any, return_indices: bool = False) -> Pooled:
    """Take maxima over a grid of windows that cover lines, (N, C, L) or (C, L).

    Parameters are those of `adaptive_max_pool2d`.
    """
    return _maxima(1, x, output_size, return_indices)


def adaptive_max_pool2d(x: Tensor, output_size: Any, return_indices: bool = False) -> Pooled:
    """Take maxima over a grid of windows that cover the image, so that the output has the size asked for.

    Parameters
    ----------
    x : Tensor, shape (N, C, H, W) or (C, H, W)
        Images, float32, float64 or bfloat16.
    output_size : int or (int or None, int or None)
        OH and OW; None keeps the size of x. 1 is global maximum pooling.
    return_indices : bool
        Whether to return, too, where the maxima are: an int64 Tensor, H index W + W index.

    Returns
    -------
    Tensor, shape (N, C, OH, OW) or (C, OH, OW)
        Row oh is the maximum of rows floor(oh H / OH) up to, not including, ceil((oh + 1) H / OH).

    Notes
    -----
    The first of equal values gets the gradient. NaN wins over any number. Keeps the positions of the maxima.
    """
    return _maxima(2, x, output_size, return_indices)


def adaptive_max_pool3d(x: Tensor, output_size: Any, return_indices: bool = False) -> Pooled:
    """Take maxima over a grid of windows that cover volumes, (N, C, D, H, W).

    Parameters are those of `adaptive_max_pool2d`.
    """
    return _maxima(3, x, output_size, return_indices)


def _means(axes: int, x: Tensor, output_size: Any) -> Tensor:
    op = f"adaptive_avg_pool{axes}d"
    floating(op, x=x)
    size = geometry.adaptive_pool(op, axes, x.shape, output_size)[-axes:]
    return batched(axes, x, lambda images: weighted("adaptive_avg_pool", images, (*images.shape[:2], *size), ()))


def _maxima(axes: int, x: Tensor, output_size: Any, return_indices: Any) -> Pooled:
    op = f"adaptive_max_pool{axes}d"
    floating(op, x=x)
    y_shape = geometry.adaptive_pool(op, axes, x.shape, output_size)
    wanted = flag(op, "return_indices", return_indices)
    return with_indices(axes, x, "adaptive_max_pool", y_shape, (), wanted)
