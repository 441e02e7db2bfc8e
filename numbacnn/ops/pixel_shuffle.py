"""Channels that become pixels, and back; channels in another order."""

import numpy as np

from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.backend import Device
from numbacnn.errors import ShapeError
from numbacnn.graph import Array, record
from numbacnn.known import remembered
from numbacnn.ops.arrange import rows_of
from numbacnn.ops.check import any_tensor
from numbacnn.ops.shape import reshape
from numbacnn.ops.take import taken
from numbacnn.options import whole


def pixel_shuffle(x: Tensor, upscale_factor: int) -> Tensor:
    """Turn channels into pixels: (..., C r^2, H, W) becomes (..., C, H r, W r).

    Parameters
    ----------
    x : Tensor, shape (..., C r^2, H, W)
        Images.
    upscale_factor : int
        r: the pixel (h r + i, w r + j) of channel c is the pixel (h, w) of channel (c r + i) r + j.

    References
    ----------
    W. Shi and others, Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional
    Neural Network (2016).
    """
    whole("pixel_shuffle", "upscale_factor", upscale_factor, 1)
    images, factor = rows_of("pixel_shuffle", x), int(upscale_factor)
    n, c, h, w = images.shape
    if c % factor**2:
        raise ShapeError(f"pixel_shuffle: channels must be a multiple of upscale_factor^2 = {factor**2}, got "
                         f"x{x.shape}")
    y = _shuffled("pixel_shuffle", images, (n, c // factor**2, h * factor, w * factor), factor)
    return y if x.ndim == 4 else reshape(y, (*x.shape[:-3], *y.shape[1:]))


def pixel_unshuffle(x: Tensor, downscale_factor: int) -> Tensor:
    """Turn pixels into channels: (..., C, H r, W r) becomes (..., C r^2, H, W); the inverse of `pixel_shuffle`.

    Parameters
    ----------
    x : Tensor, shape (..., C, H r, W r)
        Images.
    downscale_factor : int
        r.
    """
    whole("pixel_unshuffle", "downscale_factor", downscale_factor, 1)
    images, factor = rows_of("pixel_unshuffle", x), int(downscale_factor)
    n, c, h, w = images.shape
    if h % factor or w % factor:
        raise ShapeError(f"pixel_unshuffle: height and width must be multiples of downscale_factor {factor}, got "
                         f"x{x.shape}")
    y = _shuffled("pixel_unshuffle", images, (n, c * factor**2, h // factor, w // factor), factor)
    return y if x.ndim == 4 else reshape(y, (*x.shape[:-3], *y.shape[1:]))


def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    """Deal out the channels of groups: channel i of group g becomes channel i * groups + g.

    Parameters
    ----------
    x : Tensor, shape (N, C, ...)
        Images, or anything with channels.
    groups : int
        How many; it must divide C.

    References
    ----------
    X. Zhang and others, ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices (2018).
    """
    any_tensor("channel_shuffle", "x", x)
    whole("channel_shuffle", "groups", groups, 1)
    if x.ndim < 3:
        raise ShapeError(f"channel_shuffle: x must have axes (N, C, ...), three at least, got x{x.shape}")
    if x.shape[1] % groups:
        raise ShapeError(f"channel_shuffle: groups={groups} must divide the {x.shape[1]} channels of x{x.shape}")
    return taken(x, _dealt(x.shape[1], int(groups), x.device), 1)


@remembered
def _dealt(channels: int, groups: int, device: Device) -> Array:
    return Array.of(np.arange(channels, dtype=np.int64).reshape(groups, -1).T.reshape(-1), device)


def _shuffled(op: str, x: Tensor, shape: tuple[int, ...], factor: int) -> Tensor:
    x_shape, dtype = x.shape, x.array.dtype
    y, = record(op, (x.array,), ((shape, dtype),), (factor,))
    back = {"pixel_shuffle": "pixel_unshuffle", "pixel_unshuffle": "pixel_shuffle"}[op]

    def backward(dy: Array) -> Gradients:
        return record(back, (dy,), ((x_shape, dtype),), (factor,))

    return differentiable(y, (x,), backward)
