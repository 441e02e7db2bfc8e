"""Shapes of pooling: windows over one, two or three axes."""
from typing import Any

from numbacnn.errors import DTypeError, ShapeError
from numbacnn.geometry.options import MOST, SEVERAL, Geometry, Numbers, Shape, cached, count, several
from numbacnn.geometry.ranks import images
from numbacnn.options import flag, is_integer

ROWS = 2**24              # rows that a window sees, counted in float32


@cached
def pool(op: str, axes: int, x: Shape, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any
         ) -> Geometry:
    """Numbers: window, stride, padding, dilation (one for each axis). No stride: windows lie side by side."""
    kernel_size = several(op, "kernel_size", kernel_size, axes, 1)
    padding = several(op, "padding", padding, axes)
    stride = kernel_size if stride is None else several(op, "stride", stride, axes, 1)
    dilation = several(op, "dilation", dilation, axes, 1)
    ceil_mode = flag(op, "ceil_mode", ceil_mode)
    image = images(op, axes, x)
    places(op, "x", x, image)
    if any(p > k // 2 for p, k in zip(padding, kernel_size, strict=True)):
        raise ShapeError(f"{op}: padding must be at most half the window {kernel_size}, got {padding}")
    window = list(zip(image, kernel_size, stride, padding, dilation, strict=True))
    size = tuple([positions(*axis, ceil_mode) for axis in window])
    if min(size) < 1:
        raise ShapeError(f"{op}: window {kernel_size} does not fit in x{x} with padding {padding} and dilation "
                         f"{dilation}: the output would be {' x '.join(map(str, size))}")
    if not all(_sees_something(*axis, n) for axis, n in zip(window, size, strict=True)):
        raise ShapeError(f"{op}: window {kernel_size} with dilation {dilation} would see nothing but padding "
                         f"{padding} somewhere in x{x}")
    return (*x[:-axes], *size), (*kernel_size, *stride, *padding, *dilation)


def places(op: str, name: str, x: Shape, image: Shape) -> None:
    """Check that the kernels can count the places of an image, and its rows."""
    if count(image) > MOST or count(image[:-1]) > ROWS:
        raise ShapeError(f"{op}: an image must have at most {MOST} places in {ROWS} rows, got {name}{x}")


def positions(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> int:
    """How many windows there are along an axis.

    floor((size - extent + 2 padding) / stride) + 1; or ceil, but the last begins inside x or the padding before it.
    """
    room = size - dilation * (kernel - 1) - 1 + 2 * padding
    if not ceil_mode:
        return room // stride + 1
    found = -(-room // stride) + 1
    return found - 1 if (found - 1) * stride >= size + padding else found


def _sees_something(size: int, kernel: int, stride: int, padding: int, dilation: int, positions: int) -> bool:
    """Is a place of x in each window? It is, if one begins inside; so the last does, and those before x are asked."""
    starts = [*range(-padding, min(0, positions * stride - padding), stride), (positions - 1) * stride - padding]
    taps = [max(0, -(start // dilation)) for start in starts]
    return all(tap < kernel and start + tap * dilation < size for start, tap in zip(starts, taps, strict=True))


@cached
def adaptive_pool(op: str, axes: int, x: Shape, output_size: Any) -> Shape:
    """The shape of y; None keeps an axis as it is."""
    image = images(op, axes, x)
    places(op, "x", x, image)
    sizes = adaptive_size(op, axes, output_size)
    if 0 in image:
        raise ShapeError(f"{op}: x must have places to pool, got x{x}")
    filled = tuple([n if m is None else m for n, m in zip(image, sizes, strict=True)])
    size = several(op, "output_size", filled, axes, 1)
    places(op, "y", (*x[:-axes], *size), size)
    return (*x[:-axes], *size)


def adaptive_size(op: str, axes: int, output_size: Any) -> tuple[int | None, ...]:
    """Read the size asked for; None keeps an axis."""
    sizes = tuple(output_size) if isinstance(output_size, tuple | list) else (output_size,) * axes
    if len(sizes) != axes or not all(n is None or is_integer(n) for n in sizes):
        raise DTypeError(f"{op}: output_size must be an integer or {SEVERAL[axes]}, or None for an axis to keep, got "
                         f"{output_size!r}")
    several(op, "output_size", tuple([1 if n is None else n for n in sizes]), axes, 1)
    return sizes


@cached
def divisor(op: str, count_include_pad: Any, divisor_override: Any) -> Numbers:
    """Numbers of a mean: whether padding counts, and what is divided by instead of how many there are, or 0."""
    include = flag(op, "count_include_pad", count_include_pad)
    if divisor_override is None:
        return int(include), 0
    if not is_integer(divisor_override):
        raise DTypeError(f"{op}: divisor_override must be an integer or None, got {divisor_override!r}")
    if not 0 < abs(divisor_override) < 2**53:
        raise ShapeError(f"{op}: divisor_override must not be zero, nor beyond 2**53, got {divisor_override}")
    return int(include), int(divisor_override)


@cached
def unpool(op: str, axes: int, x: Shape, indices: Shape, kernel_size: Any, stride: Any, padding: Any,
           output_size: Any) -> Shape:
    """The shape of y: the size that is asked for, or (size - 1) stride - 2 padding + kernel_size along each axis."""
    kernel_size = several(op, "kernel_size", kernel_size, axes, 1)
    padding = several(op, "padding", padding, axes)
    stride = kernel_size if stride is None else several(op, "stride", stride, axes, 1)
    image = images(op, axes, x)
    if indices != x:
        raise ShapeError(f"{op}: indices must have the shape of x, got x{x}, indices{indices}")
    usual = tuple([(n - 1) * s - 2 * p + k for n, k, s, p in zip(image, kernel_size, stride, padding, strict=True)])
    size = usual if output_size is None else _asked_size(op, axes, x, usual, stride, output_size)
    if min(size) < 1 or 0 in image:
        raise ShapeError(f"{op}: x{x} must have places, and the output too, which would be "
                         f"{' x '.join(map(str, size))}")
    places(op, "y", (*x[:-axes], *size), size)
    return (*x[:-axes], *size)


def _asked_size(op: str, axes: int, x: Shape, usual: Shape, stride: Numbers, output_size: Any) -> Shape:
    """The size that the user asks for, the last axes of a shape: less than a stride from the usual one."""
    asked = tuple(output_size)[-axes:] if isinstance(output_size, tuple | list) else output_size
    if isinstance(output_size, tuple | list) and len(output_size) not in (axes, len(x)):
        asked = output_size
    size = several(op, "output_size", asked, axes)
    for n, m, s in zip(size, usual, stride, strict=True):
        if not m - s < n < m + s:
            raise ShapeError(f"{op}: output_size must be less than a stride {stride} from {usual}, got {output_size}")
    return size
