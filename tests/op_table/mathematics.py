"""Cases of functions of mathematics."""
from math import nan

from op_case import Case, Input

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import INTEGERS, SINGLE, SPECIAL, given, refused, unary

INTEGER, WIDE = Input((3, 4), "whole", "int64"), Input((3, 7), "times 5")
KEPT = {"exp": "y", "expm1": "y", "log": "x", "log1p": "x", "log2": "x", "log10": "x", "sqrt": "y", "rsqrt": "y",
        "reciprocal": "y", "erf": "x", "sin": "x", "cos": "x", "square": "x", "absolute": "x"}
STEPS = ("sign", "floor", "ceil", "trunc", "round")
POSITIVE = {"log", "log1p", "log2", "log10", "sqrt", "rsqrt"}


def power(a, b, kept, note="", terms=1):
    a, b = given(a), given(b)
    return Case("power", {"a": a, "b": b}, (), {}, kept, terms, note=note)


CASES = [
    *[unary(op, Input(shape, "positive" if op in POSITIVE else "grid"), kept) for op, kept in KEPT.items()
      for shape in ((2, 3, 4, 5), (7,), (), (0, 3), (65, 3))],
    *[unary(op, SPECIAL, kept, "special") for op, kept in KEPT.items()],
    *[unary(op, Input((4, 6), "ties"), kept, "ties") for op, kept in KEPT.items()],
    *[unary(op, WIDE, kept, "wide") for op, kept in KEPT.items() if op not in POSITIVE],
    *[unary(op, INTEGER, "", "integers") for op in KEPT],
    *[unary(op, x, "", note) for op in STEPS for x, note in (
        (Input((2, 3, 4, 5), "times 2.3"), ""), (SPECIAL, "special"), (Input((4, 6), "ties"), "ties"),
        ((0, 3), "empty"), (Input((), "times 0.9"), ""))],
    unary("sign", INTEGER, "", "integers"),
    *[unary("clamp", x, "x", note, **limits) for x, note in (
        ((2, 3, 4, 5), ""), (SPECIAL, "special"), (Input((4, 6), "ties"), "ties"), ((0, 3), "empty"))
      for limits in ({"min": -0.5, "max": 1.0}, {"min": 0}, {"max": 0.25}, {"min": 1.0, "max": -1.0})],
    unary("clamp", INTEGER, "", "integers", min=-1, max=1), unary("clamp", INTEGER, "", "integers", max=0),
    *[Case(op, {"x": given(x)}, (limit,), {}, kept, note=note) for op in ("clamp_min", "clamp_max")
      for x, limit, kept, note in (
        ((2, 3, 4, 5), 0.25, "x", ""), (SPECIAL, -0.5, "x", "special"), (INTEGER, 1, "", "integers"))],
    *[Case("lerp", {"x": given(x), "end": given(end), "weight": given(weight)}, (), {}, kept=None, terms=20, note=note)
      for x, end, weight, note in (
        ((3, 4), (3, 4), 0.25, ""), ((3, 4), (3, 4), 0.75, ""), ((3, 4), (3, 4), 0, ""), ((3, 4), (4,), 1, ""),
        ((3, 4), (3, 4), -2, ""), ((3, 4), (3, 4), (3, 4), ""), ((4,), (3, 1), Input((3, 4), "shares"), ""),
        (Input((3, 4), "ties"), (3, 4), Input((3, 4), "shares"), "ties"), ((0, 3), (3,), 0.5, "empty"))],
    *[Case(op, {"x": given(x), "tensor1": given(a), "tensor2": Input(b, "positive")}, (), options, kept=None, terms=30)
      for op in ("addcmul", "addcdiv") for x, a, b, options in (
        ((3, 4), (3, 4), (3, 4), {}), ((3, 4), (4,), (3, 1), {"value": -0.5}), ((), (2, 3), (1,), {"value": 2}))],
    Case("addcmul", {"x": INTEGER, "tensor1": INTEGER, "tensor2": INTEGER}, (), {"value": 2}, note="integers"),
    *[power(Input((2, 3, 4), "positive"), exponent, kept) for exponent, kept in (
        (2, "a"), (3, "a"), (0.5, "y"), (-1, "y"), (-0.5, "y"), (1.3, "a"), (-2.0, "a"), (0, ""), (1, "a"), (5, "a"))],
    *[power((3, 5), exponent, kept) for exponent, kept in ((2, "a"), (3, "a"), (4, "a"), (-1, "y"), (-3, "a"))],
    power(Input((2, 3, 4, 5), "positive"), (4, 5), "a b y", terms=12), power(2.5, (2, 3), "held b y"),
    power(Input((3, 1), "positive"), (1, 4), "a b y", terms=8),
    power(SPECIAL, 2, "a", "special"), power(SPECIAL, 1.3, "a", "special"), power(SPECIAL, -2, "a", "special"),
    *[power(INTEGER, exponent, "", "integers") for exponent in (0, 1, 2, 3, 7)],
]

