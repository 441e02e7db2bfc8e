"""Cases of losses that compare number by number."""
import math

from op_case import Case, Input, written

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import INTEGERS, SINGLE, SPECIAL, given, refused

REDUCTIONS = ("mean", "sum", "none")
SYMMETRIC = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
FILLS = {**dict.fromkeys(SYMMETRIC, ("grid", "times 0.7")), "binary_cross_entropy": ("shares", "shares"),
         "binary_cross_entropy_with_logits": ("times 3", "shares"), "kl_div": ("grid", "shares")}


def pair(op, shape, note="", **options):
    """Predictions and targets."""
    inputs = {name: Input(shape, fill) for name, fill in zip(("x", "target"), FILLS[op], strict=True)}
    kept = None if "batchmean" in options.values() else "x target"
    return Case(op, inputs, (), options, kept, 8 * max(1, math.prod(shape)), None, written(shape), note)


def special(op, reduction, **options):
    return Case(op, {"x": SPECIAL, "target": SPECIAL}, (), {"reduction": reduction, **options}, "x target", 1,
                note="special")


def weighed(op, *inputs, **options):
    """A loss and factors, which come last."""
    return Case(op, by_name(op, *inputs), (), options, None, 200, note="weights")


def by_name(op, *inputs):
    """Inputs in the order of their parameters."""
    names = {"mse_loss": "x target size_average reduce reduction weight",
             "huber_loss": "x target reduction delta weight", "binary_cross_entropy": "x target fixed_weight"}
    names["l1_loss"] = names["mse_loss"]
    names["binary_cross_entropy_with_logits"] = (
        "x target fixed_weight size_average reduce reduction fixed_pos_weight")
    return dict(zip(names[op].split(), map(given, inputs), strict=False))


POSITIVE, SHARES = Input((3, 5), "positive"), Input((3, 5), "shares")
CASES = [
    *[pair(op, shape, reduction=reduction) for op in FILLS for reduction in REDUCTIONS
      for shape in ((5, 3), (2, 3, 4, 5), (7,), (), (33, 5))],
    *[pair(op, (0, 3), "empty", reduction=reduction) for op in FILLS for reduction in REDUCTIONS],
    *[pair("smooth_l1_loss", (6, 5), beta=beta, reduction=reduction) for beta in (0.0, 0.3, 2)
      for reduction in ("mean", "none")],
    *[pair("huber_loss", (6, 5), delta=delta, reduction=reduction) for delta in (0.3, 2)
      for reduction in ("mean", "none")],
    *[pair("kl_div", shape, reduction="batchmean") for shape in ((4, 3), (2, 3, 4, 5), (0, 3), (7,))],
    *[special(op, "none") for op in SYMMETRIC], special("binary_cross_entropy_with_logits", "none"),
    special("kl_div", "none"), special("kl_div", "none", log_target=True),
    *[Case("kl_div", {"x": Input((5, 3)), "target": Input((5, 3), "times 0.6")}, (),
           {"reduction": reduction, "log_target": True}, None, 40) for reduction in (*REDUCTIONS, "batchmean")],
    *[Case(op, {"x": Input((4, 6), "ties"), "target": Input((4, 6), "ties")}, (), {"reduction": "none"}, "x target",
           note="ties") for op in SYMMETRIC],
    *[Case("binary_cross_entropy", {"x": Input((4, 6), f"all {x}"), "target": Input((4, 6), f"all {t}")}, (),
           {"reduction": "none"}, "x target", note=f"{x} {t}") for x in (0, 1) for t in (0, 1, 0.5)],
    Case("binary_cross_entropy_with_logits", {"x": Input((4, 6), "times 300"), "target": Input((4, 6), "shares")}, (),
         {}, "x target", 30, note="large"),
    *[weighed(op, (3, 5), Input((3, 5), "times 0.6"), None, None, reduction, POSITIVE)
      for op in ("mse_loss", "l1_loss") for reduction in REDUCTIONS],
    *[weighed("huber_loss", (3, 5), Input((3, 5), "times 0.6"), reduction, 0.7, POSITIVE)
      for reduction in REDUCTIONS],
    *[weighed("binary_cross_entropy", SHARES, SHARES, Input(weight, "positive"), reduction=reduction)
      for reduction in REDUCTIONS for weight in ((3, 5), (5,), (3, 1), ())],
    *[weighed("binary_cross_entropy_with_logits", (3, 5), SHARES, given(weight) and Input(weight, "positive"), None,
              None, reduction, Input((5,), "positive")) for reduction in REDUCTIONS
      for weight in (None, (3, 1))],
]


