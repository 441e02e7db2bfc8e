"""Cases of log_softmax, softmin and gated linear units; those of softmax are with activations."""
from op_case import Input

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import INTEGERS, SPECIAL, refused, unary

CASES = [
    *[unary(op, (2, 3, 4, 5), kept, terms=5, dim=dim) for op, kept in (("log_softmax", "y"), ("softmin", None))
      for dim in (0, 1, 2, 3, -2)],
    *[unary(op, x, kept, terms=40) for op, kept in (("log_softmax", "y"), ("softmin", None))
      for x in ((3, 7), (2, 3, 5), (9,), (4, 1), (0, 3), (5, 39))],
    unary("log_softmax", (2, 0), "y", "no classes"),
    *[unary("log_softmax", Input((3, 7), f"times {size}"), "y", f"large {size}", 7) for size in (30, 500)],
    *[unary(op, SPECIAL, kept, "special", 5, dim=dim) for op, kept in (("log_softmax", "y"), ("softmin", None))
      for dim in (0, 1, 2)],
    unary("log_softmax", Input((2, 3), "all -inf"), "y", "minus infinity"),
    *[unary("glu", (2, 6, 4, 8), None, dim=dim) for dim in (0, 1, 2, 3, -3)],
    *[unary("glu", x, None) for x in ((3, 8), (2,), (5, 3, 2), (0, 4), (3, 0))],
    unary("glu", SPECIAL, None, "special"),
]

REFUSED = [
    *[refused(op, DTypeError, "x must be float32, float64 or bfloat16, got int64", x=INTEGERS) for op in (
        "log_softmax", "softmin", "glu")],
    *[refused(op, DTypeError, "x must be a Tensor, got list", x=[1.0]) for op in ("log_softmax", "softmin", "glu")],
    *[refused(op, ShapeError, f"dim must be from -2 to 1 for 2 axes, got {dim}", x=(2, 4), dim=dim)
      for op in ("log_softmax", "softmin", "glu") for dim in (2, -3)],
    *[refused(op, DTypeError, "dim must be an integer, got 1.0", x=(2, 4), dim=1.0)
      for op in ("log_softmax", "softmin", "glu")],
    refused("glu", ShapeError, "the axis must have an even size, got x(2, 3), dim=-1", x=(2, 3)),
    refused("glu", ShapeError, "the axis must have an even size, got x(), dim=-1", x=()),
]


def counterparts(torch):
    """The same in PyTorch."""
    F = torch.nn.functional
    return {"log_softmax": lambda x, dim=-1: F.log_softmax(x, dim), "softmin": lambda x, dim=-1: F.softmin(x, dim),
            "glu": F.glu}
