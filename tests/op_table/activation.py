"""Cases of activations."""
import math

from op_case import Case, Input

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import INTEGERS, SPECIAL, given, refused, unary


def prelu(x, weight, note=""):
    x = given(x)
    return Case("prelu", {"x": x, "weight": given(weight)}, (), {}, "x weight", 1 + math.prod(x.shape), note=note)


CASES = [
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
]

REFUSED = [
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
]

EXACT = {"leaky_relu", "prelu", "relu"}


def counterparts(torch):
    """The same in PyTorch."""
    F = torch.nn.functional
    return {"relu": F.relu, "leaky_relu": F.leaky_relu, "prelu": F.prelu, "sigmoid": torch.sigmoid,
            "softmax": lambda x, dim=-1: F.softmax(x, dim)}
