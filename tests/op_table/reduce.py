"""Cases of reductions."""
import math

from op_case import Case, Input

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import SPECIAL, given, method, refused, unary

X, EMPTY, BOOL, INTEGER = (2, 3, 4, 5), (0, 3), Input((3, 5), "ties", "bool"), Input((3, 5), "whole", "int64")
TIES, SOME = Input((4, 6), "ties"), (None, 0, -1, (1, 2), [0, 2, 3])
ZEROS = Input((5, 4), "ties")
SPREADS = ("var", ""), ("std", "root")
COSINE = {"x1": Input((4, 5)), "x2": Input((4, 5))}


def chosen(op, x, result, dim, keepdim=False, note=""):
    return Case(op, {"x": given(x)}, (dim, keepdim), {}, "index" if result == 0 else "", note=note, output=result)


CASES = [
    *[unary(op, X, terms=120, dim=dim, keepdim=keepdim) for op in ("sum", "mean")
      for keepdim in (False, True) for dim in SOME],
    *[unary(op, x, terms=60) for op in ("sum", "mean") for x in (
        (7,), (), (3, 4, 5), (1, 1, 1, 1), (2, 1, 3, 1, 2, 1))],
    unary("sum", EMPTY, note="empty", dim=0), unary("mean", EMPTY, note="empty", dim=0),
    unary("sum", SPECIAL, note="special", dim=1), unary("mean", SPECIAL, note="special", dim=0),
    *[unary("sum", Input((3, 5), "whole", dtype), note=dtype, dim=0) for dtype in ("int64", "int32", "bool")],
    unary("sum", Input((300,), "all 200", "uint8"), note="uint8"),
    *[unary(op, X, dim=dim) for op in ("argmax", "argmin") for dim in (None, 0, 1, 2, -1)],
    *[unary(op, x, note=note, dim=0) for op in ("argmax", "argmin") for x, note in (
        (SPECIAL, "special"), (Input((5, 4), "ties"), "ties"), (Input((6,), "whole", "int64"), "integers"), ((), ""))],
    *[unary(op, (3, 4), dim=dim, keepdim=True) for op in ("argmax", "argmin") for dim in (None, 0, 1)],

    *[unary(op, X, "x y", dim=dim, keepdim=keepdim) for op in ("amax", "amin")
      for keepdim in (False, True) for dim in SOME[1:]],
    *[unary(op, x, kept, note) for op in ("amax", "amin", "max", "min") for x, kept, note in (
        (X, "x y", ""), ((), "x y", ""), (SPECIAL, "x y", "special"), (TIES, "x y", "ties"), (BOOL, "", "bool"),
        (INTEGER, "", "integers"))],
    *[unary(op, x, "x y", note, dim=0) for op in ("amax", "amin") for x, note in (
        (SPECIAL, "special"), (TIES, "ties"), (BOOL, "bool"), (INTEGER, "integers"), ((2, 3, 4, 5, 2), ""))],
    *[chosen(op, x, result, dim, keepdim) for op in ("max", "min") for result in (0, 1) for x, dim, keepdim in (
        (X, 0, False), (X, 1, False), (X, 2, True), (X, -1, True), ((70, 3), 0, False), ((3, 70), 1, False),
        ((), 0, False),
        (SPECIAL, 1, False), (TIES, 0, False), (TIES, 1, True), (INTEGER, 0, False), (BOOL, 1, False),
        ((2, 3, 2, 2, 3), 3, False))],
    *[Case(op, {"x": Input((2, 3)), "other": Input(shape)}, (), {}, "x other") for op in ("max", "min")
      for shape in ((2, 3), (3,), (2, 1))],

    *[unary("prod", x, "x", terms=8, dim=dim, keepdim=keepdim) for keepdim in (False, True) for x, dim in (
        ((3, 4), 0), ((3, 4), 1), ((2, 3, 4, 2), 1), ((2, 3, 4, 2), -1), ((4,), 0), (ZEROS, 1), (SPECIAL, 2),
        ((2, 0), 1))],
    *[unary("prod", x, "x_data", note, 8) for x, note in (((2, 3), ""), ((), ""), (ZEROS, "zeros"), ((0,), "empty"))],
    *[unary("prod", Input((4, 3), "whole", dtype), note=dtype, dim=0) for dtype in ("int64", "int32", "uint8")],
    unary("prod", BOOL, note="bool"),

    *[unary(op, X, f"mean x {root and 'y' if keepdim else root}", "", 120, dim=dim, keepdim=keepdim)
      for op, root in SPREADS
      for keepdim in (False, True) for dim in SOME],
    *[unary(op, (3, 5), f"mean x {root}", "", 60, dim=1, **options) for op, root in SPREADS for options in (
        {"correction": 0}, {"correction": 2}, {"unbiased": False}, {"unbiased": True}, {"correction": 0.5})],
    *[unary(op, x, f"mean x {root}", note, 60, dim=0) for op, root in SPREADS for x, note in (
        (SPECIAL, "special"), (Input((3, 2), "all 2"), "equal"))],
    *[Case("var_mean", {"x": Input((3, 4))}, (1,), {"keepdim": keepdim}, "mean x" if n == 0 else "", 20, output=n)
      for n in (0, 1) for keepdim in (False, True)],

    *[unary("norm", X, "x y", "", 400, p=p, dim=dim, keepdim=keepdim) for p in (2, 1, 3, 1.5, 0.5, -1)
      for dim, keepdim in ((None, False), (1, False), ((0, 3), True), ([2], False))],
    *[unary("norm", X, "x y", "", 400, p=p, dim=dim) for p in (math.inf, -math.inf, 0) for dim in (None, 1, (0, 3))],
    *[unary("norm", x, "x y", note, 400, p=p, dim=0) for p in (2, 1, 3, math.inf, 0) for x, note in (
        (TIES, "ties"), (Input((3, 2), "all 0"), "zeros"))],
    *[unary("norm", SPECIAL, "x y", "special", 400, p=p, dim=1) for p in (1, 2, 3, math.inf)],
    unary("norm", (7,), "x y", terms=40), unary("norm", (), "x y", terms=40),
    unary("norm", (0, 3), "x y", "empty", 40, dim=0),
    *[unary("logsumexp", X, "x y", "", 400, dim=dim, keepdim=keepdim) for keepdim in (False, True)
      for dim in (0, -1, (1, 2), [0, 2, 3])],
    *[unary("logsumexp", x, "x y", note, 400, dim=1) for x, note in (
        (SPECIAL, "special"), (Input((2, 3), "times 500"), "wide"), (Input((2, 3), "all -inf"), "nothing"),
        (Input((2, 3), "all inf"), "infinite"), ((2, 0), "empty"), ((2, 300), "long"))],
    *[unary(op, x, note=note, **options) for op in ("any", "all") for x, note in (
        (Input((2, 3, 4), "below 2"), "zeros and ones"), (SPECIAL, "special"),
        (Input((2, 3, 4), "below 2", "bool"), "bool"),
        (Input((2, 3, 4), "below 2", "int64"), "integers"), ((2, 0, 3), "empty"), (Input((2, 3, 4), "all 0"), "none"),
        (Input((2, 3, 4, 2), "all 1"), "all"))
      for options in ({}, {"dim": 1}, {"dim": (0, -1)}, {"dim": 0, "keepdim": True})],
    *[unary("count_nonzero", x, note=note, **options) for x, note in (
        (Input((2, 3, 4), "below 2"), ""), (SPECIAL, "special"), (BOOL, "bool"), ((2, 0), "empty"),
        (INTEGER, "integers"))
      for options in ({}, {"dim": 1}, {"dim": (0, 1)})],
    *[unary("normalize", (3, 5), "held x y", "", 60, **options)
      for options in ({}, {"dim": 0}, {"p": 1, "dim": -1}, {"eps": 9.0})],
    *[Case("cosine_similarity", COSINE, (), options, "held x1 x2 y", 60)
      for options in ({}, {"dim": 0}, {"dim": -1, "eps": 2.0})],
]

