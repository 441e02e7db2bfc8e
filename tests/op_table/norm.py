"""Cases of normalisation."""
import math

from op_case import Case, Input, written

from numbacnn.errors import ShapeError
from op_table.rows import given, refused


def norm(x, training, note="", **options):
    x = given(x)
    channels = x.shape[1:2]
    inputs = {"x": x, "running_mean": Input(channels), "running_var": Input(channels, "positive"),
              "weight": Input(channels), "bias": Input(channels)}
    kept = "x mean rstd weight" if training else "x running_mean rstd weight"
    return Case("batch_norm", inputs, (), {"training": training, **options}, kept,
                math.prod(x.shape) // max(x.shape[1], 1), None, written(x.shape), note)


def refused_norm(error, text, x=(2, 3), **named):
    channels = dict.fromkeys(("running_mean", "running_var", "weight", "bias"), (3,))
    return refused("batch_norm", error, text, **{"x": x, **channels, **named})


CASES = [
    *[norm(x, training) for training in (True, False) for x in (
        (2, 3, 4, 5), (7, 5), (2, 1), (1, 3, 2, 1), (3, 1, 1, 4), (70, 13, 9, 8))],
    norm((2, 3, 4, 5), True, momentum=0.0, eps=0.1), norm((4, 3), True, momentum=1.0), norm((4, 3), False, eps=0.0),
    norm((0, 3, 2, 2), False, "no images"),
    norm(Input((2, 3, 4, 5), "special"), True, "special"), norm(Input((2, 3, 4, 5), "special"), False, "special"),
    norm(Input((6, 2), "all 3"), True, "constant"),
]

REFUSED = [
    refused_norm(ShapeError, "x must be (N, C) or (N, C, H, W), got x(2, 3, 4)", x=(2, 3, 4)),
    refused_norm(ShapeError, "x has 5 channels, running_mean must be (5,), got running_mean(3,)", x=(2, 5)),
    refused_norm(ShapeError, "x has 3 channels, bias must be (3,), got bias(4,)", bias=(4,)),
    refused_norm(ShapeError, "training needs at least 2 values per channel, got 1 in x(1, 3)", x=(1, 3), training=True),
    refused_norm(ShapeError, "momentum must be in [0, 1], got 2", momentum=2),
    refused_norm(ShapeError, "eps must be at least 0, got -1", eps=-1),
]


def counterparts(torch):
    """The same in PyTorch."""
    def batch_norm(x, running_mean, running_var, weight, bias, training=False, momentum=0.1, eps=1e-5):
        return torch.nn.functional.batch_norm(x, running_mean, running_var, weight, bias, training, momentum, eps)

    return {"batch_norm": batch_norm}
