"""Shapes of convolutions, and windows in general."""
from typing import Any

from numbacnn.errors import ShapeError
from numbacnn.geometry.options import Geometry, Pair, Shape, cached, is_integer, pair, rank_of


def output_size(size: int, kernel: int, stride: int, padding: int, dilation: int = 1) -> int:
    """Number of window positions along one axis: floor((size - extent + padding) / stride) + 1.

    `padding` counts both ends together; the extent of a dilated window is dilation * (kernel - 1) + 1.
    """
    return (size - dilation * (kernel - 1) - 1 + padding) // stride + 1


@cached
def conv2d(x: Shape, weight: Shape, bias: Shape | None, stride: Any, padding: Any, dilation: Any, groups: int
           ) -> Geometry:
    """Numbers: stride, padding above and to the left, dilation (two each), groups."""
    op = "conv2d"
    stride, dilation = pair(op, "stride", stride, 1), pair(op, "dilation", dilation, 1)
    rank_of(op, "x", x, 4, "(N, C, H, W)")
    rank_of(op, "weight", weight, 4, "(O, C / groups, KH, KW)")
    if not is_integer(groups) or groups < 1:
        raise ShapeError(f"{op}: groups must be a positive integer, got {groups!r}")
    if x[1] != weight[1] * groups:
        raise ShapeError(f"{op}: x has {x[1]} channels, weight expects {weight[1] * groups} (weight{weight}, "
                         f"groups={groups})")
    if weight[0] % groups:
        raise ShapeError(f"{op}: groups={groups} must divide the {weight[0]} output channels of weight{weight}")
    if bias is not None and bias != weight[:1]:
        raise ShapeError(f"{op}: bias must be ({weight[0]},) for weight{weight}, got bias{bias}")
    before, both = _padding(op, padding, weight[2:], stride, dilation)
    size = window_of(op, f"weight{weight}", x, weight[2:], stride, both, dilation, padding)
    return (x[0], weight[0], *size), (*stride, *before, *dilation, groups)


def _padding(op: str, padding: Any, kernel: Shape, stride: Pair, dilation: Pair) -> tuple[Pair, Pair]:
    """Padding above and to the left, and both ends together. Same: the odd one goes below and to the right."""
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        if stride != (1, 1):
            raise ShapeError(f"{op}: padding='same' needs stride 1, got stride {stride}; give a number instead")
        both = (dilation[0] * (kernel[0] - 1), dilation[1] * (kernel[1] - 1))
        return (both[0] // 2, both[1] // 2), both
    if isinstance(padding, str):
        raise ShapeError(f"{op}: padding must be a number, a pair, 'same' or 'valid', got {padding!r}")
    padding = pair(op, "padding", padding)
    return padding, (2 * padding[0], 2 * padding[1])


def window_of(op: str, window: str, x: Shape, kernel: Shape, stride: Pair, padding: Pair, dilation: Pair, given: Any
              ) -> Pair:
    """How many windows there are down and across, one at least."""
    if 0 in kernel:
        raise ShapeError(f"{op}: {window} must not be empty")
    oh, ow = (output_size(*each) for each in zip(x[2:], kernel, stride, padding, dilation, strict=True))
    if oh < 1 or ow < 1:
        raise ShapeError(f"{op}: {window} does not fit in x{x} with padding {given} and dilation {dilation}: the "
                         f"output would be {oh} x {ow}")
    return oh, ow
