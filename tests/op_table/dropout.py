"""Cases of dropout."""
import math

from numbacnn.errors import ShapeError
from op_table.rows import SPECIAL, refused, unary

CASES = [
    *[unary("dropout", x, "before", p=p) for p in (0.5, 0.9) for x in ((2, 3, 4, 5), (3, 7), (5,), (), (0, 3))],
    unary("dropout", (2, 3), p=0.0), unary("dropout", (2, 3), "held x", p=1.0),
    unary("dropout", (2, 3), training=False), unary("dropout", SPECIAL, "before", "special"),
]

REFUSED = [
    refused("dropout", ShapeError, "p must be in [0, 1], got 1.5", x=(3,), p=1.5),
    refused("dropout", ShapeError, "p must be in [0, 1], got nan", x=(3,), p=math.nan),
]


def counterparts(torch):
    """The same in PyTorch."""
    return {}
