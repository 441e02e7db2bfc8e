"""Cases of normalisation."""
import math

from op_case import Case, Input, written

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import INTEGERS, given, refused


def norm(x, training, note="", without=(), **options):
    x = given(x)
    channels = x.shape[1:2]
    inputs = {"x": x, "running_mean": Input(channels), "running_var": Input(channels, "positive"),
              "weight": Input(channels), "bias": Input(channels)}
    inputs |= dict.fromkeys(without)
    own_mean = "running_mean" in without or (training and math.prod(x.shape))
    kept = f"x {'mean' if own_mean else 'running_mean'} rstd {'w_data' if 'weight' in without else 'weight'}"
    return Case("batch_norm", inputs, (), {"training": training, **options}, kept,
                math.prod(x.shape) // max(x.shape[1], 1), None, written(x.shape), note)


def refused_norm(error, text, x=(2, 3), **named):
    channels = dict.fromkeys(("running_mean", "running_var", "weight", "bias"), (3,))
    return refused("batch_norm", error, text, **{"x": x, **channels, **named})


STATISTICS = ("running_mean", "running_var")


CASES = [
    *[norm(x, training) for training in (True, False) for x in (
        (2, 3, 4, 5), (7, 5), (2, 1), (1, 3, 2, 1), (3, 1, 1, 4), (70, 13, 9, 8))],
    norm((2, 3, 4, 5), True, momentum=0.0, eps=0.1), norm((4, 3), True, momentum=1.0), norm((4, 3), False, eps=0.0),
    *[norm(x, training) for training in (True, False) for x in (
        (2, 3, 5), (3, 2, 1), (1, 3, 40), (2, 3, 2, 3, 4), (3, 1, 1, 1, 7), (2, 2, 2, 1, 2, 3))],
    *[norm(x, True, "without " + " ".join(without), without) for x in ((2, 3, 4, 5), (2, 3, 5)) for without in (
        STATISTICS, ("weight",), ("bias",), (*STATISTICS, "weight", "bias"))],
    norm((2, 3, 5), False, "without weight and bias", ("weight", "bias")),
    norm((0, 3, 2, 2), False, "no images"), norm((0, 3, 2, 2), True, "no images"), norm((2, 3, 0), True, "no numbers"),
    norm((0, 3), True, "no images", STATISTICS), norm((0, 3, 4), False, "no images"),
    norm(Input((2, 3, 7), "special"), True, "special"), norm(Input((2, 3, 7), "special"), False, "special"),
    norm(Input((6, 2, 3), "all 3"), True, "constant"),
    norm(Input((2, 3, 4, 5), "special"), True, "special"), norm(Input((2, 3, 4, 5), "special"), False, "special"),
    norm(Input((6, 2), "all 3"), True, "constant"),
]

REFUSED = [
    refused_norm(ShapeError, "x must be (N, C) or (N, C, ...), got x(3,)", x=(3,)),
    refused_norm(ShapeError, "x has 4 channels, running_mean must be (4,), got running_mean(3,)", x=(2, 4, 5)),
    refused_norm(ShapeError, "training needs at least 2 values per channel, got 1 in x(1, 3, 1)", x=(1, 3, 1),
                 training=True),
    refused_norm(ShapeError, "weight must be (3,), got weight(3, 1)", weight=(3, 1)),
    refused_norm(ShapeError, "eps must be finite, got nan", eps=math.nan),
    refused_norm(DTypeError, "eps must be a number, got 'small'", eps="small"),
    refused_norm(DTypeError, "momentum must be a number, got None", momentum=None),
    refused_norm(DTypeError, "must be tensors where the statistics of x are not used, got None", running_mean=None,
                 running_var=None),
    refused_norm(DTypeError, "must be given together, got running_mean and running_var=None", running_var=None),
    refused_norm(DTypeError, "must be given together, got running_var and running_mean=None", running_mean=None,
                 training=True),
    refused_norm(DTypeError, "x must be a Tensor, got list", x=[1.0]),
    refused_norm(DTypeError, "x must be float32, float64 or bfloat16, got int64", x=INTEGERS),
    refused_norm(DTypeError, "all arguments must have one dtype, got x float64 and weight float32",
                 weight=Input((3,), "grid", "float32")),
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
