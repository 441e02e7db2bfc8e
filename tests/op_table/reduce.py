"""Cases of reductions."""
from op_case import Input

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import SPECIAL, method, refused, unary

CASES = [
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
]

REFUSED = [
    refused("sum", ShapeError, "dim must be from -2 to 1 for 2 axes, got 2", x=(2, 3), dim=2),
    refused("sum", ShapeError, "each axis may be named once, got dim=(1, -1)", x=(2, 3), dim=(1, -1)),
    refused("mean", DTypeError, "dim must be", x=(2, 3), dim=1.0),
    refused("argmax", ShapeError, "the axis must not be empty, got x(0, 3), dim=0", x=(0, 3), dim=0),
    refused("argmax", DTypeError, "x must be numbers, got bool", x=Input((3,), "ties", "bool")),
]

SUMS = {"mean", "sum"}
EXACT = {"argmax"}


def counterparts(torch):
    """The same in PyTorch."""
    return {name: method(name) for name in ("sum", "mean", "argmax")}
