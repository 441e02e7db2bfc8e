"""The cases on which every public op is tried: shapes, options, numbers, and what must come out of each.

One table, `CASES`, drives test_ops.py; `REFUSED` holds calls that must fail, and the words with which. A new op needs
rows here, and a function in op_reference.py.
"""
import math

import numpy as np
from op_case import Case, Input, written

from numbacnn.errors import DTypeError, ShapeError


def given(each):
    """A shape stands for a grid."""
    return Input(each) if isinstance(each, tuple) and not isinstance(each, Input) else each


# --- families: what the rows of an op have in common ---------------------------------------------------------------


def conv(x, weight, note="", bias=True, **options):
    x, weight = given(x), given(weight)
    outputs, channels, *window = weight.shape
    taps, pixels = math.prod(window), math.prod(x.shape) // max(x.shape[1], 1)
    terms = 1 + max(channels * taps, outputs // options.get("groups", 1) * taps, pixels)
    return Case("conv2d", {"x": x, "weight": weight, "bias": Input((outputs,)) if bias else None}, (), options,
                "x weight", terms, None, written(window), note)


def pool(op, x, kernel_size, note="", **options):
    window = math.prod(kernel_size) if isinstance(kernel_size, tuple) else kernel_size ** 2
    return Case(op, {"x": given(x)}, (kernel_size,), options, "argmax" if op == "max_pool2d" else "", window, None,
                written(kernel_size), note)


def adaptive(x, output_size, note=""):
    return Case("adaptive_avg_pool2d", {"x": given(x)}, (output_size,), {}, "", math.prod(x[2:]), None, "", note)


def unary(op, x, kept="", note="", terms=1, **options):
    return Case(op, {"x": given(x)}, (), options, kept, terms, note=note)


def shaped(op, x, *arguments, note="", **options):
    return Case(op, {"x": given(x)}, arguments, options, note=note)


def prelu(x, weight, note=""):
    x = given(x)
    return Case("prelu", {"x": x, "weight": given(weight)}, (), {}, "x weight", 1 + math.prod(x.shape), note=note)


def norm(x, training, note="", **options):
    x = given(x)
    channels = x.shape[1:2]
    inputs = {"x": x, "running_mean": Input(channels), "running_var": Input(channels, "positive"),
              "weight": Input(channels), "bias": Input(channels)}
    kept = "x mean rstd weight" if training else "x running_mean rstd weight"
    return Case("batch_norm", inputs, (), {"training": training, **options}, kept,
                math.prod(x.shape) // max(x.shape[1], 1), None, written(x.shape), note)


def linear(x, weight, note="", bias=True):
    x = given(x)
    inputs = {"x": x, "weight": Input(weight), "bias": Input(weight[:1]) if bias else None}
    kept = "x weight" if len(x.shape) == 2 else "x_data weight"      # of other shapes, the op keeps a view
    return Case("linear", inputs, (), {}, kept, 1 + max(*weight, math.prod(x.shape[:-1])), None,
                f"{written(x.shape)},{written(weight)}", note)


def entropy(logits, reduction, note=""):
    logits = given(logits)
    images, classes, *pixels = logits.shape
    inputs = {"logits": logits, "targets": Input((images, *pixels), f"below {classes}", "int64")}
    return Case("cross_entropy", inputs, (), {"reduction": reduction}, "probabilities t_data",
                math.prod(logits.shape), None, written(logits.shape), note)


KEPT = {"multiply": "a b", "divide": "b y"}


def binary(a, b, only="add subtract multiply divide", note=""):
    """A row for each of the four, with shapes or numbers; `held` is a number that became an array."""
    a, b = given(a), given(b)
    sizes = [math.prod(each.shape) if isinstance(each, Input) else 1 for each in (a, b)]
    terms = 2 + max(sizes) // max(1, min(sizes))
    for op in only.split():
        kept = KEPT.get(op, "")
        for name, each in (("a", a), ("b", b)):
            kept = kept if isinstance(each, Input) else kept.replace(name, "held")
        right = b._replace(fill="positive") if op == "divide" and isinstance(b, Input) and b.fill == "grid" else b
        yield Case(op, {"a": a, "b": right}, (), {}, kept, terms, note=note)


SPECIAL = Input((3, 4, 5), "special")
IMAGES, ROWS = (2, 3, 7, 5), (5, 3)

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
    conv(Input((2, 3, 5, 5), "special"), (4, 3, 3, 3), "special", padding=1),
    conv(Input((2, 9, 5, 5), "special"), (4, 9, 3, 3), "special many channels", padding=1),
    conv(Input((1, 3, 6, 6), "special"), (3, 1, 2, 2), "special depthwise", groups=3),

    *[case for op in ("max_pool2d", "avg_pool2d", "sum_pool2d") for case in (
        pool(op, IMAGES, 2),
        pool(op, IMAGES, (2, 3), stride=1),
        pool(op, (2, 3, 8, 7), 3, stride=2, padding=1),
        pool(op, (1, 5, 9, 6), 2, "leaves the edge", stride=3),
        pool(op, (2, 2, 5, 8), (1, 4), stride=(2, 5), padding=(0, 2)),
        pool(op, (1, 1, 6, 3), (6, 3), "window is the image"),
        pool(op, (2, 7, 3, 4), 1),
        pool(op, (3, 1, 1, 1), 3, "one pixel", stride=1, padding=1),
        pool(op, (0, 3, 4, 4), 2, "no images"),
        pool(op, Input((2, 3, 6, 5), "special"), 2, "special", stride=1, padding=1),
    )],
    pool("max_pool2d", Input((2, 3, 7, 6), "ties"), 3, "ties", stride=2, padding=1),
    pool("max_pool2d", Input((1, 2, 4, 4), "all -inf"), 2, "minus infinity", stride=1, padding=1),
    pool("max_pool2d", (2, 3, 9, 8), (3, 2), stride=2, padding=1, dilation=(2, 3)),
    pool("max_pool2d", (1, 2, 5, 6), 2, dilation=3),
    pool("avg_pool2d", (2, 3, 8, 7), 3, stride=2, padding=1, count_include_pad=False),
    pool("avg_pool2d", (1, 2, 3, 2), (2, 4), stride=(1, 3), padding=(1, 2), count_include_pad=False),
    *[adaptive((2, 3, 7, 5), size) for size in (1, (3, 2), (7, 5), (9, 8), (None, 2), (4, None))],
    adaptive((0, 3, 4, 4), 2, "no images"),
    adaptive((1, 7, 1, 13), (1, 5)),

    *[unary(op, x, kept, note) for op, kept in (("relu", "y"), ("sigmoid", "y"), ("leaky_relu", "x")) for x, note in (
        ((2, 3, 4, 5), ""), ((7,), ""), ((), ""), ((3, 4, 5), ""), ((0, 3), "empty"), (SPECIAL, "special"),
        (Input((4, 6), "ties"), "ties"))],
    *[unary("leaky_relu", (2, 3, 4), "x", negative_slope=slope) for slope in (0.0, -0.5, 3)],
    unary("sigmoid", Input((3, 7), "times 400"), "y", "large"),
    prelu((2, 3, 4, 5), (3,)), prelu((2, 3, 4, 5), (1,)), prelu((4, 7), (7,)), prelu((2, 3, 4), (1,)), prelu((), (1,)),
    prelu((3, 1, 2, 5), (1,)), prelu((0, 3), (3,), "empty"), prelu((70, 3, 8, 9), (3,), "many"),
    prelu(Input((2, 3, 4, 5), "special"), (3,), "special"), prelu(Input((5, 4), "ties"), (4,), "ties"),
    *[unary("softmax", (2, 3, 4, 5), "y", terms=5, dim=dim) for dim in (0, 1, 2, 3, -2)],
    *[unary("softmax", x, "y", terms=32) for x in ((3, 7), (2, 3, 5), (9,), (4, 1), (0, 3))],
    unary("softmax", Input((3, 7), "times 500"), "y", "large", 500),
    *[unary("softmax", SPECIAL, "y", "special", 5, dim=dim) for dim in (0, 1)],
    unary("softmax", Input((2, 3), "all -inf"), "y", "minus infinity"),

    *[norm(x, training) for training in (True, False) for x in (
        (2, 3, 4, 5), (7, 5), (2, 1), (1, 3, 2, 1), (3, 1, 1, 4), (70, 13, 9, 8))],
    norm((2, 3, 4, 5), True, momentum=0.0, eps=0.1), norm((4, 3), True, momentum=1.0), norm((4, 3), False, eps=0.0),
    norm((0, 3, 2, 2), False, "no images"),
    norm(Input((2, 3, 4, 5), "special"), True, "special"), norm(Input((2, 3, 4, 5), "special"), False, "special"),
    norm(Input((6, 2), "all 3"), True, "constant"),
    *[unary("dropout", x, "before", p=p) for p in (0.5, 0.9) for x in ((2, 3, 4, 5), (3, 7), (5,), (), (0, 3))],
    unary("dropout", (2, 3), p=0.0), unary("dropout", (2, 3), "held x", p=1.0),
    unary("dropout", (2, 3), training=False), unary("dropout", SPECIAL, "before", "special"),

    *[linear(x, weight) for x, weight in (
        ((3, 5), (7, 5)), ((1, 13), (1, 13)), ((17, 33), (9, 33)), ((65, 3), (5, 3)), ((4, 1), (3, 1)), ((5,), (7, 5)),
        ((2, 3, 5), (7, 5)), ((2, 3, 4, 5), (7, 5)), ((3, 300), (2, 300)), ((3, 4), (70, 4)), ((0, 5), (7, 5)),
        ((3, 0), (5, 0)), ((9, 0), (5, 0)), ((3, 2), (0, 2)))],
    linear((3, 5), (7, 5), "no bias", bias=False), linear((2, 3, 5), (7, 5), "no bias", bias=False),
    linear(Input((4, 6), "special"), (3, 6), "special"),
    *[entropy(logits, reduction) for reduction in ("mean", "sum", "none") for logits in (
        (5, 3), (1, 7), (4, 1), (2, 3, 4, 5))],
    entropy((0, 3), "sum", "no images"), entropy((0, 3), "none", "no images"), entropy((0, 3), "mean", "no images"),
    entropy(Input((4, 5), "times 400"), "mean", "large"), entropy(Input((4, 5), "special"), "none", "special"),

    *[case for shapes in (
        ((2, 3, 4, 5), (2, 3, 4, 5)), ((2, 3, 4, 5), (3, 1, 1)), ((2, 3, 4, 5), (5,)), ((3, 4, 5), (2, 3, 4, 5)),
        ((2, 3, 4, 5), (2, 1, 4, 5)), ((2, 3, 4, 5), ()), ((), (2, 3, 4, 5)), ((2, 1, 4, 1), (1, 3, 1, 5)),
        ((7,), (7,)), ((3, 1), (1, 4)), ((4, 1), (3,)), ((1,), (2, 3, 1, 1)), ((), ()), ((0, 3), (1, 3)),
        ((1, 3), (0, 1)), ((2, 1, 2, 1, 3, 1), (1, 3, 1, 2, 1, 2)), ((2, 3, 4), 2.5), (0.5, (2, 3, 4)),
        ((2, 3, 4, 5), -3))
      for case in binary(*shapes)],
    *binary(SPECIAL, Input((4, 5), "special"), note="special"), *binary(Input((4, 6), "ties"), 0.0, note="zero"),
    *binary(Input((3, 4), "whole", "int64"), Input((4,), "whole", "int64"), "add subtract multiply", "integers"),
    *binary(Input((2, 3, 2, 2), "whole", "int32"), 7, "add subtract multiply", "integers"),
    unary("negative", (2, 3, 4, 5), "x held"), unary("negative", Input((3,), "whole", "int64")),

    *[unary(op, (2, 3, 4, 5), terms=120, dim=dim, keepdim=keepdim) for op in ("sum", "mean")
      for keepdim in (False, True) for dim in (None, 0, -1, (1, 2), [0, 2, 3])],
    *[unary(op, x, terms=60) for op in ("sum", "mean") for x in (
        (7,), (), (3, 4, 5), (1, 1, 1, 1), (2, 1, 3, 1, 2, 1))],
    unary("sum", (0, 3), note="empty", dim=0), unary("mean", (0, 3), note="empty", dim=0),
    unary("sum", SPECIAL, note="special", dim=1), unary("mean", SPECIAL, note="special", dim=0),
    *[unary("sum", Input((3, 5), "whole", dtype), note=dtype, dim=0) for dtype in ("int64", "int32", "bool")],
    unary("sum", Input((300,), "all 200", "uint8"), note="uint8"),
    *[unary("argmax", (2, 3, 4, 5), dim=dim) for dim in (None, 0, 1, 2, -1)],
    *[unary("argmax", x, note=note, dim=0) for x, note in ((SPECIAL, "special"), (Input((5, 4), "ties"), "ties"),
                                                          (Input((6,), "whole", "int64"), "integers"))],
    *[shaped("reshape", *row) for row in (
        ((2, 3, 4, 5), 2, -1), ((2, 3, 4, 5), (2, 60)), ((6, 20), 2, 3, 4, 5), ((2, 3, 4, 5), 5, 4, 3, 2),
        ((6,), -1, 1, 2), ((1,), ()), ((0, 3), 3, 0), ((2, 3, 4, 5), 2, 3, 5, 4), ((2, 3, 2), 3, 4))],
    shaped("flatten", (2, 3, 4, 5)), shaped("flatten", (2, 3, 4, 5), 1), shaped("flatten", (2, 3, 4, 5), 1, 2),
    shaped("flatten", (3,), -1),
    shaped("squeeze", (2, 1, 4, 1)), shaped("squeeze", (2, 1, 4, 1), -3), shaped("squeeze", (2, 3), 1),
    *[shaped("unsqueeze", (2, 3, 4), dim) for dim in (0, 1, -1)], shaped("unsqueeze", (), 0),
    shaped("permute", (2, 3, 4, 5), 0, 2, 3, 1), shaped("permute", (2, 3, 4, 5), (3, -3, 0, 2)),
    shaped("permute", (3, 4), 1, 0), shaped("permute", (2, 3, 2, 1, 4), 4, 0, 3, 1, 2),
    shaped("transpose", (2, 3, 4, 5), 1, -1), shaped("transpose", (3, 4), 0, 1), shaped("transpose", (2, 3, 4), 1, 1),
    shaped("expand", (3, 1), 3, 4), shaped("expand", (3, 1, 1), (2, -1, 4, 5)), shaped("expand", (), 2, 3),
    shaped("expand", (2, 3), -1, -1), shaped("expand", (1, 3), 0, 3),
    *[shaped("to", (2, 3, 4, 5), *target) for target in (
        ("float32",), ("float64",), ("int64",), ("cpu",), ("float32", "cpu"))],
    shaped("to", Input((3, 4), "ties"), "bool"),
    shaped("to", Input((3, 4), "ties", "int64"), "float64", note="integers"),
]


# --- what must be refused, and how -----------------------------------------------------------------------------------

INPUTS = ("x", "weight", "bias", "running_mean", "running_var", "logits", "targets", "a", "b")
INTEGERS, SINGLE = Input((2, 3), "whole", "int64"), Input((2, 3), "grid", "float32")


def refused(op, error, text, *arguments, **named):
    inputs = {name: given(value) for name, value in named.items() if name in INPUTS}
    return Case(op, inputs, arguments, {name: value for name, value in named.items() if name not in INPUTS},
                error=(error, text), label=text.partition(": ")[2].replace(" ", "_"))


def refused_norm(error, text, x=(2, 3), **named):
    channels = dict.fromkeys(("running_mean", "running_var", "weight", "bias"), (3,))
    return refused("batch_norm", error, text, **{"x": x, **channels, **named})


def refused_conv(error, text, x=(1, 3, 8, 8), weight=(4, 3, 3, 3), **named):
    return refused("conv2d", error, text, x=x, weight=weight, **named)


REFUSED = [
    refused_conv(ShapeError, "x has 3 channels, weight expects 4 (weight(8, 4, 3, 3), groups=1)", weight=(8, 4, 3, 3)),
    refused_conv(ShapeError, "x has 3 channels, weight expects 6 (weight(4, 3, 3, 3), groups=2)", groups=2),
    refused_conv(ShapeError, "groups=3 must divide the 4 output channels of weight(4, 1, 3, 3)", weight=(4, 1, 3, 3),
                 groups=3),
    refused_conv(ShapeError, "groups must be a positive integer, got 0", groups=0),
    refused_conv(ShapeError, "groups must be a positive integer, got True", groups=True),
    refused_conv(ShapeError, "x must have 4 axes (N, C, H, W), got x(3, 8, 8)", x=(3, 8, 8)),
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
    refused_conv(DTypeError, "x must be float32 or float64, got int64", x=Input((1, 3, 8, 8), "whole", "int64")),
    refused_conv(DTypeError, "all arguments must have one dtype, got x float64 and weight float32; convert one with",
                 weight=Input((4, 3, 3, 3), "grid", "float32")),
    refused_conv(DTypeError, "x must be a Tensor, got list; make one with numbacnn.tensor", x=[1.0]),

    *[refused(op, ShapeError, text, kernel, x=x, **options) for op in ("max_pool2d", "avg_pool2d", "sum_pool2d")
      for text, x, kernel, options in (
        ("window (9, 9) does not fit in x(1, 1, 4, 4) with padding (0, 0)", (1, 1, 4, 4), 9, {}),
        ("padding must be at most half the window (2, 3), got (1, 2)", (1, 1, 4, 4), (2, 3), {"padding": (1, 2)}),
        ("kernel_size must be at least 1, got 0", (1, 1, 4, 4), 0, {}),
        ("stride must be at least 1, got (2, 0)", (1, 1, 4, 4), 2, {"stride": (2, 0)}),
        ("x must have 4 axes (N, C, H, W), got x(4, 4)", (4, 4), 2, {}))],
    refused("max_pool2d", ShapeError, "window (2, 2)", 2, x=(1, 1, 2, 2), stride=1, padding=1, dilation=3),
    refused("max_pool2d", ShapeError, "x", 2, x=(1, 1, 0, 4), stride=1, padding=1),
    refused("avg_pool2d", ShapeError, "x", 2, x=(1, 1, 0, 4), stride=1, padding=1),
    refused("max_pool2d", DTypeError, "x must be float32 or float64, got int64", 2, x=INTEGERS),
    refused("adaptive_avg_pool2d", ShapeError, "output_size must be at least 1, got (0, 2)", (0, 2), x=(1, 1, 4, 4)),
    refused("adaptive_avg_pool2d", ShapeError, "output_size must be an integer or a pair (height, width), got (1, 2,",
            (1, 2, 3), x=(1, 1, 4, 4)),
    refused("adaptive_avg_pool2d", ShapeError, "x must have rows and columns, got x(1, 1, 0, 4)", 1, x=(1, 1, 0, 4)),

    *[refused(op, DTypeError, "x must be float32 or float64, got int64; convert it with x.to(numbacnn.float32)",
              x=INTEGERS) for op in ("relu", "leaky_relu", "sigmoid", "softmax", "dropout", "mean")],
    *[refused(op, DTypeError, "must be", *arguments, x=[1.0]) for op, *arguments in (
        ("relu",), ("sum",), ("argmax",), ("reshape", 1), ("permute", 0), ("expand", 2), ("flatten",), ("squeeze",),
        ("unsqueeze", 0), ("transpose", 0, 0), ("to", "float32"), ("negative",))],
    refused("leaky_relu", DTypeError, "negative_slope must be a number, got 'steep'", x=(3,), negative_slope="steep"),
    refused("prelu", ShapeError, "weight must be (1,), or one per channel of x (N, C) or (N, C, H, W); got weight(2,) "
            "for x(4, 3)", x=(4, 3), weight=(2,)),
    refused("prelu", ShapeError, "got weight(3,) for x(2, 3, 4)", x=(2, 3, 4), weight=(3,)),
    refused("softmax", ShapeError, "dim must be from -2 to 1 for 2 axes, got 2", x=(2, 3), dim=2),
    refused("softmax", ShapeError, "dim must be from -2 to 1 for 2 axes, got -3", x=(2, 3), dim=-3),
    refused("softmax", DTypeError, "dim must be an integer, got 1.0", x=(2, 3), dim=1.0),
    refused("dropout", ShapeError, "p must be in [0, 1], got 1.5", x=(3,), p=1.5),
    refused("dropout", ShapeError, "p must be in [0, 1], got nan", x=(3,), p=math.nan),
    refused_norm(ShapeError, "x must be (N, C) or (N, C, H, W), got x(2, 3, 4)", x=(2, 3, 4)),
    refused_norm(ShapeError, "x has 5 channels, running_mean must be (5,), got running_mean(3,)", x=(2, 5)),
    refused_norm(ShapeError, "x has 3 channels, bias must be (3,), got bias(4,)", bias=(4,)),
    refused_norm(ShapeError, "training needs at least 2 values per channel, got 1 in x(1, 3)", x=(1, 3), training=True),
    refused_norm(ShapeError, "momentum must be in [0, 1], got 2", momentum=2),
    refused_norm(ShapeError, "eps must be at least 0, got -1", eps=-1),

    refused("linear", ShapeError, "x(2, 4) must end in 3 features for weight(5, 3)", x=(2, 4), weight=(5, 3)),
    refused("linear", ShapeError, "x() must end in 3 features for weight(5, 3)", x=(), weight=(5, 3)),
    refused("linear", ShapeError, "bias must be (5,) for weight(5, 3), got bias(3,)", x=(2, 3), weight=(5, 3),
            bias=(3,)),
    refused("linear", ShapeError, "weight must have 2 axes (out_features, in_features), got weight(3,)", x=(2, 3),
            weight=(3,)),
    refused("cross_entropy", ShapeError, "logits must be (N, C) or (N, C, H, W), got logits(3,)", logits=(3,),
            targets=Input((3,), "below 2", "int64")),
    refused("cross_entropy", ShapeError, "targets must be (4,) for logits(4, 3), got targets(3,)", logits=(4, 3),
            targets=Input((3,), "below 2", "int64")),
    refused("cross_entropy", ShapeError, "there must be at least one class, got logits(2, 0)", logits=(2, 0),
            targets=Input((2,), "below 1", "int64")),
    refused("cross_entropy", DTypeError, "targets must be a Tensor of int64 (class indices), got float64",
            logits=(4, 3), targets=(4,)),
    refused("cross_entropy", ValueError, "reduction must be 'mean', 'sum' or 'none', got 'max'", logits=(4, 3),
            targets=Input((4,), "below 3", "int64"), reduction="max"),

    *[refused(op, ShapeError, "shapes must be equal or broadcast (sizes equal or 1, from the right), got a(2, 3), "
              "b(2,)", a=(2, 3), b=(2,)) for op in ("add", "subtract", "multiply", "divide")],
    refused("add", DTypeError, "dtypes must be equal, got float64 and float32; convert one with .to(numbacnn.float64)",
            a=(2, 3), b=SINGLE),
    refused("divide", DTypeError, "operands must be float32 or float64, got int64", a=INTEGERS, b=INTEGERS),
    refused("multiply", DTypeError, "operands must be tensors or numbers, got str", a=(2, 3), b="2"),
    refused("add", DTypeError, "0.5 does not fit a tensor of int64", a=INTEGERS, b=0.5),
    refused("add", DTypeError, "does not fit a tensor of int32", a=Input((2,), "whole", "int32"), b=2**40),
    refused("add", DTypeError, "operands must be", a=1.0, b=2.0),
    refused("negative", DTypeError, "uint8", x=Input((2,), "below 3", "uint8")),
    refused("add", ShapeError, "at most 6 axes, got shape (1, 1, 1, 1, 1, 1, 2)", a=(1,) * 7, b=(2,)),
    refused("sum", ShapeError, "dim must be from -2 to 1 for 2 axes, got 2", x=(2, 3), dim=2),
    refused("sum", ShapeError, "each axis may be named once, got dim=(1, -1)", x=(2, 3), dim=(1, -1)),
    refused("mean", DTypeError, "dim must be", x=(2, 3), dim=1.0),
    refused("argmax", ShapeError, "the axis must not be empty, got x(0, 3), dim=0", x=(0, 3), dim=0),
    refused("argmax", DTypeError, "x must be numbers, got bool", x=Input((3,), "ties", "bool")),
    refused("reshape", ShapeError, "x(2, 3) has 6 elements, (4, 2) has 8", 4, 2, x=(2, 3)),
    refused("reshape", ShapeError, "x(2, 3) has 6 elements, which (4, -1) cannot hold", 4, -1, x=(2, 3)),
    refused("reshape", ShapeError, "shape may hold one -1 and no other negative number, got (-1, -1)", -1, -1,
            x=(2, 3)),
    refused("reshape", DTypeError, "must be integers, got (2.0, 3)", 2.0, 3, x=(2, 3)),
    refused("flatten", ShapeError, "start_dim must not come after end_dim, got 1, 0", 1, 0, x=(2, 3)),
    refused("squeeze", ShapeError, "dim must be from -2 to 1 for 2 axes, got 2", 2, x=(2, 3)),
    refused("unsqueeze", ShapeError, "dim must be from -3 to 2 for 3 axes, got 3", 3, x=(2, 3)),
    refused("permute", ShapeError, "dims must name each of the 2 axes once, got (0, 0)", 0, 0, x=(2, 3)),
    refused("transpose", ShapeError, "dim must be from -2 to 1 for 2 axes, got 5", 0, 5, x=(2, 3)),
    refused("expand", ShapeError, "x(2, 3) cannot be repeated to (2, 4): sizes must be equal or 1, from the right",
            2, 4, x=(2, 3)),
    refused("expand", ShapeError, "x(2, 1) cannot be repeated to (2, -2)", 2, -2, x=(2, 1)),
    refused("expand", DTypeError, "2.0", 2.0, 3, x=(1, 3)),
    refused("to", DTypeError, "dtype must be one of float32, float64, int64, int32, uint8, bool, got", np.float16,
            x=(3,)),
]
