"""Shape rules: every shape error of an operation is raised here, before anything is recorded.

Each function takes shapes and options, and returns the shape of the output and the numbers the kernel needs. Answers
are remembered: a training loop asks the same questions at each step.
"""
from numbacnn.geometry.channels import channels, cross_entropy, linear, prelu
from numbacnn.geometry.conv import Conv, conv, conv_transpose, output_padding_of, output_size, padding_of, window_of
from numbacnn.geometry.options import (
    MAX_AXES,
    Numbers,
    Shape,
    axis,
    cached,
    count,
    few_axes,
    is_integer,
    pair,
    positive,
    rank_of,
    several,
)
from numbacnn.geometry.pool import adaptive_pool2d, pool2d
from numbacnn.geometry.shape import broadcast, expand, permute, reduce, reshape

__all__ = [
    "MAX_AXES", "Conv", "Numbers", "Shape", "adaptive_pool2d", "axis", "broadcast", "cached", "channels", "conv",
    "conv_transpose", "count", "cross_entropy", "expand", "few_axes", "is_integer", "linear", "output_padding_of",
    "output_size", "padding_of", "pair", "permute", "pool2d", "positive", "prelu", "rank_of", "reduce", "reshape",
    "several", "window_of",
]
