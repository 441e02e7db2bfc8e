"""Cases of numbers joined, repeated and arranged otherwise."""
from op_case import Case, Input

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import given, refused, shaped

SPECIAL = Input((3, 4, 5), "special")
X = (2, 3, 4, 5)


def joined(op, *shapes, note="", **options):
    inputs = {f"x{i}": given(shape) for i, shape in enumerate(shapes)}
    return Case(op, inputs, (), options, listed=True, note=note)


def picked(op, x, *arguments, terms=1, **options):
    """A row of an op that picks by an index."""
    return Case(op, {"x": given(x)}, arguments, options, "index", terms)


CASES = [
    *[joined("cat", *shapes, **options) for shapes, options in (
        ((X, X), {}), ((X, (2, 1, 4, 5)), {"dim": 1}), ((X, (2, 3, 1, 5), (2, 3, 2, 5)), {"dim": 2}),
        ((X, X, X), {"dim": -1}), (((3,), (0,), (2,)), {}), (((2, 3),), {"dim": 1}), (((0, 3), (0, 3)), {}),
        (((2, 5), (3, 5)), {}), ((SPECIAL, SPECIAL), {"dim": 1}))],
    joined("cat", Input((2, 3), "whole", "int64"), Input((2, 3), "whole", "int32"), note="integers"),
    joined("cat", Input((2, 3), "below 2", "bool"), Input((1, 3), "below 2", "bool"), note="bool"),
    *[joined("stack", *shapes, **options) for shapes, options in (
        ((X[1:], X[1:]), {}), (((3, 4), (3, 4), (3, 4)), {"dim": 1}), (((3, 4),), {"dim": -1}), (((), ()), {}),
        ((X, X), {"dim": 2}))],
    joined("hstack", (2, 3), (2, 1)), joined("hstack", (3,), (2,)), joined("hstack", X, X), joined("hstack", (), ()),
    joined("vstack", (2, 3), (1, 3)), joined("vstack", (3,), (3,)), joined("vstack", (3,), (2, 3)),
    joined("vstack", (), ()),
    shaped("clone", X), shaped("clone", Input((3,), "whole", "int64")), shaped("contiguous", X),
    shaped("movedim", X, 1, -1), shaped("movedim", X, (0, 1), (2, 0)), shaped("movedim", X, [3, 0], [0, -1]),
    shaped("movedim", (3,), 0, 0), shaped("swapaxes", X, 0, 2), shaped("swapaxes", (2, 3, 4), -1, 1),
    shaped("broadcast_to", (3, 1), (2, 3, 4)), shaped("broadcast_to", (), (2, 2)), shaped("broadcast_to", (1,), (0,)),
    *[Case("expand_as", {"x": Input(x), "other": Input(other, "below 9", "int64")}, terms=12) for x, other in (
        ((3, 1), (2, 3, 4)), ((), (2, 2)), ((2, 3), (2, 3)))],
    *[Case("reshape_as", {"x": Input(x), "other": Input(other, "below 9", "int64")}) for x, other in (
        (X, (6, 20)), ((6,), (1, 2, 3)), ((), (1,)))],
    shaped("unflatten", X, 1, (3, 1)), shaped("unflatten", (2, 12), -1, (3, -1)),
    shaped("unflatten", (4, 2), 0, (2, 2, 1)),
    *[Case("meshgrid", {f"x{j}": Input(shape) if i == j else Input(shape, "below 9", "int64")
                        for j, shape in enumerate(shapes)}, (), options, terms=24, output=i)
      for shapes, options, i in ((((2,), (3,)), {}, 0), (((2,), (3,), (4,)), {"indexing": "xy"}, 1),
                                 (((2,), (3,), (4,)), {"indexing": "xy"}, 0), (((), (3,)), {}, 1), (((2,),), {}, 0),
                                 (((2,), (3,), (4,)), {}, 2))],
    *[picked("roll", X, shifts, dims) for shifts, dims in ((1, 0), (-2, 3), ((1, -1), (1, 2)), ((3, 2), (0, -1)),
                                                           ((1, 1), (3, 3)))],
    Case("roll", {"x": Input(X)}, (2, 0)), picked("roll", (2, 3), 4), picked("roll", (5,), -1, 0),
    Case("roll", {"x": Input((0, 3))}, (1,)), Case("roll", {"x": Input(())}, (1,)),
    *[picked(op, x, *times, terms=24) for op in ("repeat", "tile") for x, times in (
        ((3,), (2,)), ((2, 3), (2, 3)), ((2, 3), (2, 1, 2)), (X, (1, 2, 1, 3)), ((2,), ((2, 2),)), ((1, 3), (0, 2)))],
    Case("repeat", {"x": Input((2, 3))}, (1, 1)), picked("repeat", (), 3, terms=3),
    Case("tile", {"x": Input((2, 3))}, ()), picked("tile", X, 2), picked("tile", Input((2, 2), "whole", "int32"), 2, 2),
    picked("repeat_interleave", (2, 3), 2, terms=2), picked("repeat_interleave", X, 3, 1, terms=3),
    picked("repeat_interleave", X, 2, dim=-1, terms=2), picked("repeat_interleave", (3,), 0, 0),
    *[Case("repeat_interleave", {"x": Input(x), "repeats": Input(repeats, "below 4", "int64")}, (dim,), {}, "index", 4)
      for x, repeats, dim in (((2, 3), (3,), 1), (X, (4,), 2))],
    *[shaped("pixel_shuffle", x, factor) for x, factor in (
        ((2, 8, 3, 4), 2), ((1, 9, 2, 5), 3), ((4, 2, 2), 2), ((2, 3, 4, 1, 2), 2),
        ((2, 3, 4, 5), 1))],
    *[shaped("pixel_unshuffle", x, factor) for x, factor in (
        ((2, 2, 6, 8), 2), ((1, 1, 6, 9), 3), ((4, 2, 2), 2), ((2, 3, 1, 2, 4), 2), ((2, 3, 4, 5), 1))],
    *[picked("channel_shuffle", x, groups) for x, groups in (((2, 6, 3, 4), 2), ((2, 6, 3, 4), 3), ((1, 4, 5), 4),
                                                             ((2, 3, 2, 2), 1))],
]

