"""Cases of activations."""
import math

from op_case import Case, Input

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import INTEGERS, SPECIAL, given, refused, unary


def prelu(x, weight, note="", kept="x weight"):
    x = given(x)
    return Case("prelu", {"x": x, "weight": given(weight)}, (), {}, kept, 1 + math.prod(x.shape), note=note)


KEPT = {op: "x" for op in (
    "celu", "elu", "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "logsigmoid", "mish",
    "relu6", "selu", "silu", "softplus", "softshrink", "softsign")} | {
    "relu": "y", "sigmoid": "y", "tanh": "y", "tanhshrink": "held"}
CASES = [
    *[unary(op, x, kept, note) for op, kept in KEPT.items() for x, note in (
        ((2, 3, 4, 5), ""), (Input((7,), "times 1.01"), ""), (Input((), "times 0.9"), ""), ((3, 4, 5), ""),
        ((0, 3), "empty"),
        (SPECIAL, "special"),
        (Input((4, 6), "ties"), "ties"), (Input((3, 7), "times 5.1"), "wide"))],
    *[unary(op, Input((3, 7), "times 400"), kept, "large") for op, kept in KEPT.items()],
    *[unary("leaky_relu", (2, 3, 4), "x", negative_slope=slope) for slope in (0.0, -0.5, 3)],
    *[unary(op, Input((5, 7), "times 3"), KEPT[op], **options) for op, options in (
        ("elu", {"alpha": 0.3}), ("celu", {"alpha": 2.5}), ("celu", {"alpha": -1.5}), ("softplus", {"beta": 2.0}),
        ("softplus", {"beta": 0.5, "threshold": 1.0}), ("hardtanh", {"min_val": -0.5, "max_val": 2.0}),
        ("hardtanh", {"min_val": 1, "max_val": 1}), ("hardshrink", {"lambd": 0.1}), ("softshrink", {"lambd": 2.0}),
        ("softshrink", {"lambd": 0.0}), ("gelu", {"approximate": "tanh"}))],
    unary("gelu", SPECIAL, "x", "special", approximate="tanh"),
    *[unary("threshold", x, "x", note, threshold=0.25, value=-7.0) for x, note in (
        ((2, 3, 4, 5), ""), (SPECIAL, "special"), ((0, 3), "empty"))],
    unary("tanh", Input((3, 4), "whole", "int64"), "", "integers"),
    *[unary(op, Input((2, 7), "ties"), "x", "kinks", **options) for op, options in (
        ("hardtanh", {"min_val": -1.0, "max_val": 2.0}), ("hardshrink", {"lambd": 1.0}), ("softshrink", {"lambd": 1.0}),
        ("threshold", {"threshold": 1.0, "value": 0.0}))],
    *[unary(op, Input((4, 6), f"all {value}"), "x", f"kink {value}") for op in ("hardsigmoid", "hardswish")
      for value in (3, -3)],
    *[unary("relu6", Input((4, 6), f"all {value}"), "x", f"kink {value}") for value in (0, 6)],
    prelu((2, 3, 4, 5), (3,)), prelu((2, 3, 4, 5), (1,)), prelu((4, 7), (7,)), prelu((2, 3, 4), (1,)), prelu((), (1,)),
    prelu((2, 3, 5), (3,), kept=None), prelu((2, 3, 2, 3, 2), (3,), kept=None), prelu((2, 3, 0), (3,), kept=None),
    prelu((3, 1, 2, 5), (1,)), prelu((0, 3), (3,), "empty"), prelu((70, 3, 8, 9), (3,), "many"),
    prelu(Input((2, 3, 4, 5), "special"), (3,), "special"), prelu(Input((5, 4), "ties"), (4,), "ties"),
    *[unary("softmax", (2, 3, 4, 5), "y", terms=5, dim=dim) for dim in (0, 1, 2, 3, -2)],
    *[unary("softmax", x, "y", terms=32) for x in ((3, 7), (2, 3, 5), (9,), (4, 1), (0, 3))],
    unary("softmax", Input((3, 7), "times 500"), "y", "large", 500),
    *[unary("softmax", SPECIAL, "y", "special", 5, dim=dim) for dim in (0, 1)],
    unary("softmax", Input((2, 3), "all -inf"), "y", "minus infinity"),
]

