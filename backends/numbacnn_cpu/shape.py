"""Copies that change the shape of an array or the order of its axes."""
from .elementwise import convert
from .memory import flat, is_view, temporary
from .strided import gather


def reshape(x, y):
    """Lower to a copy: row-major order is that of the axes (N, C, H, W), however their numbers lie."""
    if is_view(x.shape, y.shape):
        return [(convert, flat(x, y))]
    if x.ndim != 4:
        return [gather(x, x.shaped(y.shape).physical(), y)]
    if y.ndim != 4:
        return [gather(x, x, y)]
    rows = temporary((x.size,), x.dtype)             # two orders of channels and pixels meet in row-major order
    return [*reshape(x, rows), *reshape(rows, y)]


def permute(x, y, *axes):
    """Lower to one copy that follows the axes of y."""
    return [gather(x, x.permuted(axes).physical(), y)]


def pixels(x, rows):
    """Lower to a copy, where it is no view: pixels of images that lie channels last."""
    return [(convert, flat(x, rows))]


def images(rows, y):
    """Lower to a copy, where it is no view: images that lie channels last."""
    return [(convert, flat(rows, y))]
