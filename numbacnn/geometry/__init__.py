"""Shape rules: every shape error of an operation is raised here, before anything is recorded.

Each function takes shapes and options, and returns the shape of the output and the numbers the kernel needs. Answers
are remembered: a training loop asks the same questions at each step.
"""
from numbacnn.geometry.channels import bilinear, cross_entropy, linear, prelu
from numbacnn.geometry.conv import conv2d, output_size, window_of
from numbacnn.geometry.dropout import least_axes, one_of_ranks
from numbacnn.geometry.norm import batch_norm, group_norm, instance_norm, layer_norm, local_response_norm, sizes
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
)
from numbacnn.geometry.pool import adaptive_pool2d, pool2d
from numbacnn.geometry.shape import broadcast, expand, permute, reduce, reshape

__all__ = [
    "MAX_AXES", "Numbers", "Shape", "adaptive_pool2d", "axis", "batch_norm", "bilinear", "broadcast", "cached",
    "conv2d", "count", "cross_entropy", "expand", "few_axes", "group_norm", "instance_norm", "is_integer",
    "layer_norm", "least_axes", "linear", "local_response_norm", "one_of_ranks", "output_size", "pair", "permute",
    "pool2d", "positive", "prelu", "rank_of", "reduce", "reshape", "sizes", "window_of",
]
