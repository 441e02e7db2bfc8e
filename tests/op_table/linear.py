"""Cases of dense layers."""
import math

from op_case import Case, Input, written

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import given, refused


def linear(x, weight, note="", bias=True):
    x = given(x)
    inputs = {"x": x, "weight": Input(weight), "bias": Input(weight[:1]) if bias else None}
    kept = "x weight" if len(x.shape) == 2 else "x_data weight"      # of other shapes, the op keeps a view
    return Case("linear", inputs, (), {}, kept, 1 + max(*weight, math.prod(x.shape[:-1])), None,
                f"{written(x.shape)},{written(weight)}", note)


def bilinear(rows, weight, note="", bias=True):
    inputs = {"x1": Input((*rows, weight[1])), "x2": Input((*rows, weight[2])), "weight": Input(weight),
              "bias": Input(weight[:1]) if bias else None}
    terms = 3 + weight[1] * weight[2] + math.prod(rows) * weight[0]
    return Case("bilinear", inputs, (), {}, "x_data w_data held", terms, None,
                f"{written(rows)},{written(weight)}", note)


def wrong(error, text, x1=(2, 3), x2=(2, 4), weight=(5, 3, 4), bias=(5,)):
    inputs = {"x1": given(x1), "x2": given(x2), "weight": given(weight), "bias": given(bias)}
    return Case("bilinear", inputs, error=(error, text), label=text.replace(" ", "_"))


CASES = [
    *[bilinear(rows, weight) for rows, weight in (((4,), (5, 3, 2)), ((2, 3), (2, 1, 4)), ((), (3, 2, 2)))],
    bilinear((4,), (5, 3, 2), "no bias", bias=False),
    *[linear(x, weight) for x, weight in (
        ((3, 5), (7, 5)), ((1, 13), (1, 13)), ((17, 33), (9, 33)), ((65, 3), (5, 3)), ((4, 1), (3, 1)), ((5,), (7, 5)),
        ((2, 3, 5), (7, 5)), ((2, 3, 4, 5), (7, 5)), ((3, 300), (2, 300)), ((3, 4), (70, 4)), ((0, 5), (7, 5)),
        ((3, 0), (5, 0)), ((9, 0), (5, 0)), ((3, 2), (0, 2)))],
    linear((3, 5), (7, 5), "no bias", bias=False), linear((2, 3, 5), (7, 5), "no bias", bias=False),
    linear(Input((4, 6), "special"), (3, 6), "special"),
]

REFUSED = [
    wrong(ShapeError, "x1(2, 4) must end in 3 features for weight(5, 3, 4)", x1=(2, 4)),
    wrong(ShapeError, "x2() must end in 4 features for weight(5, 3, 4)", x2=()),
    wrong(ShapeError, "x1 and x2 must be equal but for their last axis, got x1(2, 3), x2(3, 4)", x2=(3, 4)),
    wrong(ShapeError, "weight must have 3 axes (out_features, in1_features, in2_features), got weight(5, 3)",
          weight=(5, 3)),
    wrong(ShapeError, "bias must be (5,) for weight(5, 3, 4), got bias(4,)", bias=(4,)),
    wrong(DTypeError, "x2 must be a Tensor, got NoneType", x2=None),
    refused("linear", ShapeError, "x(2, 4) must end in 3 features for weight(5, 3)", x=(2, 4), weight=(5, 3)),
    refused("linear", ShapeError, "x() must end in 3 features for weight(5, 3)", x=(), weight=(5, 3)),
    refused("linear", ShapeError, "bias must be (5,) for weight(5, 3), got bias(3,)", x=(2, 3), weight=(5, 3),
            bias=(3,)),
    refused("linear", ShapeError, "weight must have 2 axes (out_features, in_features), got weight(3,)", x=(2, 3),
            weight=(3,)),
]

SUMS = {"bilinear", "linear"}


def counterparts(torch):
    """The same in PyTorch."""
    return {"bilinear": torch.nn.functional.bilinear, "linear": torch.nn.functional.linear}
