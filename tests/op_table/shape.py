"""Cases of shapes and dtypes."""
import numpy as np
from op_case import Case, Input

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import method, refused, shaped

CASES = [
    *[shaped("reshape", *row) for row in (
        ((2, 3, 4, 5), 2, -1), ((2, 3, 4, 5), (2, 60)), ((6, 20), 2, 3, 4, 5), ((2, 3, 4, 5), 5, 4, 3, 2),
        ((6,), -1, 1, 2), ((1,), ()), ((0, 3), 3, 0), ((2, 3, 4, 5), 2, 3, 5, 4), ((2, 3, 2), 3, 4))],
    shaped("flatten", (2, 3, 4, 5)), shaped("flatten", (2, 3, 4, 5), 1), shaped("flatten", (2, 3, 4, 5), 1, 2),
    shaped("flatten", (3,), -1),
    shaped("squeeze", (2, 1, 4, 1)), shaped("squeeze", (2, 1, 4, 1), -3), shaped("squeeze", (2, 3), 1),
    *[shaped("unsqueeze", (2, 3, 4), dim) for dim in (0, 1, -1)], shaped("unsqueeze", (), 0),
    shaped("permute", (2, 3, 4, 5), 0, 2, 3, 1), shaped("permute", (2, 3, 4, 5), (3, -3, 0, 2)),
    shaped("permute", (3, 4), 1, 0), shaped("permute", (2, 3, 2, 1, 4), 4, 0, 3, 1, 2),
    shaped("transpose", (2, 3, 4, 5), 1, -1), shaped("transpose", (3, 4), 0, 1), shaped("transpose", (2, 3, 4), 1, 1),
    shaped("expand", (3, 1), 3, 4), shaped("expand", (3, 1, 1), (2, -1, 4, 5)), shaped("expand", (), 2, 3),
    shaped("expand", (2, 3), -1, -1), shaped("expand", (1, 3), 0, 3),
    *[shaped("to", (2, 3, 4, 5), *target) for target in (
        ("float32",), ("float64",), ("int64",), ("cpu",), ("float32", "cpu"))],
    shaped("to", Input((3, 4), "ties"), "bool"), shaped("to", (2, 3), dtype="float32", device="cpu"),
    shaped("to", (2, 3), "cpu", "float32", non_blocking=True), shaped("to", (2, 3), copy=True),
    Case("to", {"x": Input((2, 3)), "other": Input((4,), "grid", "float32")}, (), {}, kept=None),
    shaped("to", Input((3, 4), "ties", "int64"), "float64", note="integers"),
]

REFUSED = [
    refused("reshape", ShapeError, "x(2, 3) has 6 elements, (4, 2) has 8", 4, 2, x=(2, 3)),
    refused("reshape", ShapeError, "x(2, 3) has 6 elements, which (4, -1) cannot hold", 4, -1, x=(2, 3)),
    refused("reshape", ShapeError, "shape may hold one -1 and no other negative number, got (-1, -1)", -1, -1,
            x=(2, 3)),
    refused("reshape", DTypeError, "must be integers, got (2.0, 3)", 2.0, 3, x=(2, 3)),
    refused("flatten", ShapeError, "start_dim must not come after end_dim, got 1, 0", 1, 0, x=(2, 3)),
    refused("squeeze", ShapeError, "dim must be from -2 to 1 for 2 axes, got 2", 2, x=(2, 3)),
    refused("unsqueeze", ShapeError, "dim must be from -3 to 2 for 3 axes, got 3", 3, x=(2, 3)),
    refused("permute", ShapeError, "dims must name each of the 2 axes once, got (0, 0)", 0, 0, x=(2, 3)),
    refused("transpose", ShapeError, "dim must be from -2 to 1 for 2 axes, got 5", 0, 5, x=(2, 3)),
    refused("expand", ShapeError, "x(2, 3) cannot be repeated to (2, 4): sizes must be equal or 1, from the right",
            2, 4, x=(2, 3)),
    refused("expand", ShapeError, "x(2, 1) cannot be repeated to (2, -2)", 2, -2, x=(2, 1)),
    refused("expand", DTypeError, "2.0", 2.0, 3, x=(1, 3)),
    refused("to", DTypeError, "dtype must be one of float32, float64, bfloat16, int64, int32, uint8, bool, got",
            np.float16, x=(3,)),
    refused("to", DTypeError, "there must be one dtype at most, got float64, float32", "float32", x=(3,),
            dtype="float64"),
    refused("to", DTypeError, "there must be one device at most, got cpu, cpu", "cpu", x=(3,), device="cpu"),
    refused("to", DTypeError, "dtype must be one of float32, float64, bfloat16, int64, int32, uint8, bool, got True",
            True, x=(3,)),
]

EXACT = {"expand", "flatten", "permute", "reshape", "squeeze", "to", "transpose", "unsqueeze"}


def counterparts(torch):
    """The same in PyTorch."""
    def to(x, *targets, dtype=None, **options):
        for target in targets:
            x = x.to(target if isinstance(target, torch.Tensor) or target == "cpu" else getattr(torch, target))
        return x.to(**options) if dtype is None else x.to(dtype=getattr(torch, dtype), **options)

    names = "reshape", "flatten", "squeeze", "unsqueeze", "permute", "transpose", "expand"
    return {"to": to, **{name: method(name) for name in names}}
