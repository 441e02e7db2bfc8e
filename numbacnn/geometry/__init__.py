"""Shape rules: every shape error of an operation is raised here, before anything is recorded.

Each function takes shapes and options, and returns the shape of the output and the numbers the kernel needs. Answers
are remembered: a training loop asks the same questions at each step.
"""
from numbacnn.geometry.cat import cat
from numbacnn.geometry.channels import bilinear, linear, prelu
from numbacnn.geometry.conv import Conv, conv, conv_transpose, output_padding_of, output_size, padding_of, window_of
from numbacnn.geometry.einsum import einsum
from numbacnn.geometry.index import common, expanded, layout, position, run_of, sizes_of
from numbacnn.geometry.loss import class_targets, class_weight, factors, one_shape, scores
from numbacnn.geometry.matmul import batches, matmul, matrices
from numbacnn.geometry.norm import batch_norm, group_norm, instance_norm, layer_norm, local_response_norm, sizes
from numbacnn.geometry.options import Numbers, Shape, axis, cached, count, pair, several
from numbacnn.geometry.pad import crop_and_border, pad
from numbacnn.geometry.pool import adaptive_pool, adaptive_size, divisor, pool, unpool
from numbacnn.geometry.ranks import MAX_AXES, batch, batch_or_one, few_axes, images, rank_of, wrong_rank
from numbacnn.geometry.shape import broadcast, expand, flatten, permute, reduce, reshape
from numbacnn.geometry.slice import axes, chunk, narrow, select, split, tensor_split
from numbacnn.geometry.unfold import fold, unfold, window_options
from numbacnn.geometry.upsampling import interpolate, upsampling_options

__all__ = [
    "Conv", "MAX_AXES", "Numbers", "Shape", "adaptive_pool", "adaptive_size", "axes", "axis", "batch", "batch_norm",
    "batch_or_one", "batches", "bilinear", "broadcast", "cached", "cat", "chunk", "class_targets", "class_weight",
    "common", "conv", "conv_transpose", "count", "crop_and_border", "divisor", "einsum", "expand", "expanded",
    "factors", "few_axes", "flatten", "fold", "group_norm", "images", "instance_norm", "interpolate", "layer_norm",
    "layout", "linear", "local_response_norm", "matmul", "matrices", "narrow", "one_shape", "output_padding_of",
    "output_size", "pad", "padding_of", "pair", "permute", "pool", "position", "prelu", "rank_of", "reduce", "reshape",
    "run_of", "scores", "select", "several", "sizes", "sizes_of", "split", "tensor_split", "unfold", "unpool",
    "upsampling_options", "window_of", "window_options", "wrong_rank",
]
