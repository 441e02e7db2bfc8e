"""Cases of convolution."""
import math

from op_case import Case, Input, written

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import given, refused


def conv(x, weight, note="", bias=True, op="conv2d", kept="x weight", **options):
    x, weight = given(x), given(weight)
    outputs, channels, *window = weight.shape
    taps, pixels = math.prod(window), math.prod(x.shape) // max(x.shape[-1 - len(window)], 1)
    terms = 1 + max(channels * taps, outputs // options.get("groups", 1) * taps, pixels)
    return Case(op, {"x": x, "weight": weight, "bias": Input((outputs,)) if bias else None}, (), options, kept, terms,
                None, written(window), note)


def refused_conv(error, text, x=(1, 3, 8, 8), weight=(4, 3, 3, 3), **named):
    return refused("conv2d", error, text, x=x, weight=weight, **named)


IMAGES = (2, 3, 7, 5)
CASES = [
    conv(IMAGES, (4, 3, 3, 3)),
    conv(IMAGES, (4, 3, 3, 3), bias=False, note="no bias"),
    conv((2, 4, 7, 9), (6, 2, 3, 3), stride=2, padding=1, groups=2),
    conv((1, 1, 1, 1), (1, 1, 1, 1), "one pixel"),
    conv((3, 5, 6, 4), (7, 5, 1, 1)),
    conv((2, 67, 3, 4), (3, 67, 1, 1), "many channels"),
    conv((2, 9, 5, 6), (3, 9, 3, 3), "many channels", padding=1),
    conv((1, 2, 4, 3), (67, 2, 3, 2), "many outputs", padding=(1, 0)),
    conv((2, 3, 7, 8), (2, 3, 2, 2), stride=3),
    conv((1, 2, 11, 5), (3, 2, 1, 2), stride=(4, 3)),
    conv((2, 9, 9, 8), (3, 9, 3, 2), stride=(4, 3)),
    conv((1, 1, 4, 6), (2, 1, 3, 3), "leaves the edge", stride=2),
    conv((2, 2, 3, 2), (2, 2, 2, 2), "windows in the padding", padding=(3, 2)),
    conv((2, 3, 9, 8), (4, 3, 3, 2), dilation=2),
    conv((1, 8, 7, 9), (2, 8, 3, 3), stride=2, padding=(2, 3), dilation=(3, 2)),
    conv((2, 5, 6, 7), (5, 1, 3, 3), "depthwise", padding=1, groups=5),
    conv((2, 3, 8, 5), (3, 1, 2, 3), "depthwise", stride=(3, 2), padding=(0, 2), dilation=(2, 1), groups=3),
    conv((2, 3, 6, 5), (6, 1, 3, 3), "depthwise two each", groups=3),
    conv((2, 18, 4, 5), (6, 9, 3, 3), padding=1, groups=2),
    conv((1, 6, 5, 5), (3, 2, 1, 1), stride=2, groups=3),
    conv((2, 3, 5, 6), (2, 3, 2, 4), padding="same"),
    conv((2, 3, 5, 6), (2, 3, 4, 3), padding="same", dilation=(2, 1)),
    conv((2, 9, 5, 6), (2, 9, 2, 4), "many channels", padding="same"),
    conv((2, 3, 5, 6), (2, 3, 4, 3), padding="valid"),
    conv((1, 2, 5, 3), (3, 2, 5, 3), "window is the image"),
    conv((5, 1, 13, 11), (8, 1, 3, 3), "many images"),
    conv((0, 3, 5, 5), (2, 3, 3, 3), "no images"),
    conv((0, 9, 5, 5), (2, 9, 3, 3), "no images many channels", stride=2),
    conv((0, 3, 5, 5), (3, 1, 3, 3), "no images depthwise", groups=3),
    conv((3, 7, 5), (4, 3, 3, 3), "one image", kept="seen weight", padding=1),
    conv(Input((2, 3, 5, 5), "special"), (4, 3, 3, 3), "special", padding=1),
    conv(Input((2, 9, 5, 5), "special"), (4, 9, 3, 3), "special many channels", padding=1),
    conv(Input((1, 3, 6, 6), "special"), (3, 1, 2, 2), "special depthwise", groups=3),
]

REFUSED = [
    refused_conv(ShapeError, "x has 3 channels, weight expects 4 (weight(8, 4, 3, 3), groups=1)", weight=(8, 4, 3, 3)),
    refused_conv(ShapeError, "x has 3 channels, weight expects 6 (weight(4, 3, 3, 3), groups=2)", groups=2),
    refused_conv(ShapeError, "groups=3 must divide the 4 output channels of weight(4, 1, 3, 3)", weight=(4, 1, 3, 3),
                 groups=3),
    refused_conv(ShapeError, "groups must be a positive integer, got 0", groups=0),
    refused_conv(ShapeError, "groups must be a positive integer, got True", groups=True),
    refused_conv(ShapeError, "x must be (N, C, H, W) or (C, H, W), got x(8, 8)", x=(8, 8)),
    refused_conv(ShapeError, "x must not be empty along H, W, got x(1, 3, 0, 8)", x=(1, 3, 0, 8), padding=2),
    refused_conv(ShapeError, "the result (1, 4, 200006, 200006) would have 160009600144 elements, at most 2147483647 "
                 "are possible; use smaller batches, or check the options", padding=100_000),
    refused_conv(ShapeError, "stride must be at most 2147483647, got 1000000000000", stride=10**12),
    refused_conv(ShapeError, "weight must have 4 axes (O, C / groups, KH, KW), got weight(4, 3, 3)", weight=(4, 3, 3)),
    refused_conv(ShapeError, "bias must be (4,) for weight(4, 3, 3, 3), got bias(3,)", bias=(3,)),
    refused_conv(ShapeError, "stride must be at least 1, got 0", stride=0),
    refused_conv(ShapeError, "dilation must be at least 1, got (1, 0)", dilation=(1, 0)),
    refused_conv(ShapeError, "padding must be at least 0, got -1", padding=-1),
    refused_conv(ShapeError, "padding='same' needs stride 1, got stride (2, 1)", padding="same", stride=(2, 1)),
    refused_conv(ShapeError, "padding must be a number, a pair, 'same' or 'valid', got 'full'", padding="full"),
    refused_conv(DTypeError, "stride must be an integer or a pair of integers (height, width), got 1.5", stride=1.5),
    refused_conv(DTypeError, "padding must be an integer or a pair of integers (height, width), got (1, 1, 1, 1)",
                 padding=(1, 1, 1, 1)),
    refused_conv(ShapeError, "weight(4, 3, 3, 3) does not fit in x(1, 3, 2, 8) with padding 0 and dilation (1, 1): the "
                 "output would be 0 x 6", x=(1, 3, 2, 8)),
    refused_conv(ShapeError, "weight(4, 3, 0, 3) must not be empty", weight=(4, 3, 0, 3)),
    refused_conv(DTypeError,
                 "x must be float32, float64 or bfloat16, got int64", x=Input((1, 3, 8, 8), "whole", "int64")),
    refused_conv(DTypeError, "all arguments must have one dtype, got x float64 and weight float32; convert one with",
                 weight=Input((4, 3, 3, 3), "grid", "float32")),
    refused_conv(DTypeError, "x must be a Tensor, got list; make one with numbacnn.tensor", x=[1.0]),
]

SUMS = {"conv2d"}


def counterparts(torch):
    """The same in PyTorch."""
    return {"conv2d": torch.nn.functional.conv2d}
