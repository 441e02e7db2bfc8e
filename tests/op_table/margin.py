"""Cases of losses of pairs, triplets, labels and counts."""
from op_case import Case, Input

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import INTEGERS, SINGLE, given, refused

REDUCTIONS = ("mean", "sum", "none")
SIGNS, ROWS, LABELS = Input((4, 3), "signs"), Input((4, 5)), Input((4,), "signs")
SHARES, LARGE = Input((4, 3), "shares"), Input((4, 3), "positive")
INPUTS = {
    "soft_margin_loss": {"x": (4, 3), "fixed_target": SIGNS},
    "hinge_embedding_loss": {"x": (4, 3), "fixed_target": SIGNS},
    "margin_ranking_loss": {"input1": (4, 3), "input2": Input((4, 3), "times 0.77"), "fixed_target": SIGNS},
    "cosine_embedding_loss": {"input1": ROWS, "input2": ROWS, "fixed_target": LABELS},
    "triplet_margin_loss": {"anchor": ROWS, "positive": Input((4, 5), "times 0.77"),
                            "negative": Input((4, 5), "times 0.61")},
    "multilabel_soft_margin_loss": {"x": (4, 3), "fixed_target": SHARES},
    "poisson_nll_loss": {"x": (4, 3), "fixed_target": LARGE},
    "gaussian_nll_loss": {"x": (4, 3), "target": (4, 3), "var": LARGE}}
FIRST = {op: next(iter(inputs)) for op, inputs in INPUTS.items()}


def case(op, note="", inputs=None, **options):
    inputs = {name: given(each) for name, each in (INPUTS[op] | (inputs or {})).items()}
    return Case(op, inputs, (), options, None, 100, note=note)


CASES = [
    *[case(op, reduction=reduction) for op in INPUTS for reduction in REDUCTIONS],
    *[case(op, margin=margin) for op in ("hinge_embedding_loss", "margin_ranking_loss", "cosine_embedding_loss",
                                         "triplet_margin_loss") for margin in (0.21, 3)],
    *[case("triplet_margin_loss", p=p, swap=swap) for p in (1, 2, 3.5) for swap in (False, True)],
    case("cosine_embedding_loss", "one", {"input1": (5,), "input2": Input((5,), "times 0.3"),
                                          "fixed_target": Input((), "all 1")}),
    case("triplet_margin_loss", "one", {"anchor": (5,), "positive": (5,), "negative": Input((5,), "times 0.3")}),
    *[case("poisson_nll_loss", inputs={"x": LARGE}, log_input=log_input, full=full) for log_input in (False, True)
      for full in (False, True)],
    *[case("gaussian_nll_loss", "var " + "x".join(map(str, shape)), {"var": Input(shape, "positive")}, full=True)
      for shape in ((4,), (4, 1), (1, 3))],
    case("gaussian_nll_loss", "number", {"var": 0.7}),
    case("gaussian_nll_loss", "small", {"x": Input((4, 3), "ties")}, eps=1.5),
    case("multilabel_soft_margin_loss", "weights", {"fixed_weight": Input((3,), "positive")}),
    case("multilabel_soft_margin_loss", "one", {"x": (3,), "fixed_target": Input((3,), "shares")}),
    case("soft_margin_loss", "empty", {"x": (0, 3), "fixed_target": Input((0, 3))}),
]

def spoilt(op, **wrong):
    """Inputs of an op, some exchanged."""
    return {name.replace("fixed_", ""): each for name, each in INPUTS[op].items()} | wrong


REFUSED = [
    *[refused(op, DTypeError, f"{first} must be a Tensor, got list", **spoilt(op, **{first: [1.0]}))
      for op, first in FIRST.items()],
    *[refused(op, ShapeError, "must be one of 'mean', 'sum', 'none', got 'all'", reduction="all", **spoilt(op))
      for op in INPUTS],
    *[refused(op, ValueError, "size_average and reduce are no longer taken", reduce=True, **spoilt(op))
      for op in INPUTS if op != "gaussian_nll_loss"],
    *[refused(op, ShapeError, f"target must have the shape of {FIRST[op]}(4, 3), got target(3,)",
              **spoilt(op, target=(3,)))
      for op in INPUTS if "target" in spoilt(op) and op != "cosine_embedding_loss"],
    *[refused(op, DTypeError, "all arguments must have one dtype", **spoilt(op, target=SINGLE)) for op in INPUTS
      if "target" in spoilt(op) and op != "cosine_embedding_loss"],
    *[refused(op, DTypeError, "margin must be a number, got None", margin=None, **spoilt(op)) for op in (
        "hinge_embedding_loss", "margin_ranking_loss", "cosine_embedding_loss", "triplet_margin_loss")],
    refused("margin_ranking_loss", ShapeError, "input2 must have the shape of input1(4, 3), got input2(4,)",
            **spoilt("margin_ranking_loss", input2=(4,))),
    refused("cosine_embedding_loss", ShapeError, "input1 must be (N, D) and target (N,), or (D,) and (), got "
            "input1(4, 5), target(4, 5)", **spoilt("cosine_embedding_loss", target=(4, 5))),
    refused("cosine_embedding_loss", DTypeError, "target must be a Tensor, got float",
            **spoilt("cosine_embedding_loss", target=1.0)),
    *[refused("triplet_margin_loss", ShapeError, f"{name} must be more than 0, got {value}",
              **{name: value}, **spoilt("triplet_margin_loss")) for name in ("margin", "p") for value in (0, -2)],
    refused("triplet_margin_loss", DTypeError, "swap must be True or False, got 1", swap=1,
            **spoilt("triplet_margin_loss")),
    refused("gaussian_nll_loss", DTypeError, "full must be True or False, got None", full=None,
            **spoilt("gaussian_nll_loss")),
    refused("poisson_nll_loss", DTypeError, "log_input must be True or False, got 'no'", log_input="no",
            **spoilt("poisson_nll_loss")),
    *[refused(op, DTypeError,
              f"{first} must be float32, float64 or bfloat16, got int64", **spoilt(op, **{first: INTEGERS}))
      for op, first in FIRST.items()],
    refused("triplet_margin_loss", ShapeError, "negative must have the shape of anchor(4, 5), got negative(4,)",
            **spoilt("triplet_margin_loss", negative=(4,))),
    refused("triplet_margin_loss", ShapeError, "anchor must be (N, D) or (D,), got anchor()", anchor=(), positive=(),
            negative=()),
    refused("multilabel_soft_margin_loss", ShapeError, "weight must broadcast to x(4, 3), got weight(4,)",
            **spoilt("multilabel_soft_margin_loss", weight=(4,))),
    refused("multilabel_soft_margin_loss", ShapeError, "x must be (N, C) or (C,), got x()", x=(), target=()),
    refused("poisson_nll_loss", DTypeError, "eps must be a number, got 'small'", eps="small",
            **spoilt("poisson_nll_loss")),
    refused("gaussian_nll_loss", ShapeError, "eps must be more than 0, got 0", eps=0, **spoilt("gaussian_nll_loss")),
    refused("gaussian_nll_loss", ShapeError, "var must be at least 0, got -1", **spoilt("gaussian_nll_loss", var=-1.0)),
    refused("gaussian_nll_loss", ShapeError, "var must broadcast to x(4, 3), got var(2,)",
            **spoilt("gaussian_nll_loss", var=(2,))),
    refused("gaussian_nll_loss", DTypeError, "var must be a number, got None", **spoilt("gaussian_nll_loss", var=None)),
]


def counterparts(torch):
    """The same in PyTorch."""
    F = torch.nn.functional
    return {op: getattr(F, op) for op in INPUTS}
