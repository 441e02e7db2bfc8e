"""Cases of dropout."""
import math

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import INTEGERS, SPECIAL, refused, unary

CASES = [
    *[unary("dropout", x, "before", p=p) for p in (0.5, 0.9) for x in ((2, 3, 4, 5), (3, 7), (5,), (), (0, 3))],
    unary("dropout", (2, 3), p=0.0), unary("dropout", (2, 3), "held x", p=1.0),
    unary("dropout", (2, 3), training=False), unary("dropout", SPECIAL, "before", "special"),
]

WHOLE = {"dropout1d": ((2, 3, 5), (3, 5)), "dropout2d": ((2, 3, 4, 5), (2, 3, 5)),
         "dropout3d": ((2, 3, 2, 2, 3), (3, 2, 2, 3)), "alpha_dropout": ((2, 3, 4, 5), (7,)),
         "feature_alpha_dropout": ((2, 3, 4, 5), (4, 3))}
CASES += [unary(op, x, "scale", p=p, training=True) for op, shapes in WHOLE.items() for x in shapes for p in (0.5, 0.2)]
CASES += [unary(op, shapes[0], training=False) for op, shapes in WHOLE.items()]
CASES += [unary(op, (0, *shapes[0][1:]), "scale", "no images", p=0.5, training=True) for op, shapes in WHOLE.items()]

REFUSED = [
    *[refused(op, DTypeError, f"{op}: {switch} must be True or False, got 'no'", x=shapes[0], **{switch: "no"})
      for op, shapes in WHOLE.items() for switch in ("training", "inplace")],
    *[refused(op, ShapeError, "p must be in [0, 1], got -0.5", x=shapes[0], p=-0.5) for op, shapes in WHOLE.items()],
    *[refused(op, DTypeError, "p must be a number, got None", x=shapes[0], p=None) for op, shapes in WHOLE.items()],
    *[refused(op, DTypeError, "x must be float32, float64 or bfloat16, got int64", x=INTEGERS) for op in WHOLE],
    refused("dropout1d", ShapeError, "x must be (N, C, L) or (C, L), got x(2, 3, 4, 5)", x=(2, 3, 4, 5)),
    refused("dropout2d", ShapeError, "x must be (N, C, H, W) or (N, C, L), got x(2, 3)", x=(2, 3)),
    refused("dropout3d", ShapeError, "x must be (N, C, D, H, W) or (C, D, H, W), got x(2, 3, 4)", x=(2, 3, 4)),
    refused("feature_alpha_dropout", ShapeError, "x must be (N, C, ...), got x(3,)", x=(3,)),
    refused("dropout", ShapeError, "p must be in [0, 1], got 1.5", x=(3,), p=1.5),
    refused("dropout", ShapeError, "p must be in [0, 1], got nan", x=(3,), p=math.nan),
]


def counterparts(torch):
    """The same in PyTorch."""
    return {}
