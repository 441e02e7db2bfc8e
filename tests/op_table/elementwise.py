"""Cases of arithmetic."""
import math

from op_case import Case, Input

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import BOOLS, INTEGERS, SPECIAL, given, refused, unary

KEPT = {"multiply": "a b", "divide": "b y", "maximum": "a b", "minimum": "a b", "remainder": "a b"}
ARITHMETIC = "add subtract multiply divide"
MORE = "maximum minimum remainder floor_divide"
DIVISIONS = ("divide", "remainder", "floor_divide")


def binary(a, b, only=f"{ARITHMETIC} {MORE}", note=""):
    """A row for each of them, with shapes or numbers; `held` is a number that became an array."""
    a, b = given(a), given(b)
    sizes = [math.prod(each.shape) if isinstance(each, Input) else 1 for each in (a, b)]
    terms = 2 + max(sizes) // max(1, min(sizes))
    for op in only.split():
        kept = KEPT.get(op, "")
        for name, each in (("a", a), ("b", b)):
            kept = kept if isinstance(each, Input) else kept.replace(name, "held")
        right = b._replace(fill="positive") if op in DIVISIONS and isinstance(b, Input) and b.fill == "grid" else b
        yield Case(op, {"a": a, "b": right}, (), {}, kept, terms, note=note)


WHOLE = "add subtract multiply maximum minimum"
CASES = [
    *[case for shapes in (
        ((2, 3, 4, 5), (2, 3, 4, 5)), ((2, 3, 4, 5), (3, 1, 1)), ((2, 3, 4, 5), (5,)), ((3, 4, 5), (2, 3, 4, 5)),
        ((2, 3, 4, 5), (2, 1, 4, 5)), ((2, 3, 4, 5), ()), ((), (2, 3, 4, 5)), ((2, 1, 4, 1), (1, 3, 1, 5)),
        ((7,), (7,)), ((3, 1), (1, 4)), ((4, 1), (3,)), ((1,), (2, 3, 1, 1)), ((), ()), ((0, 3), (1, 3)),
        ((1, 3), (0, 1)), ((2, 1, 2, 1, 3, 1), (1, 3, 1, 2, 1, 2)), ((2, 3, 4), 2.5), (0.5, (2, 3, 4)),
        ((2, 3, 4, 5), -3))
      for case in binary(*shapes)],
    *binary(SPECIAL, Input((4, 4), "special"), note="special"), *binary(Input((4, 6), "ties"), 0.0, note="zero"),
    *binary(Input((3, 4), "whole", "int64"), Input((4,), "whole", "int64"), WHOLE, "integers"),
    *binary(Input((2, 3, 2, 2), "whole", "int32"), 7, f"{WHOLE} remainder floor_divide", "integers"),
    *binary(Input((3, 4), "whole", "int64"), Input((4,), "all 3", "int64"), f"{ARITHMETIC} {MORE}", "threes"),
    *binary(Input((3, 4), "whole", "int64"), -3, f"{ARITHMETIC} {MORE}", "integers and a number"),
    *binary(Input((3, 4), "ties"), Input((3, 4), "ties"), "maximum minimum", "ties"),
    # the higher dtype, and never float64 of what is not
    *[case for a, b in (("float32", "int64"), ("uint8", "float32"), ("int32", "int64"), ("uint8", "int32"),
                        ("int32", "float32"), ("bool", "float32"))
      for case in binary(Input((3, 4), "below 3", a), Input((4,), "below 2", b), WHOLE, f"{a} and {b}")],
    *binary(Input((3, 4), "below 9", "int64"), 0.5, f"{WHOLE} divide", "integers and a float"),
    *binary(Input((3, 4), "below 9", "float32"), True, WHOLE, "a bool"),
    *binary(Input((3, 4), "below 9", "uint8"), 3, f"{WHOLE} divide", "bytes"),
    *[Case(op, {"a": given(a), "b": given(b)}, (), {"alpha": alpha}, kept=None, terms=12, note=note)
      for op in ("add", "subtract") for a, b, alpha, note in (
        ((2, 3, 4), (2, 3, 4), 2, ""), ((2, 3, 4), (4,), -0.5, ""), ((3,), (2, 3), 0, ""),
        (SPECIAL, SPECIAL, 2, "special"), ((3, 4), 1.5, 2.0, ""),
        (Input((3, 4), "whole", "int64"), Input((4,), "whole", "int64"), 3, "integers"),
        (Input((3, 4), "whole", "int64"), 2, -1, "integers"), ((3, 4), Input((3, 4), "whole", "int64"), 0.5, "mixed"))],
    unary("negative", (2, 3, 4, 5), "x held"), unary("negative", Input((3,), "whole", "int64")),
]

REFUSED = [
    *[refused(op, ShapeError, "shapes must be equal or broadcast (sizes equal or 1, from the right), got a(2, 3), "
              "b(2,)", a=(2, 3), b=(2,)) for op in f"{ARITHMETIC} {MORE}".split()],
    *[refused(op, DTypeError, "operands must be tensors or numbers, got str", a=(2, 3), b="2")
      for op in f"{ARITHMETIC} {MORE}".split()],
    *[refused(op, DTypeError, "operands must be tensors, one at least, or numbers, got float and float", a=1.0, b=2.0)
      for op in f"{ARITHMETIC} {MORE}".split()],
    *[refused(op, DTypeError, "operands must be numbers, got bool", a=BOOLS, b=BOOLS) for op in ARITHMETIC.split()],
    *[refused(op, DTypeError, text, a=x, b=x, alpha=alpha) for op in ("add", "subtract") for x, alpha, text in (
        (INTEGERS, 0.5, "alpha must be a whole number beside whole numbers, got 0.5"),
        ((2, 3), "2", "alpha must be a number, got '2'"), ((2, 3), True, "alpha must be a number, got True"))],
    refused("add", DTypeError, "does not fit a tensor of int32", a=Input((2,), "whole", "int32"), b=2**40),
    refused("multiply", DTypeError, "does not fit a tensor of uint8", a=Input((2,), "below 3", "uint8"), b=-1),
    refused("negative", DTypeError, "uint8", x=Input((2,), "below 3", "uint8")),
    refused("add", ShapeError, "at most 6 axes, got shape (1, 1, 1, 1, 1, 1, 2)", a=(1,) * 7, b=(2,)),
]

SUMS = {"multiply"}
EXACT = {"add", "floor_divide", "maximum", "minimum", "multiply", "negative", "remainder", "subtract"}


def counterparts(torch):
    """The same in PyTorch."""
    def either(function):
        """Of two tensors, or a tensor and a number."""
        return lambda a, b: function(*[x if isinstance(x, torch.Tensor) else torch.tensor(x, dtype=kind(x, other))
                                       for x, other in ((a, b), (b, a))])

    def kind(number, other):
        floating = isinstance(number, float) or other.is_floating_point()
        return other.dtype if other.is_floating_point() or not floating else torch.float32

    def subtract(a, b, alpha=1):                         # PyTorch subtracts no bool
        a, b = (x.int() if getattr(x, "dtype", None) == torch.bool else x for x in (a, b))
        return torch.sub(a, b + 0, alpha=alpha)

    return {"add": torch.add, "subtract": subtract, "multiply": torch.mul, "divide": torch.div,
            "negative": torch.neg, "maximum": either(torch.maximum), "minimum": either(torch.minimum),
            "remainder": either(torch.remainder), "floor_divide": torch.floor_divide}
