"""Copies that change the shape of an array or the order of its axes."""

from .memory import temporary
from .strided import gather


def reshape(x, y):
    """Lower to a copy: row-major order is that of the axes (N, C, H, W), however their numbers lie."""
    if x.ndim != 4 or y.ndim != 4:
        return [turned(x, y)]
    rows = temporary((x.size,), x.dtype)             # two orders of channels and pixels meet in row-major order
    return [turned(x, rows), turned(rows, y)]


def turned(x, y):
    """Return the copy of x to y in row-major order; four axes has one of them at most."""
    if x.ndim != 4:
        return gather(x.shaped(y.shape).physical(), y)
    n, c, h, w = x.shape
    return gather(x.physical().shaped((n, h * w, c)).permuted((0, 2, 1)), y.shaped((n, c, h * w)))


def permute(x, y, *axes):
    """Lower to one copy that follows the axes of y."""
    return [gather(x.permuted(axes).physical(), y)]
