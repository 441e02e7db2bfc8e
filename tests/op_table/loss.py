"""Cases of losses whose targets are classes."""
import math

from op_case import Case, Input, written

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import given, refused

REDUCTIONS = ("mean", "sum", "none")
KEPT = {"cross_entropy": "probabilities checked weights divisor", "nll_loss": "checked weights divisor"}


def by_class(op, scores, reduction="mean", note="", weight=None, ignored=-100, dtype="int64", **options):
    """A loss of scores, with targets that fit them."""
    scores = given(scores)
    shape = scores.shape
    classes, rest = (shape[0], ()) if len(shape) == 1 else (shape[1], (shape[0], *shape[2:]))
    inputs = {"logits" if op == "cross_entropy" else "x": scores, "targets": Input(rest, f"below {classes}", dtype),
              "fixed_weight": weight and Input((classes,), weight)}
    options = {"reduction": reduction, **({} if ignored == -100 else {"ignore_index": ignored}), **options}
    kept = None if "label_smoothing" in options else KEPT[op]
    return Case(op, inputs, (), options, kept, math.prod(shape), None, written(shape),
                " ".join([note, "weights" if weight else "", dtype.replace("int64", "")]).strip())


def of_shares(logits, reduction="mean", note="", weight=None, **options):
    """Cross entropy with probabilities as targets."""
    inputs = {"logits": given(logits), "targets": Input(given(logits).shape, "shares"),
              "fixed_weight": weight and Input((2,), weight)}
    return Case("cross_entropy", inputs, (), {"reduction": reduction, **options}, None, math.prod(given(logits).shape),
                None, written(given(logits).shape), " ".join(["shares", note, "weights" if weight else ""]))


SHAPES = ((5, 3), (1, 7), (4, 1), (2, 3, 4, 5), (7,), (3, 4, 5), (2, 3, 2, 2, 3), (2, 3, 2, 1, 2, 2), (33, 70))
CASES = [
    *[by_class(op, scores, reduction) for op in KEPT for reduction in REDUCTIONS for scores in SHAPES],
    *[by_class(op, scores, reduction, "some", ignored=1) for op in KEPT for reduction in REDUCTIONS
      for scores in ((9, 3), (2, 3, 4, 5), (2, 3, 7))],
    *[by_class(op, Input((4, 1), "ties"), reduction, "nobody", ignored=0) for op in KEPT for reduction in REDUCTIONS],
    *[by_class(op, scores, reduction, weight="positive", ignored=ignored) for op in KEPT for reduction in REDUCTIONS
      for scores, ignored in (((8, 5), -100), ((8, 5), 2), ((2, 3, 4, 5), -100), ((6,), -100))],
    *[by_class(op, (6, 4), dtype=dtype) for op in KEPT for dtype in ("int32", "uint8")],
    *[by_class("cross_entropy", scores, reduction, "", label_smoothing=0.2,
               ignored=ignored) for reduction in REDUCTIONS for scores, ignored in (
        ((5, 3), -100), ((2, 3, 4, 5), 1), ((7,), -100), ((3, 4, 5), -100))],
    *[by_class("cross_entropy", (7, 3), reduction, weight="positive", label_smoothing=0.4, ignored=0)
      for reduction in REDUCTIONS],
    by_class("cross_entropy", (7, 3), label_smoothing=1.0),
    *[of_shares(logits, reduction) for reduction in REDUCTIONS for logits in ((5, 3), (2, 3, 4, 5), (4,), (3, 4, 5))],
    *[of_shares((5, 2), reduction, weight="positive") for reduction in REDUCTIONS],
    of_shares((3, 2, 4), "mean", weight="positive"), of_shares((5, 3), label_smoothing=0.3),
    *[by_class(op, (0, 3), reduction, "no images") for op in KEPT for reduction in REDUCTIONS],
    by_class("cross_entropy", Input((4, 5), "times 400"), "mean", "large"),
    *[by_class(op, Input((4, 5), "special"), "none", "special") for op in KEPT],
    by_class("cross_entropy", Input((4, 5), "all -inf"), "none", "minus infinity"),
    by_class("nll_loss", Input((300, 70)), "mean", "many"), by_class("cross_entropy", Input((300, 70)), "mean", "many"),
]

TARGETS = Input((4,), "below 3", "int64")


def wrong(error, text, scores=(4, 3), targets=TARGETS, **options):
    """The same mistake with both losses."""
    return [refused("cross_entropy", error, text.replace("SCORES", "logits"), logits=scores, targets=targets,
                    **options),
            refused("nll_loss", error, text.replace("SCORES", "x").replace("targets", "target"), x=scores,
                    target=targets, **options)]


