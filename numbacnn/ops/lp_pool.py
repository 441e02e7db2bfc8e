"""Pooling by p-norms of windows."""
from math import prod
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.ops.activation import relu
from numbacnn.ops.check import floating
from numbacnn.ops.elementwise import multiply
from numbacnn.ops.mathematics import absolute, power, sign
from numbacnn.ops.pool import mean_pool
from numbacnn.options import number


def lp_pool1d(x: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """Take the p-norm of each window of lines, (N, C, L) or (C, L). Parameters are those of `lp_pool2d`."""
    return _lp_pool(1, x, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(x: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """Take the p-norm of each window: the p-th root of the sum of x ** p, and 0 where the sum is negative: see Notes.

    Parameters
    ----------
    x : Tensor, shape (N, C, H, W) or (C, H, W)
        Images, float32, float64 or bfloat16.
    norm_type : float
        The exponent p, not zero: 1 adds up, and the larger, the nearer to the maximum.
    kernel_size, stride : int or (int, int)
        Size and step of the window; by default windows lie side by side.
    ceil_mode : bool
        Whether windows may leave the image below and to the right, if they begin inside it.

    Returns
    -------
    Tensor, shape (N, C, OH, OW) or (C, OH, OW)
        As for `max_pool2d`, without padding.

    Notes
    -----
    As in PyTorch: the sum s of x ** p becomes (sign(s) relu(abs(s))) ** (1 / p); so for odd p numbers ought not to be
    negative. Where a window leaves the image, the sum is that of its values inside, times the size of the window over
    their number. The gradient of a window of zeros is NaN for p > 1.
    """
    return _lp_pool(2, x, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(x: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """Take the p-norm of each window of volumes, (N, C, D, H, W). Parameters are those of `lp_pool2d`."""
    return _lp_pool(3, x, norm_type, kernel_size, stride, ceil_mode)


def _lp_pool(axes: int, x: Tensor, norm_type: Any, kernel_size: Any, stride: Any, ceil_mode: Any) -> Tensor:
    op = f"lp_pool{axes}d"
    floating(op, x=x)
    exponent = number(op, "norm_type", norm_type, nonzero=True)
    geometry.pool(op, axes, x.shape, kernel_size, stride, 0, 1, ceil_mode)       # before anything is recorded
    means = mean_pool(op, axes, power(x, exponent), kernel_size, stride, 0, ceil_mode, True, None)
    size = prod(geometry.several(op, "kernel_size", kernel_size, axes, 1))
    return power(multiply(multiply(sign(means), relu(absolute(means))), float(size)), 1 / exponent)