REFUSED = [
    *[refused(op, DTypeError, f"inplace must be True or False, got {wrong!r}", *arguments, x=(2, 3), inplace=wrong)
      for op, *arguments in (("relu",), ("leaky_relu",), ("relu6",), ("hardtanh",), ("hardsigmoid",), ("hardswish",),
                             ("threshold", 0.0, 1.0), ("silu",), ("mish",), ("elu",), ("selu",), ("celu",))
      for wrong in ("no", 1)],
    *[refused(op, DTypeError,
              "x must be float32, float64 or bfloat16, got int64; convert it with x.to(numbacnn.float32)",
              x=INTEGERS) for op in (*sorted(KEPT.keys() - {"tanh"}), "softmax", "dropout", "mean")],
    refused("threshold", DTypeError, "x must be float32, float64 or bfloat16, got int64", 0.0, 1.0, x=INTEGERS),
    *[refused(op, DTypeError, "must be", *arguments, x=[1.0]) for op, *arguments in (
        ("relu",), ("sum",), ("argmax",), ("reshape", 1), ("permute", 0), ("expand", 2), ("flatten",), ("squeeze",),
        ("unsqueeze", 0), ("transpose", 0, 0), ("to", "float32"), ("negative",))],
    *[refused(op, DTypeError, "x must be a Tensor, got list; make one with numbacnn.tensor", x=[1.0]) for op in KEPT],
    *[refused(op, DTypeError, f"{option} must be a number, got None", x=(3,), **{option: None}) for op, option in (
        ("elu", "alpha"), ("celu", "alpha"), ("softplus", "beta"), ("softplus", "threshold"), ("hardtanh", "min_val"),
        ("hardtanh", "max_val"), ("hardshrink", "lambd"), ("softshrink", "lambd"))],
    refused("elu", ShapeError, "alpha must be a number, got nan", x=(3,), alpha=math.nan),
    refused("hardtanh", ShapeError, "min_val must not be more than max_val, got 2 and 1", x=(3,), min_val=2, max_val=1),
    refused("softshrink", ShapeError, "lambd must be at least 0, got -1", x=(3,), lambd=-1),
    refused("celu", ShapeError, "alpha must not be 0, got 0", x=(3,), alpha=0),
    refused("softplus", ShapeError, "beta must not be 0, got 0", x=(3,), beta=0),
    refused("gelu", ShapeError, "approximate must be one of 'none', 'tanh', got 'sigmoid'", x=(3,),
            approximate="sigmoid"),
    refused("threshold", DTypeError, "value must be a number, got 'low'", 0.0, "low", x=(3,)),
    refused("leaky_relu", DTypeError, "negative_slope must be a number, got 'steep'", x=(3,), negative_slope="steep"),
    refused("prelu", ShapeError, "weight must be (1,), or one per channel of x (N, C, ...); got weight(2,) for x(4, 3)",
            x=(4, 3), weight=(2,)),
    refused("prelu", ShapeError, "got weight(3,) for x(3,)", x=(3,), weight=(3,)),
    refused("softmax", ShapeError, "dim must be from -2 to 1 for 2 axes, got 2", x=(2, 3), dim=2),
    refused("softmax", ShapeError, "dim must be from -2 to 1 for 2 axes, got -3", x=(2, 3), dim=-3),
    refused("softmax", DTypeError, "dim must be an integer, got 1.0", x=(2, 3), dim=1.0),
]

EXACT = {"hardtanh", "leaky_relu", "prelu", "relu", "relu6", "hardshrink", "softshrink", "threshold"}


def counterparts(torch):
    """The same in PyTorch."""
    F = torch.nn.functional
    same = {name: getattr(F, name) for name in KEPT if name != "tanh"}
    same["hardsigmoid"] = lambda x: F.relu6(x + 3) / 6   # F.hardsigmoid multiplies by 1 / 6 in float32
    return same | {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "threshold": F.threshold, "prelu": F.prelu,
                   "softmax": lambda x, dim=-1: F.softmax(x, dim)}
