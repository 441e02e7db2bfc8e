"""Cases of comparisons and logic."""
from op_case import Case, Input

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import BOOLS, INTEGERS, SPECIAL, given, refused, unary

COMPARISONS = ("eq", "not_equal", "less", "less_equal", "greater", "greater_equal")
LOGIC = ("bitwise_and", "bitwise_or", "bitwise_xor")
TRUTHS = ("logical_and", "logical_or", "logical_xor")
TESTS = ("isnan", "isinf", "isfinite")
NEAR = Input((5, 6), "below 7")
TIES, WHOLE = Input((3, 4), "ties"), Input((3, 4), "whole", "int64")


def pair(op, a, b, note=""):
    return Case(op, {"a": given(a), "b": given(b)}, (), {}, note=note)


def chosen(condition, a, b, note="", kept="condition", terms=1):
    return Case("where", {"condition": Input(condition, "ties", "bool"), "a": given(a), "b": given(b)}, (), {}, kept,
                terms, note=note)


CASES = [
    *[pair(op, a, b, note) for op in COMPARISONS for a, b, note in (
        (TIES, TIES, "ties"), ((2, 3, 4, 5), (3, 1, 1), ""), ((4,), (2, 3, 4), ""), ((), (), ""),
        (SPECIAL, SPECIAL, "special"), (TIES, 0, "number"), (0.5, (3, 4), "number"), (WHOLE, 1, "integers"),
        (WHOLE, WHOLE, "integers"), (WHOLE, TIES, "mixed"), (WHOLE, 0.5, "mixed"), ((0, 3), (3,), "empty"),
        (BOOLS, BOOLS, "bool"))],
    *[pair(op, a, b, note) for op in LOGIC for a, b, note in (
        (BOOLS, BOOLS, "bool"), (BOOLS, True, "bool"), (WHOLE, WHOLE, "integers"), (WHOLE, 6, "integers"),
        (Input((5,), "below 9", "uint8"), Input((3, 1), "below 9", "uint8"), "bytes"))],
    *[pair(op, a, b, note) for op in TRUTHS for a, b, note in (
        (BOOLS, BOOLS, "bool"), (TIES, WHOLE, "mixed"), (Input((2, 3, 4), "ties"), Input((3, 1), "ties"), ""),
        (SPECIAL, SPECIAL, "special"), ((), (), ""), ((0, 3), (3,), "empty"))],
    *[Case("isclose", {"x": x, "other": other}, (), options, note=note) for x, other, options, note in (
        (NEAR, NEAR, {"rtol": 0.5}, ""), (NEAR, NEAR, {"atol": 1.5, "rtol": 0.0}, ""),
        (SPECIAL, SPECIAL, {}, "special"), (WHOLE, WHOLE, {"atol": 1}, "integers"),
        (SPECIAL, SPECIAL._replace(fill="all nan"), {"equal_nan": True}, "special"),
        (Input((2, 3, 4), "ties"), Input((3, 1), "ties"), {"rtol": 0.5, "atol": 0.5}, ""),
        (BOOLS, BOOLS, {}, "bool"), (Input((0, 3)), Input((3,)), {}, "empty"))],
    *[Case("nan_to_num", {"x": given(x)}, (), options, kept=None, note=note) for x, options, note in (
        (SPECIAL, {"nan": 1.5, "posinf": 2.0, "neginf": -3.0}, "special"), ((3, 4), {}, ""),
        (WHOLE, {}, "integers"), ((), {}, ""), ((0, 2), {}, "empty"))],
    *[unary(op, x, note=note) for op in TESTS for x, note in (
        (SPECIAL, "special"), ((3,), ""), (WHOLE, "integers"), ((0, 2), "empty"))],
    *[unary("logical_not", x, note=note) for x, note in ((BOOLS, "bool"), (TIES, "ties"), (WHOLE, "integers"))],
    chosen((2, 3, 4), (2, 3, 4), (2, 3, 4)), chosen((4,), (2, 3, 4), (3, 1), kept="mask", terms=24),
    chosen((2, 3, 1, 1), (4, 5), (), kept="mask", terms=120), chosen((3, 4), (3, 4), 0.0), chosen((3, 4), -1, (3, 4)),
    chosen((3, 4), (4,), 2, terms=12), chosen((0, 3), (3,), (0, 1), "empty"),
    chosen((4, 4, 4), SPECIAL, SPECIAL._replace(fill="grid"), "special"),
    chosen((3, 4), WHOLE, WHOLE, "integers", ""), chosen((3, 4), WHOLE, 7, "integers", ""),
]

REFUSED = [
    *[refused(op, ShapeError, "shapes must be equal or broadcast", a=(2, 3), b=(2,)) for op in COMPARISONS],
    *[refused(op, DTypeError, "operands must be tensors or numbers, got str", a=(2, 3), b="2") for op in COMPARISONS],
    *[refused(op, DTypeError, "operands must be bool or whole numbers, got float64", a=(2, 3), b=(2, 3))
      for op in LOGIC],
    *[refused(op, DTypeError, "x must be a Tensor, got list", x=[1.0]) for op in (*TESTS, "logical_not")],
    *[refused(op, ShapeError, "shapes must be equal or broadcast", a=(2, 3), b=(2,)) for op in TRUTHS],
    *[refused(op, DTypeError, text, a=a, b=b) for op in TRUTHS for a, b, text in (
        ((2, 3), "2", "operands must be tensors or numbers, got str"), (1, 2, "a must be a Tensor, got int"))],
    refused("isclose", ShapeError, "shapes must be equal or broadcast", x=(2, 3), other=(2,)),
    refused("isclose", DTypeError, "other must be a Tensor, got float", x=(2, 3), other=1.0),
    refused("isclose", ShapeError, "atol must be at least 0, got -1", x=(2, 3), other=(2, 3), atol=-1),
    refused("isclose", DTypeError, "rtol must be a number, got 'a'", x=(2, 3), other=(2, 3), rtol="a"),
    refused("nan_to_num", DTypeError, "x must be a Tensor, got float", x=1.0),
    refused("nan_to_num", DTypeError, "posinf must be a number, got 'big'", x=(2,), posinf="big"),
    refused("where", DTypeError, "condition must be bool, got int64; compare it first", condition=INTEGERS, a=(2, 3),
            b=0),
    refused("where", DTypeError, "one of a and b must be a tensor at least", condition=BOOLS, a=1.0, b=0.0),
    refused("where", DTypeError, "condition must be a Tensor, got bool", condition=True, a=(2, 3), b=0),
    refused("where", DTypeError, "operands must be tensors or numbers, got str", condition=BOOLS, a=(2, 3), b="0"),
    refused("where", ShapeError, "shapes must be equal or broadcast", condition=BOOLS, a=(2,), b=(2, 3)),
]

EXACT = {"nan_to_num", "where"}


def counterparts(torch):
    """The same in PyTorch."""
    names = {"eq": "eq", "not_equal": "ne", "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge"}
    turned = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}

    def comparison(name):
        return lambda a, b: (getattr(torch, name)(a, b) if isinstance(a, torch.Tensor)
                             else getattr(torch, turned[name])(b, a))

    return {**{op: comparison(name) for op, name in names.items()}, "where": torch.where,
            **{op: getattr(torch, op) for op in (
                *LOGIC, *TESTS, *TRUTHS, "logical_not", "isclose", "nan_to_num")}}
