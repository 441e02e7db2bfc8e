"""Shapes of convolutions along one, two or three axes, and windows in general."""
from typing import Any, NamedTuple

from numbacnn.errors import ShapeError
from numbacnn.geometry.options import Numbers, Shape, cached, several
from numbacnn.geometry.ranks import SIZES, TAPS, images, rank_of
from numbacnn.options import is_integer

NUMBERS = {1: "a number", 2: "a number, a pair", 3: "a number, three numbers"}


class Conv(NamedTuple):
    """A convolution from x to y, and the two-dimensional one that computes it.

    Attributes
    ----------
    x, weight, y : tuple of int
        Shapes (N, C, ...), (O, C / groups, ...) and (N, O, ...).
    images, filters, outputs : tuple of int
        The same as images: one axis is the width of a row; along the depth, what a window sees is channels.
    numbers : tuple of int
        Of the kernels: stride, padding above and to the left, dilation (two each), groups.
    depth : tuple of int
        Of `depth_windows`: taps, stride, padding in front, dilation and groups; empty where there is no depth.
    planes : tuple of int
        The same between y and its images: of each plane there is one, or one for each tap, and y is their sum.
    """

    x: Shape
    weight: Shape
    y: Shape
    images: Shape
    filters: Shape
    outputs: Shape
    numbers: Numbers
    depth: Numbers
    planes: Numbers


def output_size(size: int, kernel: int, stride: int, padding: int, dilation: int = 1) -> int:
    """Number of window positions along one axis: floor((size - extent + padding) / stride) + 1.

    `padding` counts both ends together; the extent of a dilated window is dilation * (kernel - 1) + 1.
    """
    return (size - dilation * (kernel - 1) - 1 + padding) // stride + 1


@cached
def conv(op: str, axes: int, x: Shape, weight: Shape, bias: Shape | None, stride: Any, padding: Any, dilation: Any,
         groups: int) -> Conv:
    """The convolution of images with so many axes, one image or a batch."""
    stride, dilation = several(op, "stride", stride, axes, 1), several(op, "dilation", dilation, axes, 1)
    x = _batch_of(op, x, axes)
    rank_of(op, "weight", weight, axes + 2, f"(O, C / groups, {TAPS[axes]})")
    check_groups(op, groups)
    if x[1] != weight[1] * groups:
        raise ShapeError(f"{op}: x has {x[1]} channels, weight expects {weight[1] * groups} (weight{weight}, "
                         f"groups={groups})")
    if weight[0] % groups:
        raise ShapeError(f"{op}: groups={groups} must divide the {weight[0]} output channels of weight{weight}")
    if bias is not None and bias != weight[:1]:
        raise ShapeError(f"{op}: bias must be ({weight[0]},) for weight{weight}, got bias{bias}")
    before, both = padding_of(op, padding, weight[2:], stride, dilation)
    size = window_of(op, f"weight{weight}", x, weight[2:], stride, both, dilation, padding)
    return _as_images(x, weight, (x[0], weight[0], *size), stride, before, dilation, groups)


@cached
def conv_transpose(op: str, axes: int, x: Shape, weight: Shape, bias: Shape | None, stride: Any, padding: Any,
                   output_padding: Any, groups: int, dilation: Any) -> Conv:
    """The convolution whose gradient it is: from what is returned to what is given, x."""
    stride, dilation = several(op, "stride", stride, axes, 1), several(op, "dilation", dilation, axes, 1)
    padding, more = several(op, "padding", padding, axes), several(op, "output_padding", output_padding, axes)
    x = _batch_of(op, x, axes)
    rank_of(op, "weight", weight, axes + 2, f"(C, O / groups, {TAPS[axes]})")
    check_groups(op, groups)
    if x[1] != weight[0]:
        raise ShapeError(f"{op}: x has {x[1]} channels, weight expects {weight[0]} (weight{weight})")
    if weight[0] % groups:
        raise ShapeError(f"{op}: groups={groups} must divide the {weight[0]} channels of weight{weight}")
    outputs = weight[1] * groups
    if bias is not None and bias != (outputs,):
        raise ShapeError(f"{op}: bias must be ({outputs},) for weight{weight} and groups={groups}, got bias{bias}")
    if 0 in weight[2:]:
        raise ShapeError(f"{op}: weight{weight} must not be empty")
    if any(m >= max(s, d) for m, s, d in zip(more, stride, dilation, strict=True)):
        raise ShapeError(f"{op}: output_padding must be smaller than stride or dilation, got {output_padding} for "
                         f"stride {stride} and dilation {dilation}")
    size = tuple([n + m for n, m in zip(transposed_size(x[2:], weight[2:], stride, padding, dilation), more,
                                        strict=True)])
    if min(size) < 1:
        raise ShapeError(f"{op}: padding {padding} leaves nothing of x{x} with weight{weight}: the output would be "
                         f"{' x '.join(map(str, size))}")
    return _as_images((x[0], outputs, *size), weight, x, stride, padding, dilation, groups)


