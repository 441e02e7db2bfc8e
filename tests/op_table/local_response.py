"""Cases of local response norm."""
import math

from op_case import Case, Input, written

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import INTEGERS, given, refused


def local(x, size, note="", **options):
    x = given(x)
    kept = "x" if len(x.shape) == 4 else "x_data"
    return Case("local_response_norm", {"x": x}, (size,), options, kept, 2 * size + 8, None,
                f"{written(x.shape)},{size}", note)


CASES = [
    *[local(x, size, alpha=0.3) for x, size in (
        ((2, 7, 3, 4), 5), ((2, 7, 3, 4), 2), ((2, 7, 3, 4), 1), ((1, 40, 2, 3), 4), ((2, 3, 1, 1), 9), ((2, 7, 5), 3),
        ((2, 5, 2, 3, 2), 4), ((2, 1, 3, 3), 3))],
    *[local((2, 7, 3, 4), 5, alpha=0.3, beta=beta, k=2.0) for beta in (0.25, 0.5, 1.0, 0.6, 2.0, 0.0)],
    local((2, 7, 3, 4), 5), local((2, 7, 3, 4), 3, alpha=-0.001, k=0.5), local((0, 3, 2, 2), 3, "no images"),
    local((2, 0, 2, 2), 3, "no channels"), local(Input((2, 4, 3, 3), "special"), 3, "special", alpha=0.3),
]

REFUSED = [
    refused("local_response_norm", error, text, *arguments, **options) for error, text, arguments, options in (
        (ShapeError, "size must be at least 1, got 0", (0,), {"x": (2, 3, 4)}),
        (ShapeError, "size must be at least 1, got -5", (-5,), {"x": (2, 3, 4)}),
        (DTypeError, "size must be an integer, got 2.5", (2.5,), {"x": (2, 3, 4)}),
        (DTypeError, "size must be an integer, got True", (True,), {"x": (2, 3, 4)}),
        (ShapeError, "x must be (N, C, ...) with 3 axes at least, got x(2, 3)", (3,), {"x": (2, 3)}),
        (ShapeError, "alpha must be finite, got nan", (3,), {"x": (2, 3, 4), "alpha": math.nan}),
        (DTypeError, "beta must be a number, got 'b'", (3,), {"x": (2, 3, 4), "beta": "b"}),
        (DTypeError, "k must be a number, got None", (3,), {"x": (2, 3, 4), "k": None}),
        (DTypeError, "x must be float32, float64 or bfloat16, got int64", (3,), {"x": INTEGERS}))
]


def counterparts(torch):
    """The same in PyTorch."""
    return {"local_response_norm": torch.nn.functional.local_response_norm}
