"""Cases of dense layers."""
import math

from op_case import Case, Input, written

from numbacnn.errors import ShapeError
from op_table.rows import given, refused


def linear(x, weight, note="", bias=True):
    x = given(x)
    inputs = {"x": x, "weight": Input(weight), "bias": Input(weight[:1]) if bias else None}
    kept = "x weight" if len(x.shape) == 2 else "x_data weight"      # of other shapes, the op keeps a view
    return Case("linear", inputs, (), {}, kept, 1 + max(*weight, math.prod(x.shape[:-1])), None,
                f"{written(x.shape)},{written(weight)}", note)


CASES = [
    *[linear(x, weight) for x, weight in (
        ((3, 5), (7, 5)), ((1, 13), (1, 13)), ((17, 33), (9, 33)), ((65, 3), (5, 3)), ((4, 1), (3, 1)), ((5,), (7, 5)),
        ((2, 3, 5), (7, 5)), ((2, 3, 4, 5), (7, 5)), ((3, 300), (2, 300)), ((3, 4), (70, 4)), ((0, 5), (7, 5)),
        ((3, 0), (5, 0)), ((9, 0), (5, 0)), ((3, 2), (0, 2)))],
    linear((3, 5), (7, 5), "no bias", bias=False), linear((2, 3, 5), (7, 5), "no bias", bias=False),
    linear(Input((4, 6), "special"), (3, 6), "special"),
]

REFUSED = [
    refused("linear", ShapeError, "x(2, 4) must end in 3 features for weight(5, 3)", x=(2, 4), weight=(5, 3)),
    refused("linear", ShapeError, "x() must end in 3 features for weight(5, 3)", x=(), weight=(5, 3)),
    refused("linear", ShapeError, "bias must be (5,) for weight(5, 3), got bias(3,)", x=(2, 3), weight=(5, 3),
            bias=(3,)),
    refused("linear", ShapeError, "weight must have 2 axes (out_features, in_features), got weight(3,)", x=(2, 3),
            weight=(3,)),
]

SUMS = {"linear"}


def counterparts(torch):
    """The same in PyTorch."""
    return {"linear": torch.nn.functional.linear}
