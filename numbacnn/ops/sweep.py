"""The three linear maps of a convolution: from x to y, and from dy back to x and to the weight; of arrays.

What has one axis is an image of one row; what windows see along a depth lies in the channels of an image. So the
kernels of two dimensions compute them all. A transposed convolution is the second map, and its gradients are the first
and the third.
"""
from math import prod

from numbacnn.geometry import Conv
from numbacnn.graph import Array, record
from numbacnn.ops.slice import place_array

TAPS_FIRST, TAPS_THIRD = (2, 0, 1, 3, 4), (1, 2, 0, 3, 4)        # of filters over depth, and back


def sweep(images: Array, filters: Array, bias: Array, conv: Conv) -> Array:
    """y = bias + the cross-correlation of x with filters, of images and to images."""
    y, = record("conv2d", (images, filters, bias), ((conv.outputs, images.dtype),), conv.numbers)
    return y


def sweep_back(dy: Array, filters: Array, conv: Conv) -> Array:
    """dx, the gradient of x: as images, or as a volume."""
    dx, = record("conv2d_backward_input", (dy, filters), ((conv.images, dy.dtype),), conv.numbers)
    if conv.depth:
        dx, = record("depth_windows_backward", (dx,), ((conv.x, dx.dtype),), conv.depth)
    return dx


def sweep_weight(images: Array, dy: Array, conv: Conv) -> Array:
    """dweight, the gradient of the weight."""
    dfilters, = record("conv2d_backward_weight", (images, dy), ((conv.filters, dy.dtype),), conv.numbers)
    if conv.filters == conv.weight:
        return dfilters
    if is_depthwise(conv):
        outputs, channels, taps, *window = conv.weight
        dfilters = shaped(dfilters, (taps, outputs, channels, *window))
        return record("permute", (dfilters,), ((conv.weight, dy.dtype),), TAPS_THIRD)[0]
    dweight, = record("conv_filters_backward", (dfilters,), ((conv.weight, dy.dtype),))
    return dweight


def sum_of_pixels(dy: Array) -> Array:
    """The sum over all but channels, of images or a volume."""
    if len(dy.shape) != 4:
        n, channels, *size = dy.shape
        dy = shaped(dy, (n, channels, prod(size[:-1]), size[-1]))
    dbias, = record("conv2d_backward_bias", (dy,), ((dy.shape[1:2], dy.dtype),))
    return dbias


def filters_of(weight: Array, conv: Conv) -> Array:
    """The weight as filters of images."""
    if conv.filters == conv.weight:
        return weight
    if is_depthwise(conv):
        outputs, channels, taps, *window = conv.weight
        turned, = record("permute", (weight,), (((taps, outputs, channels, *window), weight.dtype),), TAPS_FIRST)
        return shaped(turned, conv.filters)
    filters, = record("conv_filters", (weight,), ((conv.filters, weight.dtype),))
    return filters


def bias_of(bias: Array, conv: Conv) -> Array:
    """The bias of images: if y is the sum of several, that of the first."""
    return place_array(bias, (0,), conv.outputs[1:2], (1,)) if is_depthwise(conv) else bias


def is_depthwise(conv: Conv) -> bool:
    """Whether there is an image for each tap along the depth."""
    return conv.outputs[1] != conv.y[1]


def images_of(x: Array, conv: Conv) -> Array:
    """What windows see of x, as images; x may be these images already."""
    if not conv.depth:
        return shaped(x, conv.images)
    images, = record("depth_windows", (shaped(x, conv.x),), ((conv.images, x.dtype),), conv.depth)
    return images


def planes_of(y: Array, conv: Conv) -> Array:
    """An array like y as images: those of one row, or the planes of a volume."""
    if not conv.depth:
        return shaped(y, conv.outputs)
    planes, = record("depth_windows", (shaped(y, conv.y),), ((conv.outputs, y.dtype),), conv.planes)
    return planes


def joined(planes: Array, conv: Conv, shape: tuple[int, ...]) -> Array:
    """Images as an array like y, of its shape or without a batch."""
    if conv.depth:
        planes, = record("depth_windows_backward", (planes,), ((conv.y, planes.dtype),), conv.planes)
    return shaped(planes, shape)


def shaped(x: Array, shape: tuple[int, ...]) -> Array:
    """The same numbers in another shape."""
    if x.shape == shape:
        return x
    y, = record("reshape", (x,), ((shape, x.dtype),))
    return y


def unbatched(shape: tuple[int, ...], like: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a batch, or of the only image if what came was one."""
    return shape[len(shape) - len(like):]
