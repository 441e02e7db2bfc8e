"""Cases of windows as columns, and of columns added up."""
from op_case import Input

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import refused, unary

CASES = [
    unary("unfold", (2, 3, 5, 6), kernel_size=2), unary("unfold", (2, 3, 5, 6), kernel_size=(3, 2), padding=(1, 2)),
    unary("unfold", (1, 2, 7, 9), kernel_size=3, stride=(2, 3), dilation=2, padding=1, terms=9),
    unary("unfold", (3, 4, 5), kernel_size=2, note="one image"), unary("unfold", (0, 3, 5, 5), kernel_size=3),
    unary("unfold", (2, 1, 1, 1), kernel_size=1), unary("unfold", (1, 1, 2, 3), kernel_size=4, padding=3, stride=5),
    unary("unfold", Input((2, 3, 4, 4), "special"), kernel_size=3, padding=1, note="special"),
    unary("fold", (2, 12, 20), output_size=(5, 6), kernel_size=2, terms=4),
    unary("fold", (2, 18, 35), output_size=(5, 6), kernel_size=(3, 2), padding=1, terms=6),
    unary("fold", (1, 18, 12), output_size=(7, 9), kernel_size=3, stride=2, dilation=2, padding=1, terms=9),
    unary("fold", (8, 6), output_size=(5, 4), kernel_size=(2, 2), stride=(3, 1), note="one image", terms=4),
    unary("fold", (0, 4, 4), output_size=3, kernel_size=2),
    unary("fold", Input((2, 9, 16), "special"), output_size=4, kernel_size=3, padding=1, note="special"),
]

REFUSED = [
    refused("unfold", ShapeError, "x must be (N, C, H, W) or (C, H, W), with rows and columns, got x(3, 4)", x=(3, 4),
            kernel_size=2),
    refused("unfold", ShapeError, "x must be (N, C, H, W) or (C, H, W), with rows and columns, got x(1, 1, 0, 4)",
            x=(1, 1, 0, 4), kernel_size=2),
    refused("unfold", ShapeError, "window (5, 5) does not fit in x(1, 1, 4, 4) with padding (0, 0) and dilation (1, 1)"
            ": the output would be 0 x 0", x=(1, 1, 4, 4), kernel_size=5),
    refused("unfold", DTypeError, "kernel_size must be an integer or a pair of integers (height, width), got 1.5",
            x=(1, 1, 4, 4), kernel_size=1.5),
    refused("unfold", ShapeError, "stride must be at least 1, got 0", x=(1, 1, 4, 4), kernel_size=2, stride=0),
    refused("unfold", DTypeError,
            "x must be float32, float64 or bfloat16, got int64", x=Input((1, 1, 4, 4), "whole", "int64"),
            kernel_size=2),
    refused("fold", ShapeError, "x must be (N, C KH KW, L) or (C KH KW, L), got x(4,)", x=(4,), output_size=3,
            kernel_size=2),
    refused("fold", ShapeError, "x(1, 6, 4) has columns of 6, which must be a multiple of the 4 pixels of window "
            "(2, 2)", x=(1, 6, 4), output_size=3, kernel_size=2),
    refused("fold", ShapeError, "x(1, 4, 5) has 5 columns, but in 3 x 3 pixels there are 2 x 2 windows (2, 2)",
            x=(1, 4, 5), output_size=3, kernel_size=2),
    refused("fold", DTypeError, "output_size must be an integer or a pair of integers (height, width), got None",
            x=(1, 4, 4), output_size=None, kernel_size=2),
]

SUMS = {"fold"}
EXACT = {"unfold"}


def counterparts(torch):
    """The same in PyTorch."""
    return {"unfold": torch.nn.functional.unfold, "fold": torch.nn.functional.fold}