REFUSED = [
    *[refused(op, DTypeError, "must be", x=[1.0]) for op in (*KEPT, *STEPS)],
    *[refused(op, DTypeError,
              "x must be float32, float64 or bfloat16, got int64", x=INTEGERS) for op in STEPS if op != "sign"],
    refused("clamp", DTypeError, "one of min and max must be given, got None and None", x=(3,)),
    refused("clamp", DTypeError, "min must be a number, got 'low'", x=(3,), min="low"),
    refused("clamp", ShapeError, "max must be a number, got nan", x=(3,), max=nan),
    refused("clamp", DTypeError, "x must be a Tensor, got float", x=1.0, min=0),
    refused("clamp_min", DTypeError, "min must be a number, got 'low'", "low", x=(3,)),
    refused("clamp_max", ShapeError, "max must be a number, got nan", nan, x=(3,)),
    refused("clamp_max", DTypeError, "one of min and max must be given", None, x=(3,)),
    Case("lerp", {"x": Input((3,)), "end": SINGLE, "weight": 0.5}, error=(
        DTypeError, "all arguments must have one dtype, got x float64 and end float32"), label="dtype"),
    Case("lerp", {"x": Input((3,)), "end": Input((3,)), "weight": "a"}, error=(
        DTypeError, "weight must be a Tensor or a number, got 'a'"), label="text"),
    Case("lerp", {"x": Input((3,)), "end": Input((3,)), "weight": INTEGERS}, error=(
        DTypeError, "weight must be float32, float64 or bfloat16, got int64"), label="weight"),
    Case("lerp", {"x": Input((3,)), "end": Input((3,)), "weight": Input((2,))}, error=(
        ShapeError, "shapes must be equal or broadcast"), label="shapes"),
    Case("addcmul", {"x": Input((2,)), "tensor1": Input((3,)), "tensor2": Input((3,))}, error=(
        ShapeError, "shapes must be equal or broadcast"), label="shapes"),
    *[Case(op, {"x": Input((3,)), "tensor1": Input((3,)), "tensor2": second}, (), options, error=(DTypeError, text),
           label=text) for op in ("addcmul", "addcdiv") for second, options, text in (
               (2.0, {}, "tensor2 must be a Tensor, got float"),
               (Input((3,)), {"value": "a"}, "value must be a number, got 'a'"))],
    refused("power", DTypeError, "whole numbers may be raised to a number from 0 to 64, got int64 to the power of",
            a=INTEGERS, b=-1),
    refused("power", DTypeError, "whole numbers may be raised to a number", a=INTEGERS, b=INTEGERS),
    refused("power", DTypeError, "b must be a number, got '2'", a=(2, 3), b="2"),
    refused("power", DTypeError, "operands must be tensors, one at least, or numbers, got float and int", a=1.5, b=2),
    refused("power", ShapeError, "shapes must be equal or broadcast", a=(2, 3), b=(2,)),
]

EXACT = {"absolute", "ceil", "clamp", "clamp_max", "clamp_min", "floor", "round", "sign", "square", "sqrt", "trunc"}


def counterparts(torch):
    """The same in PyTorch."""
    return {name: getattr(torch, {"power": "pow"}.get(name, name)) for name in (
        *KEPT, *STEPS, "addcdiv", "addcmul", "clamp", "clamp_max", "clamp_min", "lerp", "power")}
