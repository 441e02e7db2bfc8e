"""Cases of losses."""
import math

from op_case import Case, Input, written

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import given, refused


def entropy(logits, reduction, note=""):
    logits = given(logits)
    images, classes, *pixels = logits.shape
    inputs = {"logits": logits, "targets": Input((images, *pixels), f"below {classes}", "int64")}
    return Case("cross_entropy", inputs, (), {"reduction": reduction}, "probabilities t_data",
                math.prod(logits.shape), None, written(logits.shape), note)


CASES = [
    *[entropy(logits, reduction) for reduction in ("mean", "sum", "none") for logits in (
        (5, 3), (1, 7), (4, 1), (2, 3, 4, 5))],
    entropy((0, 3), "sum", "no images"), entropy((0, 3), "none", "no images"), entropy((0, 3), "mean", "no images"),
    entropy(Input((4, 5), "times 400"), "mean", "large"), entropy(Input((4, 5), "special"), "none", "special"),
]

REFUSED = [
    refused("cross_entropy", ShapeError, "logits must be (N, C) or (N, C, H, W), got logits(3,)", logits=(3,),
            targets=Input((3,), "below 2", "int64")),
    refused("cross_entropy", ShapeError, "targets must be (4,) for logits(4, 3), got targets(3,)", logits=(4, 3),
            targets=Input((3,), "below 2", "int64")),
    refused("cross_entropy", ShapeError, "there must be at least one class, got logits(2, 0)", logits=(2, 0),
            targets=Input((2,), "below 1", "int64")),
    refused("cross_entropy", DTypeError, "targets must be a Tensor of int64 (class indices), got float64",
            logits=(4, 3), targets=(4,)),
    refused("cross_entropy", ValueError, "reduction must be 'mean', 'sum' or 'none', got 'max'", logits=(4, 3),
            targets=Input((4,), "below 3", "int64"), reduction="max"),
]


def counterparts(torch):
    """The same in PyTorch."""
    return {"cross_entropy": torch.nn.functional.cross_entropy}
