"""Cases of arithmetic."""
import math

from op_case import Case, Input

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import INTEGERS, SINGLE, SPECIAL, given, refused, unary

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


CASES = [
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
]

REFUSED = [
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
]

SUMS = {"multiply"}
EXACT = {"add", "multiply", "negative", "subtract"}


def counterparts(torch):
    """The same in PyTorch."""
    return {"add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.div, "negative": torch.neg}
