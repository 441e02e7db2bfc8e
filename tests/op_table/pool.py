"""Cases of pooling."""
import math

from op_case import Case, Input, written

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import INTEGERS, given, refused

AXES = 1, 2, 3
IMAGES = {1: (2, 3, 9), 2: (2, 3, 7, 5), 3: (2, 2, 5, 6, 4)}
BATCHED = {1: "(N, C, L)", 2: "(N, C, H, W)", 3: "(N, C, D, H, W)"}
ALONE = {1: "(C, L)", 2: "(C, H, W)", 3: "(C, D, H, W)"}
WINDOWED = "max_pool", "avg_pool", "sum_pool"


def pool(op, x, kernel_size, note="", **options):
    axes = int(op[-2])
    window = math.prod(kernel_size) if isinstance(kernel_size, tuple) else kernel_size ** axes
    return Case(op, {"x": given(x)}, (kernel_size,), options, "argmax" if op.startswith("max") else "", window, None,
                written(kernel_size), note)


def adaptive(op, x, output_size, note=""):
    x = given(x)
    return Case(op, {"x": x}, (output_size,), {}, "argmax" if "max" in op else "", math.prod(x.shape[2:]), None, "",
                note)


def norm(op, x, norm_type, kernel_size, **options):
    return Case(op, {"x": Input(x, "positive")}, (norm_type, kernel_size), options, "held x y",
                40 + kernel_size ** int(op[-2]), None, "", "")


def unpool(op, x, places, *window, note="", **options):
    inputs = {"x": given(x), "indices": Input(x, f"places {places}", "int64")}
    return Case(op, inputs, window, options, "indices", 1, None, "", note)


def small(axes, side=4):
    """One image of one channel."""
    return (1, 1, *(side,) * axes)


CASES = [
    *[case for op in ("max_pool2d", "avg_pool2d", "sum_pool2d") for case in (
        pool(op, IMAGES[2], 2),
        pool(op, IMAGES[2], (2, 3), stride=1),
        pool(op, (2, 3, 8, 7), 3, stride=2, padding=1),
        pool(op, (1, 5, 9, 6), 2, "leaves the edge", stride=3),
        pool(op, (2, 2, 5, 8), (1, 4), stride=(2, 5), padding=(0, 2)),
        pool(op, (1, 1, 6, 3), (6, 3), "window is the image"),
        pool(op, (2, 7, 3, 4), 1),
        pool(op, (3, 1, 1, 1), 3, "one pixel", stride=1, padding=1),
        pool(op, (0, 3, 4, 4), 2, "no images"),
        pool(op, Input((2, 3, 6, 5), "special"), 2, "special", stride=1, padding=1),
        pool(op, (3, 7, 5), 2, "alone", ceil_mode=True),
        pool(op, (2, 17, 7, 6), 2, "beyond the edge", ceil_mode=True),
        pool(op, (1, 2, 7, 8), 3, stride=3, padding=1, ceil_mode=True),
        pool(op, (1, 2, 4, 2), (3, 5), "larger than the image", stride=4, ceil_mode=True),
    )],
    *[case for axes in (1, 3) for op in WINDOWED for case in (
        pool(f"{op}{axes}d", IMAGES[axes], 2),
        pool(f"{op}{axes}d", IMAGES[axes], 3, stride=1, padding=1),
        pool(f"{op}{axes}d", IMAGES[axes], 3, stride=3, padding=1, ceil_mode=True),
        pool(f"{op}{axes}d", IMAGES[axes][1:], 2, "alone", ceil_mode=True),
        pool(f"{op}{axes}d", Input(IMAGES[axes], "special"), 2, "special", stride=1, padding=1),
        pool(f"{op}{axes}d", (0, *IMAGES[axes][1:]), 2, "no images"),
    )],
    pool("max_pool1d", (2, 3, 40), 3, "in vectors", stride=2, padding=1),
    pool("max_pool1d", (1, 2, 45), (5,), stride=1),
    pool("avg_pool1d", (2, 3, 40), 2, "in vectors", stride=1, padding=1),
    pool("max_pool3d", (1, 2, 3, 5, 40), (2, 1, 3), "in vectors", stride=(1, 2, 2)),
    pool("avg_pool3d", (1, 2, 5, 4, 6), (2, 1, 3), stride=(1, 2, 2)),
    *[case for axes in AXES for case in (
        pool(f"max_pool{axes}d", Input((1, 2, *(6,) * axes), "ties"), 3, "ties", stride=2, padding=1, ceil_mode=True),
        pool(f"max_pool{axes}d", Input(small(axes), "all -inf"), 2, "minus infinity", stride=1, padding=1),
        pool(f"max_pool{axes}d", (2, 2, *(9, 8, 7)[:axes]), 3, stride=2, padding=1, dilation=2),
        pool(f"max_pool{axes}d", small(axes, 6), 2, dilation=(3, 1, 2)[:axes]),
        pool(f"avg_pool{axes}d", (2, 2, *(8, 7, 5)[:axes]), 3, stride=2, padding=1, count_include_pad=False),
        pool(f"avg_pool{axes}d", small(axes, 5), 2, stride=2, padding=1, ceil_mode=True, count_include_pad=False),
    )],
    pool("avg_pool2d", (1, 2, 3, 2), (2, 4), stride=(1, 3), padding=(1, 2), count_include_pad=False),
    *[pool(f"avg_pool{axes}d", small(axes, 5), 2, padding=1, ceil_mode=True, divisor_override=divisor)
      for axes in (2, 3) for divisor in (1, 7)],
    *[adaptive("adaptive_avg_pool2d", (2, 3, 7, 5), size) for size in (
        1, (3, 2), (7, 5), (9, 8), (None, 2), (4, None))],
    adaptive("adaptive_avg_pool2d", (0, 3, 4, 4), 2, "no images"),
    adaptive("adaptive_avg_pool2d", (1, 7, 1, 13), (1, 5)),
    *[adaptive(f"adaptive_{how}_pool{axes}d", IMAGES[axes], size, note) for how in ("avg", "max") for axes in AXES
      for size, note in ((1, "all"), (3, "overlapping"), (11, "repeated")) if (how, axes) != ("avg", 2)],
    *[adaptive(f"adaptive_max_pool{axes}d", Input(IMAGES[axes], fill), 2, fill) for axes in AXES
      for fill in ("ties", "special")],
    *[adaptive(f"adaptive_{how}_pool3d", (2, 5, 6, 4), (2, None, 3), "alone") for how in ("avg", "max")],
    adaptive("adaptive_max_pool2d", (3, 6, 4), (None, 3), "alone"),
    adaptive("adaptive_max_pool1d", Input((2, 3, 75), "ties"), 1, "long with ties"),
    adaptive("adaptive_max_pool1d", Input((2, 3, 75), "special"), 2, "long and special"),
    *[norm(f"lp_pool{axes}d", IMAGES[axes], norm_type, 2, ceil_mode=ceil_mode) for axes in AXES
      for norm_type, ceil_mode in ((2, False), (3.5, True))],
    norm("lp_pool2d", (3, 5, 6), 1.5, 3, stride=2),
    *[unpool(f"max_unpool{axes}d", x, 2 ** axes * math.prod(x[2:]), 2) for axes, x in (
        (1, (2, 3, 4)), (2, (2, 3, 2, 3)), (3, (2, 2, 2, 1, 3)))],
    unpool("max_unpool2d", (0, 3, 2, 2), 16, 2, note="no images"),
    unpool("max_unpool2d", (2, 70, 2, 2), 20, (3, 3), (2, 2), (0, 0), (4, 5), note="many channels"),
]