REFUSED = [
    refused("cat", DTypeError, "tensors must be a list or tuple of tensors, got numbacnn.autograd.Tensor", x=(2, 3)),
    refused("cat", DTypeError, "tensors must be a list or tuple of tensors, got int", 3),
    refused("cat", ShapeError, "there must be one tensor at least, got none", []),
    refused("cat", DTypeError, "tensors[0] must be a Tensor, got int", [1]),
    *[Case(op, {"x0": Input((2, 3)), "x1": Input(other)}, (), {"dim": dim} if op in ("cat", "stack") else {},
           error=(ShapeError, text), label=f"{other} {dim}", listed=True)
      for op, other, dim, text in (
          ("cat", (3, 3), 1, "shapes must be equal but for dim 1, got (2, 3) and, at 1, (3, 3)"),
          ("cat", (2,), 0, "shapes must be equal but for dim 0, got (2, 3) and, at 1, (2,)"),
          ("cat", (2, 3), 2, "dim must be from -2 to 1 for 2 axes, got 2"),
          ("stack", (2, 4), 0, "shapes must be equal, got (2, 3) and, at 1, (2, 4)"),
          ("stack", (2, 3), 3, "dim must be from -3 to 2 for 3 axes, got 3"),
          ("hstack", (3, 3), 0, "shapes must be equal but for dim 1"),
          ("vstack", (2, 4), 0, "shapes must be equal but for dim 0"))],
    refused("stack", ShapeError, "there must be one tensor at least, got none", ()),
    Case("cat", {"x0": Input(()), "x1": Input(())}, error=(ShapeError, "tensors must have axes, got a single number; "
                                                                      "use stack"), label="numbers", listed=True),
    refused("clone", DTypeError, "x must be a Tensor, got list", [1.0]),
    refused("contiguous", DTypeError, "x must be a Tensor, got float", 1.0),
    refused("movedim", ShapeError, "source and destination must name as many axes, got (0, 1) and 0", (0, 1), 0, x=X),
    refused("movedim", ShapeError, "each axis may be named once, got (0, 0)", (0, 0), (1, 2), x=X),
    refused("swapaxes", ShapeError, "dim must be from -2 to 1 for 2 axes, got 2", 0, 2, x=(2, 3)),
    refused("reshape_as", ShapeError, "x(2, 3) has 6 elements, (4,) has 4", x=(2, 3), other=(4,)),
    refused("reshape_as", DTypeError, "other must be a Tensor, got tuple", (6,), x=(2, 3)),
    refused("broadcast_to", ShapeError, "x(2, 3) cannot be repeated to (2, 4)", (2, 4), x=(2, 3)),
    refused("unflatten", ShapeError, "x(6,) has 6 elements, (4, 2) has 8", 1, (4, 2), x=(2, 6)),
    refused("unflatten", ShapeError, "sizes must not be empty", 1, (), x=(2, 6)),
    refused("unflatten", ShapeError, "x must have axes, got a single number", 0, (1,), x=()),
    refused("meshgrid", ShapeError, "tensors must have one axis, got, at 0, shape (2, 3)", x=(2, 3)),
    refused("meshgrid", ShapeError, "indexing must be one of 'ij', 'xy', got 'yx'", x=(2,), indexing="yx"),
    refused("meshgrid", DTypeError, "tensors[1] must be a Tensor, got int", 3, x=(2,)),
    refused("roll", ShapeError, "without dims there must be one shift, got (1, 2)", (1, 2), x=(2, 3)),
    refused("roll", ShapeError, "there must be one shift for each of dims, got shifts (1,), dims (0, 1)", 1, (0, 1),
            x=(2, 3)),
    refused("roll", DTypeError, "must be integers, got (0.5,)", 0.5, 0, x=(2, 3)),
    refused("roll", DTypeError, "must be integers, got (True,)", True, 0, x=(2, 3)),
    refused("tile", ShapeError, "tile: an index (3000000000000,) would have 3000000000000 elements, at most 2147483647",
            10**12, x=(2, 3)),
    refused("repeat_interleave", ShapeError, "an index (6000000000000,) would have", 10**12, x=(2, 3)),
    refused("repeat", ShapeError, "there must be a number for each axis of x(2, 3), none negative, got (2,)", 2,
            x=(2, 3)),
    refused("repeat", ShapeError, "got (2, -1)", 2, -1, x=(2, 3)),
    refused("tile", ShapeError, "numbers must not be negative, got (-1,)", -1, x=(2, 3)),
    refused("tile", DTypeError, "must be integers, got ('2',)", "2", x=(2, 3)),
    refused("repeat_interleave", ShapeError, "repeats must not be negative, got -1", -1, x=(2, 3)),
    refused("repeat_interleave", DTypeError, "repeats must be an integer, or a tensor of integers, got float", 1.5,
            x=(2, 3)),
    refused("repeat_interleave", ShapeError, "one number for each of the 3 positions, none negative, got shape (2,)",
            [1, 2], 1, x=(2, 3)),
    Case("expand_as", {"x": Input((2, 3)), "other": Input((3, 2))}, error=(
        ShapeError, "x(2, 3) cannot be repeated to (3, 2)"), label="shapes"),
    refused("expand_as", DTypeError, "other must be a Tensor, got tuple", (2, 3), x=(2, 3)),
    refused("pixel_shuffle", ShapeError, "channels must be a multiple of upscale_factor^2 = 4, got x(2, 3, 4, 5)", 2,
            x=X),
    refused("pixel_shuffle", ShapeError, "upscale_factor must be at least 1, got 0", 0, x=X),
    refused("pixel_shuffle", DTypeError, "upscale_factor must be an integer, got 2.0", 2.0, x=X),
    refused("pixel_shuffle", ShapeError, "x must have axes (..., C, H, W), got x(4, 4)", 2, x=(4, 4)),
    refused("pixel_unshuffle", ShapeError, "height and width must be multiples of downscale_factor 2, got "
            "x(2, 3, 4, 5)", 2, x=X),
    refused("channel_shuffle", ShapeError, "groups=2 must divide the 3 channels of x(2, 3, 4, 5)", 2, x=X),
    refused("channel_shuffle", ShapeError, "x must have axes (N, C, ...), three at least, got x(2, 4)", 2, x=(2, 4)),
    refused("channel_shuffle", ShapeError, "groups must be at least 1, got -1", -1, x=X),
]

