"""Shapes of pooling."""
from typing import Any

from numbacnn.errors import ShapeError
from numbacnn.geometry.conv import window_of
from numbacnn.geometry.options import Geometry, Shape, cached, pair, rank_of


@cached
def pool2d(op: str, x: Shape, kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1) -> Geometry:
    """Numbers: window, stride, padding, dilation (two each). No stride: windows lie side by side."""
    kernel_size, padding = pair(op, "kernel_size", kernel_size, 1), pair(op, "padding", padding)
    stride = kernel_size if stride is None else pair(op, "stride", stride, 1)
    dilation = pair(op, "dilation", dilation, 1)
    rank_of(op, "x", x, 4, "(N, C, H, W)")
    for axis in (0, 1):
        if padding[axis] > kernel_size[axis] // 2:
            raise ShapeError(f"{op}: padding must be at most half the window {kernel_size}, got {padding}")
    size = window_of(op, f"window {kernel_size}", x, kernel_size, stride, (2 * padding[0], 2 * padding[1]), dilation,
                   padding)
    for a in (0, 1):
        if not _sees_pixels(x[2 + a], size[a], kernel_size[a], stride[a], padding[a], dilation[a]):
            raise ShapeError(f"{op}: window {kernel_size} with dilation {dilation} would see nothing but padding "
                             f"{padding} somewhere in x{x}")
    return (*x[:2], *size), (*kernel_size, *stride, *padding, *dilation)


@cached
def adaptive_pool2d(op: str, x: Shape, output_size: Any) -> Shape:
    """The shape of y; None keeps an axis as it is."""
    rank_of(op, "x", x, 4, "(N, C, H, W)")
    sizes = output_size if isinstance(output_size, tuple | list) else (output_size, output_size)
    if len(sizes) != 2:
        raise ShapeError(f"{op}: output_size must be an integer or a pair (height, width), got {output_size!r}")
    size = pair(op, "output_size", tuple([x[2 + a] if n is None else n for a, n in enumerate(sizes)]), 1)
    if 0 in x[2:]:
        raise ShapeError(f"{op}: x must have rows and columns, got x{x}")
    return (*x[:2], *size)


def _sees_pixels(size: int, positions: int, kernel: int, stride: int, padding: int, dilation: int) -> bool:
    """Does a window have a pixel of x at every position along an axis?"""
    starts = [position * stride - padding for position in range(positions)]
    return all(any(0 <= start + i * dilation < size for i in range(kernel)) for start in starts)
