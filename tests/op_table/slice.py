"""Cases of parts of tensors, and of borders."""
import math

from op_case import Case, Input

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import given, refused


def parts(op, x, *arguments, result=None, **options):
    """A row of an op that keeps where its part begins; `result`: of several."""
    return Case(op, {"x": given(x)}, arguments, options, "begin", output=result)


SPECIAL = Input((3, 4, 5), "special")
X, BYTES = (2, 3, 4, 5), Input((2, 3, 4, 5), "below 2", "bool")

CASES = [
    *[parts("narrow", X, dim, start, length) for dim, start, length in (
        (0, 1, 1), (1, 0, 2), (2, -3, 2), (-1, 2, 3), (3, 5, 0), (1, 0, 3))],
    parts("narrow", (7,), 0, 2, 4), parts("narrow", SPECIAL, 1, 1, 2), parts("narrow", (0, 3), 0, 0, 0),
    parts("narrow", Input(X, "below 9", "int32"), 2, 1, 2), parts("narrow", BYTES, 3, 1, 3),
    *[parts("select", X, dim, index) for dim, index in ((0, 1), (1, -1), (2, 0), (-1, 4))],
    parts("select", (3,), 0, 1), parts("select", Input((3, 4), "below 9", "uint8"), 1, 2),
    *[parts("flip", X, *dims) for dims in ((0,), (1,), (2, 3), ((-1, 0),), (0, 1, 2, 3))],
    parts("flip", (5,), 0), parts("flip", (1, 3), 0), parts("flip", (0, 2), 1), parts("flip", SPECIAL, (1, 2)),
    Case("flip", {"x": Input(())}, ((),)),
    *[parts("split", (7, 3), sizes, dim, result=i) for sizes, dim, i in (
        (3, 0, 0), (3, 0, 2), (2, 1, 1), ([1, 4, 2], 0, 1), ([0, 7], 0, 0), (9, 0, 0))],
    parts("split", X, 2, dim=1, result=1), parts("split", (0, 2), 3, result=0), parts("split", (2, 0), 0, 1, result=0),
    *[parts("chunk", (7, 4), chunks, result=i) for chunks, i in ((3, 0), (3, 2), (1, 0), (5, 3), (9, 6))],
    parts("chunk", X, 2, 1, result=1), parts("chunk", (0,), 3, result=2),
    *[parts("tensor_split", (7, 4), cuts, result=i) for cuts, i in (
        (3, 0), (3, 2), ((2, 5), 1), ((2,), 1), ((1, 9), 2), ((), 0))],
    parts("tensor_split", X, (-1,), dim=-1, result=0), parts("tensor_split", (3,), 5, result=4),
    parts("unbind", X, result=1), parts("unbind", X, 1, result=2), parts("unbind", (3,), result=0),
    *[parts("pad", X, border) for border in ((1, 2), (0, 1, 2, 3), (1, 1, 0, 0, 2, 1), (1, 0, 0, 1, 1, 2, 3, 0),
                                             (-1, -2), (0, 0, -1, 0), (-5, 0))],
    *[parts("pad", x, (1, 2, 2, 1), "constant", value) for value, x in (
        (2.5, X), (-1, X), (math.inf, SPECIAL), (math.nan, SPECIAL))],
    parts("pad", X, (2, -1, -1, 3), value=0.5), parts("pad", (3,), (2, 2)), parts("pad", (0, 2), (1, 1, 1, 1)),
    parts("pad", Input((2, 3), "below 9", "int64"), (1, 2), "constant", 3), parts("pad", BYTES, (1, 1, 2, 2)),
    Case("pad", {"x": Input(X)}, ((0, 0),)), Case("pad", {"x": Input(X)}, ((),)),
    *[Case("pad", {"x": Input(x, fill)}, (border, mode), {}, "index", 9)
      for mode in ("reflect", "replicate", "circular")
      for x, border, fill in ((X, (1, 2), "grid"), (X, (2, 1, 3, 0), "grid"), ((2, 3, 4, 5), (4, 4, 3, 3), "grid"),
                              ((2, 3, 5), (2, 2), "special"), ((3, 4, 3, 4, 5), (1, 1, 2, 2, 1, 0), "grid"))],
    Case("pad", {"x": Input((2, 1, 1))}, ((2, 3), "replicate"), {}, "index", 9),
    Case("pad", {"x": Input((2, 3, 5), "below 9", "int64")}, ((1, 3), "reflect")),
    *[Case("rot90", {"x": given(x)}, turned, kept=None) for x, turned in (
        (X, (1, (0, 1))), (X, (2, (2, 3))), (X, (3, [-1, 1])), (X, (0,)), (X, (-1, (3, 0))), ((2, 3), ()),
        (SPECIAL, (5,)), (Input((2, 3), "whole", "int64"), (7,)))],
]