BAD = ("all", "amax", "amin", "any", "argmax", "argmin", "count_nonzero", "logsumexp", "max", "mean", "min", "norm",
       "normalize",
       "prod", "std", "sum", "var", "var_mean")
REFUSED = [
    *[refused(op, DTypeError, f"{op}: keepdim must be True or False, got {wrong!r}", x=(2, 3), dim=0, keepdim=wrong)
      for op in BAD if op not in ("count_nonzero", "normalize") for wrong in ("no", 0.5, 1, None, (0, 1))],
    refused("sum", ShapeError, "dim must be from -2 to 1 for 2 axes, got 2", x=(2, 3), dim=2),
    refused("sum", ShapeError, "each axis may be named once, got dim=(1, -1)", x=(2, 3), dim=(1, -1)),
    refused("mean", DTypeError, "dim must be", x=(2, 3), dim=1.0),
    *[refused(op, ShapeError, "dim must be from -2 to 1 for 2 axes, got 2", x=(2, 3), dim=2) for op in BAD],
    *[refused(op, DTypeError, "dim must be an integer, got 1.5", x=(2, 3), dim=1.5) for op in BAD],
    *[refused(op, DTypeError, "x must be a Tensor, got list", x=[1.0, 2.0], **({"dim": 0} if op == "logsumexp" else {}))
      for op in BAD],
    *[refused(op, DTypeError, "x must be float32, float64 or bfloat16, got int64", x=INTEGER, dim=0)
      for op in ("logsumexp", "mean", "norm", "normalize", "std", "var", "var_mean")],
    *[refused(op, ShapeError, "the axis must not be empty, got x(0, 3), dim=0", x=(0, 3), dim=0)
      for op in ("argmax", "argmin", "max", "min")],
    *[refused(op, ShapeError, "there must be numbers to choose from, got x(0, 3), dim=0", x=(0, 3), dim=0)
      for op in ("amax", "amin")],
    *[refused(op, ShapeError, "there must be numbers to choose from, got x(0,), dim=None", x=(0,))
      for op in ("max", "min")],
    *[refused(op, DTypeError, f"keepdim needs dim; use a{op} to keep all axes", x=(2,), keepdim=True)
      for op in ("max", "min")],
    *[refused(op, DTypeError, "x must be numbers, got bool", x=Input((3,), "ties", "bool"))
      for op in ("argmax", "argmin")],
    refused("var", DTypeError, "one of unbiased and correction may be given, got True and 0", x=(3,), unbiased=True,
            correction=0),
    refused("std", DTypeError, "unbiased must be True or False, got 1", x=(3,), dim=0, unbiased=1),
    refused("var_mean", DTypeError, "correction must be a number, got 'one'", x=(3,), correction="one"),
    refused("norm", ShapeError, "p must be a number or 'fro', got 'nuc'", x=(3,), p="nuc"),
    refused("norm", ShapeError, "there must be numbers for p = inf, got x(0, 2), dim=0", x=(0, 2), p=math.inf, dim=0),
    refused("norm", DTypeError, "p must be a number, got [2]", x=(3,), p=[2]),
    refused("normalize", DTypeError, "eps must be a number, got None", x=(2, 3), eps=None),
    refused("cosine_similarity", DTypeError, "x1 must be a Tensor, got list", [1.0], [2.0]),
    refused("cosine_similarity", ShapeError, "shapes must be equal or broadcast", x=(2, 3), other=(2, 4)),
    refused("prod", DTypeError, "dim must be an integer, got (0, 1)", x=(2, 3), dim=(0, 1)),
]