@cached
def output_padding_of(op: str, x: Shape, output_size: Any, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape
                      ) -> Shape:
    """How much must be added to the output of a transposed convolution, to give it a size."""
    axes = len(kernel)
    x = _batch_of(op, x, axes)
    if isinstance(output_size, tuple | list) and len(output_size) in (axes + 1, axes + 2):
        output_size = output_size[-axes:]               # a whole shape
    wanted = several(op, "output_size", output_size, axes, 1)
    least = transposed_size(x[2:], kernel, stride, padding, dilation)
    most = tuple([n + s - 1 for n, s in zip(least, stride, strict=True)])
    if any(not low <= n <= high for low, n, high in zip(least, wanted, most, strict=True)):
        raise ShapeError(f"{op}: output_size must be from {least} to {most} for x{x}, got {wanted}")
    return tuple([n - low for n, low in zip(wanted, least, strict=True)])


def transposed_size(size: Shape, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape) -> Shape:
    """The smallest size along each axis of which so many windows fit."""
    return tuple([(n - 1) * s - 2 * p + d * (k - 1) + 1
                  for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True)])


def check_groups(op: str, groups: Any) -> None:
    """Check the number of groups."""
    if not is_integer(groups) or groups < 1:
        raise ShapeError(f"{op}: groups must be a positive integer, got {groups!r}")


def padding_of(op: str, padding: Any, kernel: Shape, stride: Shape, dilation: Shape) -> tuple[Shape, Shape]:
    """Padding in front of each axis, and both ends together. Same: the odd one goes behind."""
    axes = len(kernel)
    if padding == "valid":
        return (0,) * axes, (0,) * axes
    if padding == "same":
        if stride != (1,) * axes:
            raise ShapeError(f"{op}: padding='same' needs stride 1, got stride {stride}; give a number instead")
        both = tuple([d * (k - 1) for k, d in zip(kernel, dilation, strict=True)])
        return tuple([n // 2 for n in both]), both
    if isinstance(padding, str):
        raise ShapeError(f"{op}: padding must be {NUMBERS[axes]}, 'same' or 'valid', got {padding!r}")
    padding = several(op, "padding", padding, axes)
    return padding, tuple([2 * n for n in padding])


def window_of(op: str, window: str, x: Shape, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, given: Any
              ) -> Shape:
    """How many windows there are along each axis, one at least."""
    if 0 in kernel:
        raise ShapeError(f"{op}: {window} must not be empty")
    size = tuple([output_size(*each) for each in zip(x[2:], kernel, stride, padding, dilation, strict=True)])
    if min(size) < 1:
        raise ShapeError(f"{op}: {window} does not fit in x{x} with padding {given} and dilation {dilation}: the "
                         f"output would be {' x '.join(map(str, size))}")
    return size


def _batch_of(op: str, x: Shape, axes: int) -> Shape:
    """The shape of a batch: that of one image is a batch of one."""
    if 0 in images(op, axes, x):
        raise ShapeError(f"{op}: x must not be empty along {SIZES[axes]}, got x{x}")
    return (1,) * (axes + 2 - len(x)) + x


def _as_images(x: Shape, weight: Shape, y: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int) -> Conv:
    if len(x) == 3:
        images, filters, outputs = ((*shape[:2], 1, shape[2]) for shape in (x, weight, y))
        return Conv(x, weight, y, images, filters, outputs, (1, *stride, 0, *padding, 1, *dilation, groups), (), ())
    numbers = (*stride[-2:], *padding[-2:], *dilation[-2:], groups)
    if len(x) == 4:
        return Conv(x, weight, y, x, weight, y, numbers, (), ())
    count, taps = y[0] * y[2], weight[2]
    if weight[:2] == (groups, 1) and groups > 1 and taps > 1:          # depthwise: taps are channels of their own
        wide = groups * taps
        return Conv(x, weight, y, (count, wide, *x[3:]), (wide, 1, *weight[3:]), (count, wide, *y[3:]),
                    (*numbers[:-1], wide), (taps, stride[0], padding[0], dilation[0], 1), (taps, 1, 0, 0, 1))
    return Conv(x, weight, y, (count, x[1] * taps, *x[3:]), (weight[0], weight[1] * taps, *weight[3:]),
                (count, y[1], *y[3:]), numbers, (taps, stride[0], padding[0], dilation[0], groups), (1, 1, 0, 1, 1))