REFUSED = [
    refused("narrow", ShapeError, "dim must be from -2 to 1 for 2 axes, got 2", 2, 0, 1, x=(2, 3)),
    refused("narrow", IndexError, "start must be from -3 to 3 along dim 1 of x(2, 3), got 4", 1, 4, 0, x=(2, 3)),
    refused("narrow", ShapeError, "length must be from 0 to 2 from start 1 along dim 1 of x(2, 3), got 3", 1, 1, 3,
            x=(2, 3)),
    refused("narrow", DTypeError, "length must be an integer, got 1.0", 1, 0, 1.0, x=(2, 3)),
    refused("narrow", DTypeError, "start must be an integer, got True", 1, True, 1, x=(2, 3)),
    refused("narrow", DTypeError, "x must be a Tensor, got int; make one with numbacnn.tensor", 0, 0, 1, x=3),
    refused("narrow", IndexError, "start must be from 0 to 0 along dim 0 of x()", 0, 1, 1, x=()),
    refused("select", IndexError, "index must be from -3 to 2 along dim 1 of x(2, 3), got 3", 1, 3, x=(2, 3)),
    refused("select", DTypeError, "index must be an integer, got None", 1, None, x=(2, 3)),
    refused("select", ShapeError, "x must have axes, got a single number", 0, 0, x=()),
    refused("flip", ShapeError, "each axis may be named once, got (0, -2)", 0, -2, x=(2, 3)),
    refused("flip", DTypeError, "must be integers, got (0.5,)", 0.5, x=(2, 3)),
    refused("split", ShapeError, "the length of a part must be positive, got 0", 0, x=(2, 3)),
    refused("split", ShapeError, "got -1", -1, x=(2, 3)),
    refused("split", ShapeError, "sizes must be lengths that add up to 3 along dim 1 of x(2, 3), got (1, 1)", [1, 1], 1,
            x=(2, 3)),
    refused("split", DTypeError, "sizes must be an integer, or a list of integers, got '2'", "2", x=(2, 3)),
    refused("split", DTypeError, "got [1.0, 1]", [1.0, 1], x=(2, 3)),
    refused("split", ShapeError, "x must have axes, got a single number", 1, x=()),
    refused("chunk", ShapeError, "chunks be positive, got x(2, 3), chunks=0", 0, x=(2, 3)),
    refused("chunk", DTypeError, "chunks must be an integer, got 1.5", 1.5, x=(2, 3)),
    refused("tensor_split", ShapeError, "there must be one part at least, got 0", 0, x=(2, 3)),
    refused("tensor_split", ShapeError, "at most 4096 parts of 2 numbers, got 1000000000", 10**9, x=(2, 3)),
    refused("chunk", ShapeError, "there may be at most 4096 parts of 0 numbers", 10**9, x=(0, 3)),
    refused("pad", ShapeError, "an index (1000000000003,) would have", (10**12, 0), "replicate", x=(2, 3)),
    refused("pad", ShapeError, "the result (2, 1000000000003) would have", (10**12, 0), x=(2, 3)),
    refused("tensor_split", DTypeError, "give a number of parts, or a list of positions, got None", None, x=(2, 3)),
    refused("unbind", ShapeError, "x must have axes, got a single number", x=()),
    refused("unbind", ShapeError, "dim must be from -2 to 1 for 2 axes, got 4", 4, x=(2, 3)),
    refused("pad", ShapeError, "pad must hold two integers for each axis from the last backwards, at most 4 for "
            "x(2, 3), got (1, 2, 3)", (1, 2, 3), x=(2, 3)),
    refused("pad", ShapeError, "got (1, 1, 1, 1, 1, 1)", (1,) * 6, x=(2, 3)),
    refused("pad", DTypeError, "pad must be a list of integers, two for each axis from the last backwards, got 1", 1,
            x=(2, 3)),
    refused("pad", DTypeError, "got (0.5, 1)", (0.5, 1), x=(2, 3)),
    refused("pad", ShapeError, "mode must be one of 'constant', 'reflect', 'replicate', 'circular', got 'edge'", (1, 1),
            "edge",
            x=(2, 3)),
    refused("pad", ShapeError, "there are 3 numbers along axis 1 of x(2, 3), too few to crop (-2, -2)", (-2, -2),
            x=(2, 3)),
    refused("pad", ShapeError, "mode 'reflect' can add at most 2 along axis 1 of x(2, 3), got (3, 0)", (3, 0),
            "reflect", x=(2, 3)),
    refused("pad", ShapeError, "mode 'circular' can add at most 3 along axis 1 of x(2, 3), got (0, 4)", (0, 4),
            "circular", x=(2, 3)),
    refused("pad", ShapeError, "mode 'replicate' can add at most 0 along axis 1 of x(2, 0)", (0, 4), "replicate",
            x=(2, 0)),
    refused("pad", ShapeError, "only mode 'constant' crops, got (-1, 0) for mode 'reflect'", (-1, 0), "reflect",
            x=(2, 3)),
    refused("pad", DTypeError, "value must be a number, got 'a'", (1, 1), "constant", "a", x=(2, 3)),
    refused("rot90", ShapeError, "dims must be two axes, got (0,)", 1, (0,), x=(2, 3)),
    refused("rot90", ShapeError, "each axis may be named once, got (0, 0)", 1, (0, 0), x=(2, 3)),
    refused("rot90", ShapeError, "dim must be from -1 to 0 for 1 axes, got 1", x=(3,)),
    refused("rot90", DTypeError, "k must be an integer, got 0.5", 0.5, x=(2, 3)),
]

EXACT = {"chunk", "flip", "narrow", "pad", "select", "split", "tensor_split", "unbind"}


def counterparts(torch):
    """The same in PyTorch."""
    def pad(x, border, mode="constant", value=None):
        rank = len(border) // 2
        if mode == "constant" or x.ndim in (rank + 1, rank + 2):
            return torch.nn.functional.pad(x, border, mode, value)
        return torch.nn.functional.pad(x[None] if x.ndim == rank else x.flatten(0, x.ndim - rank - 2), border, mode,
                                       value).reshape(*x.shape[:x.ndim - rank], *[
            x.shape[-i] + border[2 * i - 2] + border[2 * i - 1] for i in range(rank, 0, -1)])

    def tensor_split(x, given_, dim=0):
        return torch.tensor_split(x, given_, dim)

    def flip(x, *dims):
        return x.flip(*dims)

    return {"pad": pad, "flip": flip, "tensor_split": tensor_split,
            **{name: getattr(torch, name) for name in ("chunk", "narrow", "rot90", "select", "split", "unbind")}}