def wrong(error, text, ops=tuple(FILLS), **given_):
    """The same mistake with several losses."""
    inputs = {"x": (4, 3), "target": (4, 3)} | given_
    return [refused(op, error, text, **inputs) for op in ops]


def factors(op, error, text, wrong_):
    """The last argument is wrong."""
    before = {"huber_loss": ("mean", 1.0), "binary_cross_entropy_with_logits": (None, None, None, "mean")}
    inputs = by_name(op, (4, 3), (4, 3), *before.get(op, (None, None, "mean")), wrong_)
    return Case(op, inputs, error=(error, text), label=text.replace(" ", "_"))


LEGACY = tuple(op for op in FILLS if op != "huber_loss")
WEIGHED = ("mse_loss", "l1_loss", "huber_loss")
REFUSED = [
    *wrong(ShapeError, "target must have the shape of x(4, 3), got target(4,); to compare each with each is nearly "
           "always a mistake", target=(4,)),
    *wrong(ShapeError, "target must have the shape of x(4, 1), got target(4,)", x=(4, 1), target=(4,)),
    *wrong(ShapeError, "target must have the shape of x(4, 3), got target()", target=()),
    *wrong(DTypeError,
           "target must be float32, float64 or bfloat16, got int64; convert it with target.to(numbacnn.float32)",
           x=(2, 3), target=INTEGERS),
    *wrong(DTypeError, "x must be float32, float64 or bfloat16, got int64", x=INTEGERS, target=INTEGERS),
    *wrong(DTypeError, "all arguments must have one dtype, got x float64 and target float32", x=(2, 3), target=SINGLE),
    *wrong(DTypeError, "target must be a Tensor, got float; make one with numbacnn.tensor", target=0.5),
    *wrong(DTypeError, "x must be a Tensor, got list", x=[1.0]),
    *[refused(op, ValueError, "reduction must be one of 'mean', 'sum'", x=(4, 3), target=(4, 3), reduction="average")
      for op in FILLS],
    *wrong(ValueError, "size_average and reduce are no longer taken, got True and None", LEGACY, size_average=True),
    *wrong(ValueError, "size_average and reduce are no longer taken, got None and False", LEGACY, reduce=False),
    *wrong(ValueError, "reduction must be one of 'mean', 'sum', 'none', got 'batchmean'", LEGACY[:-1],
           reduction="batchmean"),
    refused("kl_div", ShapeError, "reduction 'batchmean' needs an axis of the batch, got x()", x=(), target=(),
            reduction="batchmean"),
    refused("smooth_l1_loss", ShapeError, "beta must be at least 0, got -1", x=(3,), target=(3,), beta=-1),
    refused("smooth_l1_loss", DTypeError, "beta must be a number, got 'one'", x=(3,), target=(3,), beta="one"),
    *[refused("huber_loss", ShapeError, f"delta must be more than 0, got {delta}", x=(3,), target=(3,), delta=delta)
      for delta in (0, -1.5)],
    refused("huber_loss", ShapeError, "delta must be more than 0, got nan", x=(3,), target=(3,), delta=math.nan),
    *[factors(op, ShapeError, "weight must have the shape of x(4, 3), got weight(3,)", (3,)) for op in WEIGHED],
    *[factors(op, DTypeError, "weight must be a Tensor, got float", 2.0) for op in WEIGHED],
    *wrong(DTypeError, "weight must be a Tensor, got float", LEGACY[3:5], weight=2.0),
    *wrong(ShapeError, "weight must broadcast to x(4, 3), got weight(4,)", LEGACY[3:5], weight=(4,)),
    *wrong(ShapeError, "weight must broadcast to x(4, 3), got weight(2, 4, 3)", LEGACY[3:5], weight=(2, 4, 3)),
    factors("binary_cross_entropy_with_logits", ShapeError, "pos_weight must broadcast to x(4, 3), got pos_weight(2,)",
            (2,)),
    factors("binary_cross_entropy_with_logits", DTypeError, "pos_weight must be a Tensor, got int", 3),
]


def counterparts(torch):
    """The same in PyTorch."""
    F = torch.nn.functional
    return {op: getattr(F, op) for op in FILLS}
