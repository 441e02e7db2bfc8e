"""Shapes of windows as columns, and back."""
from math import prod
from typing import Any

from numbacnn.errors import ShapeError
from numbacnn.geometry.conv import output_size, window_of
from numbacnn.geometry.options import Numbers, Shape, cached, pair
from numbacnn.geometry.ranks import batch_or_one, wrong_rank

Columns = tuple[Shape, Shape, Numbers]    # of images (N, C, H, W), of columns (N, C KH KW, L); numbers of the kernels


@cached
def unfold(op: str, x: Shape, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Columns:
    """Numbers: window, stride, padding, dilation (two each)."""
    window, stride, padding, dilation = window_options(op, kernel_size, dilation, padding, stride)
    if len(x) not in (3, 4) or 0 in x[-2:]:
        raise wrong_rank(op, "x", x, f"{batch_or_one(2)}, with rows and columns")
    images = (1,) * (4 - len(x)) + x
    both = 2 * padding[0], 2 * padding[1]
    size = window_of(op, f"window {window}", images, window, stride, both, dilation, padding)
    columns = images[0], images[1] * prod(window), prod(size)
    return images, columns, (*window, *stride, *padding, *dilation)


@cached
def fold(op: str, x: Shape, size: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Columns:
    """The same, for images of a size."""
    window, stride, padding, dilation = window_options(op, kernel_size, dilation, padding, stride)
    height, width = pair(op, "output_size", size, 1)
    if len(x) not in (2, 3):
        raise wrong_rank(op, "x", x, "(N, C KH KW, L) or (C KH KW, L)")
    columns = (1,) * (3 - len(x)) + x
    if columns[1] % prod(window):
        raise ShapeError(f"{op}: x{x} has columns of {columns[1]}, which must be a multiple of the {prod(window)} "
                         f"pixels of window {window}")
    images = columns[0], columns[1] // prod(window), height, width
    places = [output_size(n, k, s, 2 * p, d)
              for n, k, s, p, d in zip((height, width), window, stride, padding, dilation, strict=True)]
    if min(places) < 1 or prod(places) != columns[2]:
        raise ShapeError(f"{op}: x{x} has {columns[2]} columns, but in {height} x {width} pixels there are "
                         f"{max(places[0], 0)} x {max(places[1], 0)} windows {window}")
    return images, columns, (*window, *stride, *padding, *dilation)


def window_options(op: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any
                   ) -> tuple[Shape, Shape, Shape, Shape]:
    """Window, stride, padding and dilation."""
    return (pair(op, "kernel_size", kernel_size, 1), pair(op, "stride", stride, 1), pair(op, "padding", padding),
            pair(op, "dilation", dilation, 1))
