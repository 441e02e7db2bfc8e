"""Cases of layer and RMS norm."""
import math

import numpy as np
from op_case import Case, Input, written

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import INTEGERS, given


def layer(x, size, note="", without=(), **options):
    parameters = {"weight": Input(sizes(size)), "bias": Input(sizes(size))}
    return row("layer_norm", x, size, parameters | dict.fromkeys(without), note, **options)


def root(x, size, note="", weight=True, **options):
    return row("rms_norm", x, size, {"weight": Input(sizes(size)) if weight else None}, note, **options)


def row(op, x, size, parameters, note, **options):
    """A call; of x that is neither (R, D) nor whole images, and of weights of several axes, the op keeps a view."""
    x, last = given(x), sizes(size)
    as_it_is = (len(x.shape), len(last)) in ((2, 1), (4, 3))
    own_weight = len(last) == 1 and parameters["weight"] is not None
    kept = f"{'x' if as_it_is else 'x_data'} mean rstd {'weight' if own_weight else 'w_data'}"
    terms = max(math.prod(last), math.prod(x.shape) // max(math.prod(last), 1))
    return Case(op, {"x": x, "normalized_shape": size, **parameters}, (), options, kept, terms, None,
                f"{written(x.shape)},{written(last)}", note)


def sizes(size):
    return (size,) if isinstance(size, int) else tuple(size)


def wrong(op, error, text, x=(2, 3), size=3, **named):
    """A call that is refused; arrays by shape."""
    inputs = {"x": given(x), "normalized_shape": size} | {
        name: given(named.pop(name)) for name in ("weight", "bias") if name in named}
    return Case(op, inputs, (), named, error=(error, text), label=text.replace(" ", "_"))


CASES = [
    *[layer(x, size) for x, size in (
        ((3, 5), 5), ((4, 5), (5,)), ((70, 13), 13), ((200, 33), 33), ((2, 70), 70), ((5,), 5), ((2, 3, 4), 4),
        ((2, 3, 4), (3, 4)), ((2, 3, 4), (2, 3, 4)), ((2, 3, 4, 5), 5), ((2, 3, 4, 5), (4, 5)),
        ((2, 3, 4, 5), (3, 4, 5)), ((70, 2, 1, 3), (2, 1, 3)), ((1, 3, 4, 5), (1, 3, 4, 5)), ((2, 1, 3, 2, 2), (2, 2)),
        ((3, 600), 600), ((65, 3), 3))],
    *[layer(x, size, "without " + " ".join(without), without) for x, size in (((3, 5), 5), ((2, 3, 4, 5), (3, 4, 5)))
      for without in (("weight",), ("bias",), ("weight", "bias"))],
    layer((4, 1), 1, eps=0.5), layer((3, 5), 5, eps=0.1), layer((3, 5), 5, eps=0),
    layer((0, 5), 5, "no rows"), layer((3, 0), 0, "no numbers"),
    layer(Input((6, 4), "special"), 4, "special"), layer(Input((6, 4), "all 3"), 4, "constant"),
    layer(Input((6, 4), "times 1e6"), 4, "large"),
    *[root(x, size) for x, size in (
        ((3, 5), 5), ((70, 13), 13), ((200, 33), 33), ((5,), 5), ((2, 3, 4), (3, 4)), ((2, 3, 4, 5), (3, 4, 5)))],
    root((3, 5), 5, "without weight", False), root((3, 5), 5, eps=0.1), root((0, 5), 5, "no rows"),
    root(Input((6, 4), "special"), 4, "special"),
]

BOTH = [wrong(op, error, f"{text}", *arguments) for op in ("layer_norm", "rms_norm") for error, text, *arguments in (
    (ShapeError, "x must end in normalized_shape (4,), got x(2, 3)", (2, 3), 4),
    (ShapeError, "x must end in normalized_shape (2, 3), got x(3,)", (3,), (2, 3)),
    (ShapeError, "x must end in normalized_shape (3,), got x()", (), 3),
    (ShapeError, "normalized_shape must name one size at least, none of them negative, got ()", (2, 3), ()),
    (ShapeError, "normalized_shape must name one size at least, none of them negative, got -3", (2, 3), -3),
    (DTypeError, "normalized_shape must be an integer or several, got 3.0", (2, 3), 3.0),
    (DTypeError, "normalized_shape must be an integer or several, got True", (2, 3), True),
    (DTypeError, "normalized_shape must be an integer or several, got '3'", (2, 3), "3"),
    (DTypeError, "normalized_shape must be an integer or several, got None", (2, 3), None),
    (DTypeError, "x must be a Tensor, got NoneType", None, 3),
    (DTypeError, "x must be float32, float64 or bfloat16, got int64", INTEGERS, 3))]

REFUSED = [
    *BOTH,
    *[wrong(op, ShapeError, "weight must be (3,) as normalized_shape is, got weight(2,)", weight=(2,))
      for op in ("layer_norm", "rms_norm")],
    *[wrong(op, error, text, eps=eps) for op in ("layer_norm", "rms_norm") for eps, error, text in (
        (-1, ShapeError, "eps must be at least 0, got -1"), (np.nan, ShapeError, "eps must be finite, got nan"),
        ([], DTypeError, "eps must be a number, got []"))],
    wrong("layer_norm", ShapeError, "bias must be (2, 3) as normalized_shape is, got bias(6,)", (2, 3), (2, 3),
          weight=(2, 3), bias=(6,)),
    wrong("layer_norm", DTypeError, "eps must be a number, got None", eps=None),
    wrong("layer_norm", DTypeError, "all arguments must have one dtype, got x float64 and weight float32",
          weight=Input((3,), "grid", "float32")),
]


def counterparts(torch):
    """The same in PyTorch, which wants several sizes."""
    def layer_norm(x, size, *parameters, **options):
        return torch.nn.functional.layer_norm(x, sizes(size), *parameters, **options)

    def rms_norm(x, size, *parameters, **options):
        return torch.nn.functional.rms_norm(x, sizes(size), *parameters, **options)

    return {"layer_norm": layer_norm, "rms_norm": rms_norm}
