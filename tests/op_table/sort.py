"""Cases of what needs the order along an axis."""
from op_case import Case, Input

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import INTEGERS, given, refused

SPECIAL = Input((3, 4, 5), "special")
X = (2, 3, 4, 5)


def ordered(op, x, *arguments, result=0, **options):
    return Case(op, {"x": given(x)}, arguments, options, "places" if op != "argsort" else "",
                output=None if op == "argsort" else result)


CASES = [
    *[ordered("sort", x, *arguments, result=result) for result in (0, 1) for x, arguments in (
        (X, ()), (X, (0,)), (X, (1, True)), (X, (2,)), ((9, 7), (0, True)), ((70,), ()), ((), ()), ((0, 3), ()),
        (SPECIAL, (0,)), (SPECIAL, (1, True)), (Input((3, 9), "ties"), ()), (Input((3, 9), "ties"), (-1, True)),
        (Input((5, 3), "below 4", "int64"), (0,)), (Input((5, 3), "below 4", "uint8"), (0, True)),
        (Input((2, 7), "below 2", "bool"), ()))],
    ordered("sort", (3, 4), descending=True, stable=True),
    *[ordered("argsort", x, *arguments) for x, arguments in (
        (X, ()), (X, (1, True)), ((), ()), (Input((3, 9), "ties"), ()), (SPECIAL, (2,)))],
    *[ordered("topk", x, *arguments, result=result) for result in (0, 1) for x, arguments in (
        (X, (2,)), (X, (3, 1)), ((3, 90), (5,)), ((90, 3), (4, 0, False)), ((3, 90), (40,)), ((4,), (4,)), ((), (1,)),
        ((3, 4), (0,)))],
    *[ordered("topk", SPECIAL, k, dim, result=0) for k, dim in ((2, 0), (3, -1))],
    ordered("topk", (5, 3), 2, dim=0, largest=False, sorted=True),
    *[Case("cumsum", {"x": given(x)}, (dim,), {}, terms=70) for x, dim in (
        (X, 0), (X, 1), (X, 2), (X, -1), ((70,), 0), ((), 0), ((0, 3), 1), (SPECIAL, 1),
        (Input((3, 4), "below 9", "int32"), 1), (Input((3, 4), "below 2", "bool"), 0),
        (Input((5,), "below 200", "uint8"), 0))],
    Case("cumsum", {"x": Input((3, 4), "below 9", "int64")}, (1, "float64"), {}, terms=4),
    *[Case("unique", {"x": given(x)}, (), options, output=result) for x in (
        Input((3, 9), "ties"), Input((5,), "below 3", "int64"), (2, 3), (0, 3), (), Input((4, 4), "below 2", "bool"))
      for options, result in (({}, None), ({"return_inverse": True}, 1), ({"return_counts": True}, 1))],
    *[Case("unique", {"x": Input((6, 2), "below 2", "int64")}, (), {"dim": dim, "return_inverse": True,
                                                                   "return_counts": True}, output=result)
      for dim in (0, 1) for result in (0, 1, 2)],
]

REFUSED = [
    *[refused(op, DTypeError, f"{op}: {switch} must be True or False, got {wrong!r}", x=(2, 3),
              **{switch: wrong}, **({"k": 1} if op == "topk" else {}))
      for op, *switches in (("sort", "descending", "stable"), ("argsort", "descending", "stable"),
                            ("topk", "largest", "sorted"), ("unique", "sorted", "return_inverse", "return_counts"))
      for switch in switches for wrong in ("no", [1, 2])],
    *[refused(op, ShapeError, "dim must be from -2 to 1 for 2 axes, got 2", *k, 2, x=(2, 3))
      for op, k in (("sort", ()), ("argsort", ()), ("topk", (1,)), ("cumsum", ()))],
    *[refused(op, DTypeError, "x must be a Tensor, got list", [1.0], 0)
      for op in ("sort", "argsort", "topk", "cumsum")],
    refused("topk", ShapeError, "k must be from 0 to 3 along dim -1 of x(2, 3), got 4", 4, x=(2, 3)),
    refused("topk", ShapeError, "got -1", -1, x=(2, 3)),
    refused("topk", DTypeError, "k must be an integer, got 1.0", 1.0, x=(2, 3)),
    refused("sort", DTypeError, "dim must be an integer, got 'last'", "last", x=(2, 3)),
    refused("unique", DTypeError, "x must be a Tensor, got list", [1.0]),
    refused("unique", ShapeError, "dim must be from -2 to 1 for 2 axes, got 2", x=(2, 3), dim=2),
    refused("cumsum", DTypeError, "dtype must be float32, float64, bfloat16 or int64, got bool", 0, "bool", x=INTEGERS),
    refused("cumsum", DTypeError, "dtype must be one of float32", 0, "float16", x=INTEGERS),
]

SUMS = {"cumsum"}
EXACT = {"argsort", "sort", "topk", "unique"}


def counterparts(torch):
    """The same in PyTorch: stable, as ours always is."""
    def sort(x, dim=-1, descending=False, stable=True):
        return torch.sort(x, dim=dim, descending=descending, stable=True)

    def cumsum(x, dim, dtype=None):
        return torch.cumsum(x, dim, dtype=dtype and getattr(torch, dtype))

    return {"sort": sort, "cumsum": cumsum, "topk": torch.topk, "unique": torch.unique,
            "argsort": lambda *x, **options: sort(*x, **options).indices}
