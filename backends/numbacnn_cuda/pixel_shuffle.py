"""Channels that become pixels, and back: each one copy that follows the axes of y as it lies (strided.py)."""
from numbacnn.kernels.channels_last import shuffled, unshuffled

from .strided import gather


def pixel_shuffle(x, y, factor):
    """Lower to a copy into y (N, H, factor, W, factor, C)."""
    return [gather(shuffled(x, factor), y)]


def pixel_unshuffle(x, y, factor):
    """Lower to a copy into y (N, H, W, C, factor, factor)."""
    return [gather(unshuffled(x, factor), y)]