REFUSED = [
    *[refused(f"{op}{axes}d", ShapeError, text, kernel, x=x, **options) for op in WINDOWED for axes in AXES
      for text, x, kernel, options in (
        (f"window {(9,) * axes} does not fit in x{small(axes)} with padding {(0,) * axes}", small(axes), 9, {}),
        (f"padding must be at most half the window {(3,) * axes}, got {(2,) * axes}", small(axes), 3, {"padding": 2}),
        ("kernel_size must be at least 1, got 0", small(axes), 0, {}),
        ("stride must be at least 1, got -1", small(axes), 2, {"stride": -1}),
        ("padding must be at least 0, got -1", small(axes), 2, {"padding": -1}),
        ("stride must be at most 2147483647, got 2147483648", small(axes), 2, {"stride": 2**31}),
        (f"x must be {BATCHED[axes]} or {ALONE[axes]}, got x(4,)", (4,), 2, {}),
        ("x", (1, 1, *(4,) * (axes - 1), 0), 2, {"stride": 1, "padding": 1}))],
    *[refused(f"{op}{axes}d", DTypeError, text, kernel, x=small(axes), **options) for op in WINDOWED for axes in AXES
      for text, kernel, options in (
        ("kernel_size must be an integer or ", 2.0, {}), ("kernel_size must be an integer or ", True, {}),
        ("kernel_size must be an integer or ", (2,) * (axes + 1), {}),
        ("stride must be an integer or ", 2, {"stride": "2"}),
        ("ceil_mode must be True or False, got 1", 2, {"ceil_mode": 1}))],
    *[refused(f"max_pool{axes}d", ShapeError, "window", 2, x=small(axes, 2), stride=1, padding=1, dilation=3)
      for axes in AXES],
    *[refused(f"max_pool{axes}d", DTypeError, "return_indices must be True or False, got None", 2, x=small(axes),
              return_indices=None) for axes in AXES],
    refused("max_pool2d", ShapeError, "dilation must be at least 1, got (1, 0)", 2, x=small(2), dilation=(1, 0)),
    refused("max_pool2d", DTypeError, "x must be float32, float64 or bfloat16, got int64", 2, x=INTEGERS),
    *[refused(f"avg_pool{axes}d", DTypeError, "count_include_pad must be True or False, got 2", 2, x=small(axes),
              count_include_pad=2) for axes in AXES],
    *[refused(f"avg_pool{axes}d", ShapeError, "divisor_override must not be zero, nor beyond 2**53, got 0", 2,
              x=small(axes), divisor_override=0) for axes in (2, 3)],
    refused("avg_pool2d", DTypeError, "divisor_override must be an integer or None, got 1.5", 2, x=small(2),
            divisor_override=1.5),
    refused("avg_pool3d", DTypeError, "divisor_override must be an integer or None, got True", 2, x=small(3),
            divisor_override=True),
    *[refused(f"lp_pool{axes}d", ShapeError, text, norm_type, kernel, x=small(axes)) for axes in AXES
      for text, norm_type, kernel in (
        ("norm_type must not be 0, got 0", 0, 2), ("norm_type must be finite, got inf",
                                                                 math.inf, 2),
        ("kernel_size must be at least 1, got 0", 2, 0), (f"window {(5,) * axes} does not fit", 2, 5))],
    refused("lp_pool2d", DTypeError, "norm_type must be a number, got 'two'", "two", 2, x=small(2)),
    refused("lp_pool1d", ShapeError, "norm_type must be", math.nan, 2, x=small(1)),
    refused("lp_pool3d", DTypeError, "ceil_mode must be True or False, got 'yes'", 2, 2, x=small(3), ceil_mode="yes"),
    *[refused(f"adaptive_{how}_pool{axes}d", error, text, size, x=x) for how in ("avg", "max") for axes in AXES
      for error, text, size, x in (
        (ShapeError, f"output_size must be at least 1, got {(0,) * axes}", (0,) * axes, small(axes)),
        (ShapeError, "output_size must be at least 1, got ", -2, small(axes)),
        (ShapeError, "an image must have at most 2147483647 places in 16777216 rows, got y",
         (1, *(2**16,) * (axes - 1)), small(axes)) if axes == 3 else (
             ShapeError, "output_size must be at most 2147483647, got", 2**31, small(axes)),
        (DTypeError, "output_size must be an integer or ", 2.5, small(axes)),
        (DTypeError, "output_size must be an integer or ", (1,) * (axes + 1), small(axes)),
        (DTypeError, "output_size must be an integer or ", False, small(axes)),
        (ShapeError, f"x must have places to pool, got x{(1, 1, *(4,) * (axes - 1), 0)}", 1,
         (1, 1, *(4,) * (axes - 1), 0)),
        (ShapeError, "x must be (N, C, ", 1, (4,)))],
    refused("adaptive_max_pool2d", DTypeError, "return_indices must be True or False, got 'no'", 1, x=small(2),
            return_indices="no"),
    *[refused(f"max_unpool{axes}d", error, text, *window, x=small(axes), indices=indices, **options) for axes in AXES
      for error, text, indices, window, options in (
        (DTypeError, f"indices must be int64, as max_pool{axes}d(..., return_indices=True) gives them, got float64",
         small(axes), (2,), {}),
        (DTypeError, "indices must be a Tensor, got ", 3, (2,), {}),
        (ShapeError, f"indices must have the shape of x, got x{small(axes)}, indices(2, 3)", INTEGERS, (2,), {}),
        (ShapeError, "kernel_size must be at least 1, got 0", Input(small(axes), "below 4", "int64"), (0,), {}),
        (ShapeError, f"output_size must be less than a stride {(2,) * axes} from {(8,) * axes}, got {(6,) * axes}",
         Input(small(axes), "below 4", "int64"), (2,), {"output_size": (6,) * axes}),
        (ShapeError, f"x{small(axes)} must have places, and the output too, which would be -",
         Input(small(axes), "below 4", "int64"), (1, 1, 4), {}),
        (DTypeError, "output_size must be an integer or ", Input(small(axes), "below 4", "int64"), (2,),
         {"output_size": "large"}))],
]

SUMS = {f"{op}{axes}d" for axes in AXES for op in ("adaptive_avg_pool", "avg_pool", "sum_pool")}
EXACT = {f"{op}{axes}d" for axes in AXES for op in ("adaptive_max_pool", "max_pool", "max_unpool")}


def counterparts(torch):
    """The same in PyTorch."""
    F = torch.nn.functional
    names = [f"{op}{axes}d" for axes in AXES for op in (
        "max_pool", "avg_pool", "lp_pool", "adaptive_avg_pool", "adaptive_max_pool", "max_unpool")]
    found = {name: getattr(F, name) for name in names}

    def sum_pool1d(x, kernel_size, *window, **options):
        assert not window
        two = {name: (n, int(name == "stride")) if name in ("stride", "padding") else n for name, n in options.items()}
        return F.avg_pool2d(x[..., None], (kernel_size, 1), **two, divisor_override=1)[..., 0]

    def sums(mean):
        return lambda x, kernel_size, **options: mean(x, kernel_size, **options, divisor_override=1)

    return {**found, "sum_pool1d": sum_pool1d, "sum_pool2d": sums(F.avg_pool2d), "sum_pool3d": sums(F.avg_pool3d)}