REFUSED = [
    *wrong(ShapeError, "SCORES must be (C,), (N, C) or (N, C, ...), got SCORES()", (), Input((), "below 2", "int64")),
    *wrong(ShapeError, "targets must be (4,) for SCORES(4, 3), got targets(3,)", (4, 3),
           Input((3,), "below 2", "int64")),
    *wrong(ShapeError, "targets must be (4,) for SCORES(4, 3), got targets(4, 3)", (4, 3),
           Input((4, 3), "below 2", "int64")),
    *wrong(ShapeError, "targets must be (2, 4) for SCORES(2, 3, 4), got targets(2,)", (2, 3, 4),
           Input((2,), "below 2", "int64")),
    *wrong(ShapeError, "targets must be () for SCORES(3,), got targets(1,)", (3,), Input((1,), "below 2", "int64")),
    *wrong(ShapeError, "there must be at least one class, got SCORES(2, 0)", (2, 0), Input((2,), "below 1", "int64")),
    *wrong(DTypeError, "targets must be a Tensor of int64 (class indices)", targets=(4,)),
    *wrong(DTypeError, "got float64 (4,); convert it with targets.to(numbacnn.int64)", targets=(4,)),
    *wrong(DTypeError, "targets must be a Tensor of int64 (class indices)", targets=Input((4,), "ties", "bool")),
    *wrong(DTypeError, "targets must be a Tensor, got list; make one with numbacnn.tensor", targets=[0, 1, 2, 0]),
    *wrong(DTypeError, "SCORES must be a Tensor, got list", [[0.0, 1.0]]),
    *wrong(DTypeError, "SCORES must be float32, float64 or bfloat16, got int64", Input((4, 3), "whole", "int64")),
    *wrong(ValueError, "reduction must be one of 'mean', 'sum', 'none', got 'max'", reduction="max"),
    *wrong(ValueError, "reduction must be one of 'mean', 'sum', 'none', got 'batchmean'", reduction="batchmean"),
    *wrong(ValueError, "reduction must be one of 'mean', 'sum', 'none', got None", reduction=None),
    *wrong(ValueError, "size_average and reduce are no longer taken, got False and None; use reduction=",
           size_average=False),
    *wrong(ValueError, "size_average and reduce are no longer taken, got None and True", reduce=True),
    *wrong(DTypeError, "ignore_index must be an integer, got 1.0", ignore_index=1.0),
    *wrong(DTypeError, "ignore_index must be an integer, got None", ignore_index=None),
    *wrong(ShapeError, "ignore_index must be at most 9223372036854775807, got 9223372036854775808",
           ignore_index=2 ** 63),
    *wrong(ShapeError, "weight must be (3,), one for each class, got weight(4,)", weight=(4,)),
    *wrong(DTypeError, "weight must be a Tensor, got list", weight=[1.0, 1.0, 1.0]),
    *wrong(DTypeError, "weight must have the dtype of the scores, float64, got float32; convert it with weight.to",
           weight=Input((3,), "positive", "float32")),
    refused("cross_entropy", ShapeError, "label_smoothing must be in [0, 1], got 1.5", logits=(4, 3), targets=TARGETS,
            label_smoothing=1.5),
    refused("cross_entropy", ShapeError, "label_smoothing must be in [0, 1], got -0.1", logits=(4, 3), targets=TARGETS,
            label_smoothing=-0.1),
    refused("cross_entropy", DTypeError, "label_smoothing must be a number, got None", logits=(4, 3), targets=TARGETS,
            label_smoothing=None),
    refused("cross_entropy", ShapeError, "label_smoothing must be in [0, 1], got nan", logits=(4, 3), targets=TARGETS,
            label_smoothing=math.nan),
    refused("cross_entropy", ShapeError, "ignore_index must be negative where targets are probabilities, got 1",
            logits=(4, 3), targets=(4, 3), ignore_index=1),
    refused("cross_entropy", DTypeError, "all arguments must have one dtype, got logits float64 and targets float32",
            logits=(4, 3), targets=Input((4, 3), "shares", "float32")),
    refused("cross_entropy", DTypeError, "or probabilities of the shape of logits(4, 3), got float64 (4, 2)",
            logits=(4, 3), targets=(4, 2)),
    refused("cross_entropy", ShapeError, "weight must be (3,), one for each class, got weight(1, 3)", logits=(4, 3),
            targets=(4, 3), weight=(1, 3)),
]


def counterparts(torch):
    """The same in PyTorch, which takes no int32."""
    F = torch.nn.functional

    def whole(targets):
        return targets.long() if targets.dtype == torch.int32 else targets
    return {"cross_entropy": lambda x, targets, *more, **options: F.cross_entropy(x, whole(targets), *more, **options),
            "nll_loss": lambda x, targets, *more, **options: F.nll_loss(x, whole(targets), *more, **options)}
