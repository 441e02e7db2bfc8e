"""Shape rules: every shape error of an operation is raised here, before anything is recorded.

Each function takes shapes and options, and returns the shape of the output and the numbers the kernel needs. Answers
are remembered: a training loop asks the same questions at each step.
"""
from numbacnn.geometry.channels import channels, cross_entropy, linear, prelu
from numbacnn.geometry.conv import conv2d, output_size, window_of
from numbacnn.geometry.options import (
    MAX_AXES,
    Numbers,
    Shape,
    axis,
    cached,
    count,
    few_axes,
    flag,
    is_integer,
    pair,
    positive,
    rank_of,
    several,
)
from numbacnn.geometry.pool import adaptive_pool, divisor, exponent, images, pool, unpool
from numbacnn.geometry.shape import broadcast, expand, permute, reduce, reshape
from numbacnn.geometry.upsampling import interpolate

__all__ = [
    "MAX_AXES", "Numbers", "Shape", "adaptive_pool", "axis", "broadcast", "cached", "channels", "conv2d", "count",
    "cross_entropy", "divisor", "expand", "exponent", "few_axes", "flag", "images", "interpolate", "is_integer",
    "linear", "output_size", "pair", "permute", "pool", "positive", "prelu", "rank_of", "reduce", "reshape", "several",
    "unpool", "window_of",
]
