"""Cases of group and instance norm."""
import math

import numpy as np
from op_case import Case, Input, written

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import INTEGERS, given


def group(x, groups, note="", without=(), **options):
    x = given(x)
    channels = x.shape[1:2]
    inputs = {"x": x, "num_groups": groups, "weight": Input(channels), "bias": Input(channels)}
    kept = f"x mean rstd {'w_data' if 'weight' in without else 'weight'}"
    return Case("group_norm", inputs | dict.fromkeys(without), (), options, kept, math.prod(x.shape), None,
                f"{written(x.shape)},{groups}", note)


def instance(x, note="", without=(), **options):
    x = given(x)
    channels = x.shape[1:2]
    inputs = {"x": x, "running_mean": Input(channels), "running_var": Input(channels, "positive"),
              "weight": Input(channels), "bias": Input(channels)} | dict.fromkeys(without)
    kept = f"x {'mean' if options.get('use_input_stats', True) else 'running_mean'} rstd "
    return Case("instance_norm", inputs, (), options, kept + ("w_data" if "weight" in without else "weight"),
                math.prod(x.shape), None, written(x.shape), note)


def wrong(op, error, text, x=(2, 4, 3), groups=2, **named):
    """A call that is refused; arrays by shape."""
    inputs = {"x": given(x)} | ({"num_groups": groups} if op == "group_norm" else dict.fromkeys(STATISTICS))
    names = (*STATISTICS, "weight", "bias")
    inputs |= {name: given(named.pop(name)) for name in names if name in named}
    return Case(op, inputs, (), named, error=(error, text), label=text.replace(" ", "_"))


STATISTICS = ("running_mean", "running_var")

CASES = [
    *[group(x, groups) for x, groups in (
        ((2, 4, 3, 5), 2), ((2, 4, 3, 5), 1), ((2, 4, 3, 5), 4), ((3, 40, 4, 3), 5), ((3, 6), 2), ((2, 6, 1), 3),
        ((2, 4, 7), 2), ((2, 6, 40), 2), ((2, 4, 2, 3, 2), 2), ((1, 3, 1, 2), 3), ((1, 96, 2, 2), 32),
        ((2, 4, 2, 1, 2, 2), 2), ((1, 130, 1, 1), 10))],
    *[group(x, 2, "without " + " ".join(without), without) for x in ((2, 4, 3, 5), (2, 4, 5))
      for without in (("weight",), ("bias",), ("weight", "bias"))],
    group((2, 4, 3, 5), 2, eps=0.1), group((2, 4, 5), 2, eps=0), group((0, 4, 3, 5), 2, "no images"),
    group((0, 4, 5), 2, "no images"), group((2, 4, 0), 2, "no numbers"), group((2, 4, 3, 0), 2, "no pixels"),
    group(Input((2, 4, 3, 5), "special"), 4, "special"), group(Input((4, 4, 5), "special"), 4, "special"),
    group(Input((2, 4, 3, 5), "all 3"), 2, "constant"), group(Input((2, 4, 5), "times 1e6"), 2, "large"),
    *[instance(x) for x in ((2, 4, 3, 5), (2, 4, 7), (2, 3, 2, 3, 2), (1, 70, 3, 2), (3, 1, 2, 2))],
    *[instance(x, use_input_stats=False) for x in ((2, 4, 3, 5), (2, 4, 7), (2, 4, 1))],
    *[instance(x, "without " + " ".join(without), without) for x in ((2, 4, 3, 5), (2, 4, 5))
      for without in (STATISTICS, ("weight",), ("bias",), (*STATISTICS, "weight", "bias"))],
    instance((2, 4, 3, 5), momentum=0.5, eps=0.1), instance((0, 4, 3), "no images"),
    instance(Input((4, 2, 2, 2), "special"), "special"), instance(Input((2, 4, 5), "all 3"), "constant"),
]

REFUSED = [
    wrong("group_norm", ShapeError, "num_groups=3 must divide the 4 channels of x(2, 4, 3)", groups=3),
    wrong("group_norm", ShapeError, "num_groups=8 must divide the 4 channels of x(2, 4, 3)", groups=8),
    wrong("group_norm", ShapeError, "num_groups must be at least 1, got 0", groups=0),
    wrong("group_norm", ShapeError, "num_groups must be at least 1, got -1", groups=-1),
    wrong("group_norm", DTypeError, "num_groups must be an integer, got 2.0", groups=2.0),
    wrong("group_norm", DTypeError, "num_groups must be an integer, got True", groups=True),
    wrong("group_norm", DTypeError, "num_groups must be an integer, got None", groups=None),
    wrong("group_norm", ShapeError, "x must be (N, C, ...), got x(4,)", (4,)),
    wrong("group_norm", ShapeError, "there must be at least 2 values in a group, got 1 in x(1, 4) with num_groups=4",
          (1, 4), 4),
    wrong("group_norm", ShapeError, "x has 4 channels, weight must be (4,), got weight(2,)", weight=(2,)),
    wrong("group_norm", ShapeError, "x has 4 channels, bias must be (4,), got bias(4, 1)", weight=(4,), bias=(4, 1)),
    wrong("group_norm", ShapeError, "eps must be at least 0, got -0.1", eps=-0.1),
    wrong("group_norm", ShapeError, "eps must be finite, got nan", eps=np.nan),
    wrong("group_norm", DTypeError, "x must be float32, float64 or bfloat16, got int64", INTEGERS),
    wrong("group_norm", DTypeError, "x must be a Tensor, got str", "x"),
    wrong("group_norm", DTypeError, "all arguments must have one dtype, got x float64 and weight float32",
          weight=Input((4,), "grid", "float32")),
    wrong("instance_norm", ShapeError, "there must be at least 2 values per channel of an image, got 1 in x(2, 4, 1)",
          (2, 4, 1)),
    wrong("instance_norm", ShapeError, "there must be at least 2 values per channel of an image, got 1 in x(2, 4)",
          (2, 4)),
    wrong("instance_norm", ShapeError, "x must be (N, C, ...), got x(4,)", (4,)),
    wrong("instance_norm", ShapeError, "x has 4 channels, running_mean must be (4,), got running_mean(3,)",
          running_mean=(3,), running_var=(4,)),
    wrong("instance_norm", DTypeError, "must be given together, got running_mean and running_var=None",
          running_mean=(4,)),
    wrong("instance_norm", DTypeError, "must be tensors where the statistics of x are not used, got None",
          use_input_stats=False),
    wrong("instance_norm", ShapeError, "momentum must be in [0, 1], got 1.5", momentum=1.5),
    wrong("instance_norm", DTypeError, "momentum must be a number, got None", momentum=None),
    wrong("instance_norm", ShapeError, "eps must be at least 0, got -1", eps=-1),
]


def counterparts(torch):
    """The same in PyTorch."""
    return {"group_norm": torch.nn.functional.group_norm, "instance_norm": torch.nn.functional.instance_norm}