EXACT = {"broadcast_to", "cat", "channel_shuffle", "clone", "contiguous", "expand_as", "hstack", "meshgrid", "movedim",
         "pixel_shuffle", "pixel_unshuffle", "repeat", "repeat_interleave", "reshape_as", "roll", "stack", "swapaxes",
         "tile", "unflatten", "vstack"}


def counterparts(torch):
    """The same in PyTorch."""
    def method(name):
        return lambda x, *arguments: getattr(x, name)(*arguments)

    return {"cat": lambda *x, dim=0: torch.cat(x, dim), "stack": lambda *x, dim=0: torch.stack(x, dim),
            "hstack": lambda *x: torch.hstack(x), "vstack": lambda *x: torch.vstack(x),
            "meshgrid": lambda *x, indexing="ij": torch.meshgrid(*[each.double() for each in x], indexing=indexing),
            "broadcast_to": torch.broadcast_to, "movedim": torch.movedim, "roll": torch.roll,
            "swapaxes": torch.swapaxes, "repeat_interleave": torch.repeat_interleave, "clone": torch.clone,
            "pixel_shuffle": torch.pixel_shuffle, "pixel_unshuffle": torch.pixel_unshuffle,
            "channel_shuffle": torch.channel_shuffle,
            "tile": lambda x, *dims: x.tile(dims[0] if dims and isinstance(dims[0], tuple) else dims),
            **{name: method(name) for name in ("contiguous", "expand_as", "repeat", "reshape_as", "unflatten")}}
