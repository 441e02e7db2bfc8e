"""Cases of images in other sizes."""
import math

from op_case import Case, Input

from numbacnn.errors import DTypeError, ShapeError
from op_table.rows import INTEGERS, given, refused

IMAGES = {1: (2, 3, 7), 2: (2, 3, 5, 6), 3: (1, 2, 3, 4, 5)}
LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


def resized(x, note="", **options):
    return Case("interpolate", {"x": given(x)}, (), options, "", 4 ** (len(given(x).shape) - 2), note=note)


CASES = [
    *[resized(IMAGES[axes], mode=mode, **options) for axes in IMAGES
      for mode in ("nearest", "nearest-exact", "area", LINEAR[axes]) for options in (
        {"scale_factor": 2}, {"scale_factor": 0.5}, {"scale_factor": 1.75}, {"size": 4}, {"size": 11})],
    *[resized(IMAGES[axes], mode=LINEAR[axes], align_corners=True, **options) for axes in IMAGES
      for options in ({"scale_factor": 2}, {"size": 4}, {"size": 1})],
    *[resized(IMAGES[2], mode="bicubic", align_corners=align, **options) for align in (False, True)
      for options in ({"scale_factor": 2}, {"size": (4, 13)}, {"size": 1})],
    resized(IMAGES[2], mode="bilinear", scale_factor=(1.3, 2.7)),
    resized(IMAGES[2], mode="bilinear", scale_factor=(1.3, 2.7), recompute_scale_factor=True),
    resized(IMAGES[2], mode="nearest", scale_factor=(1.5, 0.7), recompute_scale_factor=True),
    *[resized((1, 2, 9, 7), mode=mode, antialias=True, align_corners=align, **options)
      for mode in ("bilinear", "bicubic") for align in (False, True)
      for options in ({"size": (4, 2)}, {"scale_factor": 1.7}, {"scale_factor": (0.3, 2)})],
    resized((2, 19, 4, 3), "many channels", mode="bilinear", scale_factor=2),
    resized((2, 1, 4, 20), "one channel", mode="bilinear", scale_factor=2),
    resized((0, 3, 4, 3), "no images", scale_factor=2),
    *[resized(Input((2, 3, 4, 5), "special"), "special", mode=mode, scale_factor=2) for mode in ("nearest", "area")],
]

REFUSED = [
    *[refused("interpolate", error, text, x=x, **options) for error, text, x, options in (
        (ShapeError, "mode must be one of 'nearest', 'nearest-exact', 'linear', 'bilinear', ", (1, 1, 4, 4),
         {"size": 2, "mode": "lanczos"}),
        (ShapeError, "mode must be one of 'nearest', ", (1, 1, 4, 4), {"size": 2, "mode": ["nearest"]}),
        (ShapeError, "x must be (N, C, L) for mode='linear', got x(1, 1, 4, 4)", (1, 1, 4, 4),
         {"size": 2, "mode": "linear"}),
        (ShapeError, "x must be (N, C, H, W) for mode='bilinear', got x(1, 1, 4)", (1, 1, 4),
         {"size": 2, "mode": "bilinear"}),
        (ShapeError, "x must be (N, C, D, H, W) for mode='trilinear', got x(1, 1, 4, 4)", (1, 1, 4, 4),
         {"size": 2, "mode": "trilinear"}),
        (ShapeError, "x must be (N, C, L), (N, C, H, W), (N, C, D, H, W) for mode='nearest', got x(4, 4)", (4, 4),
         {"size": 2}),
        (ShapeError, "x must have places, got x(1, 1, 0, 4)", (1, 1, 0, 4), {"size": 2}),
        (ShapeError, "align_corners is for mode linear, bilinear, bicubic, trilinear, got False with mode='nearest'",
         (1, 1, 4, 4), {"size": 2, "align_corners": False}),
        (DTypeError, "align_corners must be True or False, got 'yes'", (1, 1, 4, 4),
         {"size": 2, "mode": "bilinear", "align_corners": "yes"}),
        (DTypeError, "recompute_scale_factor must be True or False, got 1", (1, 1, 4, 4),
         {"scale_factor": 2, "recompute_scale_factor": 1}),
        (ShapeError, "antialias is for mode bilinear and bicubic, got mode='nearest'", (1, 1, 4, 4),
         {"size": 2, "antialias": True}),
        (DTypeError, "antialias must be True or False, got 1", (1, 1, 4, 4),
         {"size": 2, "mode": "bilinear", "antialias": 1}),
        (ShapeError, "recompute_scale_factor is for scale_factor, got size=2", (1, 1, 4, 4),
         {"size": 2, "recompute_scale_factor": True}),
        (ShapeError, "one of size and scale_factor must be given, got size=None, scale_factor=None", (1, 1, 4, 4), {}),
        (ShapeError, "one of size and scale_factor must be given, got size=2, scale_factor=2", (1, 1, 4, 4),
         {"size": 2, "scale_factor": 2}),
        (DTypeError, "size must be an integer or a pair of integers (height, width), got (2, 3, 4)", (1, 1, 4, 4),
         {"size": (2, 3, 4)}),
        (DTypeError, "size must be an integer or a pair of integers (height, width), got 2.5", (1, 1, 4, 4),
         {"size": 2.5}),
        (DTypeError, "size must be an integer or a pair of integers (height, width), got True", (1, 1, 4, 4),
         {"size": True}),
        (ShapeError, "size must be at least 1, got 0", (1, 1, 4, 4), {"size": 0}),
        (ShapeError, "size must be at most 2147483647, got 1099511627776", (1, 1, 4, 4), {"size": 2**40}),
        (DTypeError, "scale_factor must be a number or a pair of numbers (height, width), got '2'", (1, 1, 4, 4),
         {"scale_factor": "2"}),
        (DTypeError, "scale_factor must be a number or a pair of numbers (height, width), got True", (1, 1, 4, 4),
         {"scale_factor": True}),
        (DTypeError, "scale_factor must be a number or a pair of numbers (height, width), got (1, 2, 3)", (1, 1, 4, 4),
         {"scale_factor": (1, 2, 3)}),
        (ShapeError, "scale_factor must be positive and finite, got nan", (1, 1, 4, 4), {"scale_factor": math.nan}),
        (ShapeError, "scale_factor must be positive and finite, got inf", (1, 1, 4, 4), {"scale_factor": math.inf}),
        (ShapeError, "scale_factor must be positive and finite, got -1", (1, 1, 4, 4), {"scale_factor": -1}),
        (ShapeError, "an image of the output must have from 1 to 2147483647 places, got (0, 0) for x(1, 1, 4, 4)",
         (1, 1, 4, 4), {"scale_factor": 0.1}),
        (ShapeError, "an image of the output must have from 1 to 2147483647 places, got ", (1, 1, 4, 4),
         {"scale_factor": 1e300}),
        (ShapeError, "an image of the output must have from 1 to 2147483647 places, got (65536, 65536)", (1, 1, 4, 4),
         {"size": 2**16}),
        (DTypeError, "x must be float32, float64 or bfloat16, got int64", INTEGERS, {"size": 2}))],
]


def counterparts(torch):
    """The same in PyTorch."""
    return {"interpolate": torch.nn.functional.interpolate}