SUMS = {"mean", "sum"}
EXACT = {"all", "amax", "amin", "any", "argmax", "argmin", "count_nonzero", "max", "min"}


def counterparts(torch):
    """The same in PyTorch."""
    def over(name):
        def reduced(x, dim=None, **options):
            options |= {} if dim is None else {"dim": tuple(dim) if isinstance(dim, list) else dim}
            return getattr(torch, name)(x, **options)
        return reduced

    def norm(x, p="fro", dim=None, keepdim=False):
        if p == 0:                                      # which has no gradient there: zeros
            return (x != 0).sum(dim, keepdim).to(x.dtype) + 0 * x.sum()
        return torch.linalg.vector_norm(x, 2 if p == "fro" else p, tuple(dim) if isinstance(dim, list) else dim,
                                        keepdim)

    def spread(name):
        def measured(x, dim=None, unbiased=None, **options):
            correction = options.pop("correction", 1 if unbiased is None else int(unbiased))
            return getattr(torch, name)(x, dim, correction=correction, **options)
        return measured

    names = "sum", "mean", "argmax", "argmin", "max", "min"
    return {"norm": norm, **{name: method(name) for name in names},
            **{name: over(name) for name in ("amax", "amin", "prod", "logsumexp", "any", "all", "count_nonzero")},
            **{name: spread(name) for name in ("var", "std", "var_mean")},
            "normalize": torch.nn.functional.normalize, "cosine_similarity": torch.nn.functional.cosine_similarity}
