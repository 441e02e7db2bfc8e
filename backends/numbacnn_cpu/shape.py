"""Copies that change the shape of an array or the order of its axes."""
import math

from numbacnn.kernels.channels_last import is_view

from .cast import copied
from .memory import temporary
from .pack import lanes_of
from .planes import turn_planes
from .strided import gather


def reshape(x, y):
    """Lower to a copy: row-major order is that of the axes (N, C, H, W), however their numbers lie."""
    if is_view(x.shape, y.shape):
        return copied(x, y)
    if x.ndim != 4:
        return [turn(x, y, y.shape) or gather(x, x.shaped(y.shape).physical(), y)]
    if y.ndim != 4:
        return [turn(x, y, (x.shape[0], math.prod(x.shape[2:]), x.shape[1])) or gather(x, x, y)]
    rows = temporary((x.size,), x.dtype)             # two orders of channels and pixels meet in row-major order
    return [*reshape(x, rows), *reshape(rows, y)]


def turn(x, y, shape):
    """Return the call that turns planes of this shape, if their rows are long enough for squares in registers."""
    planes, rows, columns = shape[0], shape[1], math.prod(shape[2:])
    if x.dtype.kind == "f" and columns >= lanes_of(x.dtype):
        return turn_planes(x.shaped((planes, rows, columns)), y.shaped((planes, columns, rows)))
    return None


def permute(x, y, *axes):
    """Lower to one copy that follows the axes of y."""
    return [gather(x, x.permuted(axes).physical(), y)]


def pixels(x, rows):
    """Lower to a copy, where it is no view: pixels of images that lie channels last."""
    return copied(x, rows)


def images(rows, y):
    """Lower to a copy, where it is no view: images that lie channels last."""
    return copied(rows, y)
