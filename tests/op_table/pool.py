"""Cases of pooling."""
import math

from op_case import Case, Input, written

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import INTEGERS, given, refused


def pool(op, x, kernel_size, note="", **options):
    window = math.prod(kernel_size) if isinstance(kernel_size, tuple) else kernel_size ** 2
    return Case(op, {"x": given(x)}, (kernel_size,), options, "argmax" if op == "max_pool2d" else "", window, None,
                written(kernel_size), note)


def adaptive(x, output_size, note=""):
    return Case("adaptive_avg_pool2d", {"x": given(x)}, (output_size,), {}, "", math.prod(x[2:]), None, "", note)


IMAGES = (2, 3, 7, 5)
CASES = [
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
]

REFUSED = [
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
]

SUMS = {"adaptive_avg_pool2d", "avg_pool2d", "sum_pool2d"}
EXACT = {"max_pool2d"}


def counterparts(torch):
    """The same in PyTorch."""
    F = torch.nn.functional
    return {
        "max_pool2d": F.max_pool2d, "avg_pool2d": F.avg_pool2d, "adaptive_avg_pool2d": F.adaptive_avg_pool2d,
        "sum_pool2d": lambda x, kernel_size, **options: F.avg_pool2d(x, kernel_size, **options, divisor_override=1)}
