"""Channels that become pixels, and back: each one copy that follows the axes of y as it lies (strided.py)."""
from .strided import gather


def pixel_shuffle(x, y, factor):
    """Lower to a copy into y (N, H, factor, W, factor, C)."""
    (n, _, h, w), (image, channel, row, pixel) = x.shape, x.strides
    seen = x._replace(shape=(n, h, factor, w, factor, y.shape[1]),
                      strides=(image, row, channel * factor, pixel, channel, channel * factor ** 2))
    return [gather(x, seen, y)]


def pixel_unshuffle(x, y, factor):
    """Lower to a copy into y (N, H, W, C, factor, factor)."""
    (n, c, h, w), (image, channel, row, pixel) = x.shape, x.strides
    seen = x._replace(shape=(n, h // factor, w // factor, c, factor, factor),
                      strides=(image, row * factor, pixel * factor, channel, row, pixel))
    return [gather(x, seen, y)]
