"""The backend for CPUs: kernels in Python, compiled by Numba; `numbacnn.kernels` says what each computes.

This is the table of contents. An op of a plan is a name in it: a kernel, or a function that lowers the op to several.
"""
from numbacnn.kernels.channels_last import is_view, nbytes

from . import functions
from .activation import prelu, prelu_backward_input, prelu_backward_weight
from .along import argmax, argmin, max_along, min_along, prod_backward, spread_along
from .average import average
from .cast import cast
from .clip import clip_by_norm, clip_by_value, gradient_norm
from .conv import (
    conv2d,
    conv2d_add,
    conv2d_add_relu,
    conv2d_backward_bias,
    conv2d_backward_input,
    conv2d_backward_weight,
    conv2d_relu,
)
from .conv_scatter import conv2d_backward_input_scattered
from .conv_tiles import (
    conv2d_add_packed,
    conv2d_add_relu_packed,
    conv2d_backward_input_packed,
    conv2d_backward_input_sums_packed,
    conv2d_moments_normalised_packed,
    conv2d_moments_packed,
    conv2d_packed,
    conv2d_relu_packed,
    conv2d_transposed_packed,
    conv2d_transposed_relu_packed,
)
from .conv_weight import conv2d_backward_weight_normalised_tiles, conv2d_backward_weight_tiles
from .depth import conv_filters, conv_filters_backward, depth_windows, depth_windows_backward
from .depthwise import (
    conv2d_depthwise,
    conv2d_depthwise_backward_input,
    conv2d_depthwise_backward_input_sums,
    conv2d_depthwise_backward_weight,
    conv2d_depthwise_backward_weight_normalised,
    conv2d_depthwise_normalised,
    conv2d_depthwise_pack,
    conv2d_depthwise_relu,
)
from .depthwise_backward import conv2d_depthwise_backward_normalised
from .depthwise_volumes import conv3d_depthwise
from .dropout import dropout
from .elementwise import (
    add,
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    divide,
    equal,
    expand,
    floor_divide,
    greater,
    greater_equal,
    less,
    less_equal,
    maximum,
    minimum,
    multiply,
    not_equal,
    power,
    power_growth,
    power_slope,
    remainder,
    share_above,
    subtract,
    where,
)
from .fold import amax, amin, p_norm, prod, var
from .fused import (
    conv2d_pack_windows,
    conv2d_relu_max_pool2d,
    conv2d_relu_max_pool2d_argmax,
    conv2d_relu_max_pool2d_backward,
    relu_max_pool2d_backward,
)
from .fused_inputs import conv2d_pack_winners, conv2d_relu_max_pool2d_backward_input
from .fused_winners import conv2d_backward_winners
from .fusions import FUSIONS, VARIANTS
from .gather import gather, scatter, scatter_add
from .group_norm import (
    group_norm,
    group_norm_backward,
    group_norm_backward_input,
    group_norm_backward_weight,
    instance_norm_running,
)
from .layer_norm import layer_norm, layer_norm_backward, layer_norm_backward_input, layer_norm_backward_weight
from .limits import bernoulli_probabilities, gaussian_nll_loss_variances, normal_deviations
from .linear import (
    linear,
    linear_backward_bias,
    linear_backward_input,
    linear_backward_weight,
    linear_relu,
    linear_turn,
)
from .local_response import local_response_norm, local_response_norm_backward
from .loss import (
    cross_entropy,
    cross_entropy_backward,
    cross_entropy_targets,
    nll_loss,
    nll_loss_backward,
    nll_loss_targets,
    weighted_mean,
)
from .matmul import matmul
from .memory import address, copy, download, empty, upload
from .norm import (
    batch_norm,
    batch_norm_backward_input,
    batch_norm_backward_weight,
    batch_norm_rstd,
    batch_norm_statistics,
    cumulative_average,
    increment,
)
from .norm_backward import (
    batch_norm_add_relu_backward_weight,
    batch_norm_add_relu_fork_backward_weight,
    batch_norm_join_sums,
    batch_norm_relu_backward_input,
    batch_norm_relu_backward_weight,
    batch_norm_relu_fork_backward_input,
    batch_norm_relu_fork_backward_weight,
)
from .norm_chains import add_relu, relu_fork_backward
from .norm_fold import conv2d_fold_bias, conv2d_fold_weight
from .norm_forward import add_batch_norm_relu, batch_norm_add_relu, batch_norm_relu, batch_norms_add_relu
from .norm_moments import batch_norm_join
from .norm_shortcut import (
    batch_norms_add_relu_backward_input,
    batch_norms_add_relu_backward_weight,
    batch_norms_add_relu_fork_backward_input,
    batch_norms_add_relu_fork_backward_weight,
)
from .optim import adam, adam_amsgrad, sgd, sgd_momentum
from .optim_adaptive import adadelta, adagrad, adamax, lion, nadam, radam, rmsprop
from .pack import conv2d_pack, conv2d_pack_turned
from .peak import peak
from .pixel_shuffle import pixel_shuffle, pixel_unshuffle
from .pool import (
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)
from .pool_rows import adaptive_max_pool, max_pool
from .program import Program, launch
from .random import random_integers, random_normal, random_uniform
from .reduce import sum
from .resample import (
    adaptive_avg_pool,
    adaptive_avg_pool_backward,
    avg_pool,
    avg_pool_backward,
    interpolate,
    interpolate_backward,
)
from .separable import conv2d_separable, conv2d_separable_relu
from .shape import images, permute, pixels, reshape
from .slice import cat, place, replace, slice
from .softmax import log_softmax, log_softmax_backward, softmax, softmax_backward
from .sort import cumsum, sort
from .take import assign, take, take_backward, wrap_index
from .threads import devices, info
from .unfold import unfold, unfold_backward
from .unpool import max_pool_backward, max_unpool, max_unpool_backward
from .winograd import (
    conv2d_add_relu_winograd,
    conv2d_add_winograd,
    conv2d_relu_winograd,
    conv2d_winograd,
    conv2d_winograd_backward_input,
)
from .winograd_backward import conv2d_winograd_backward_weight, conv2d_winograd_backward_weight_small
from .winograd_deep import (
    conv2d_add_relu_winograd_deep,
    conv2d_add_winograd_deep,
    conv2d_relu_winograd_deep,
    conv2d_winograd_deep,
    conv2d_winograd_deep_backward_input,
)
from .winograd_weight import conv2d_winograd_weight, conv2d_winograd_weight_turned

# How many of the last outputs may lie where as many of the last inputs do; -1: all.
UPDATES = {"adadelta": -1, "adagrad": -1, "adam": -1, "adam_amsgrad": -1, "adamax": -1, "average": -1,
           "batch_norm_join": 2, "batch_norm_statistics": 2, "clip_by_norm": -1, "clip_by_value": -1, "dropout": 1,
           "increment": 1, "instance_norm_running": 2, "lion": -1, "nadam": -1, "radam": -1, "random_integers": 1,
           "random_normal": 1, "random_uniform": 1, "rmsprop": -1, "sgd": -1, "sgd_momentum": -1}
# Ops whose output is the memory of their input, as it lies.
VIEWS = frozenset({"images", "pixels"})
# Ops on parameters alone, whose results are kept while the parameters do not change.
PREPARES = frozenset({
    "batch_norm_rstd", "conv2d_depthwise_pack", "conv2d_fold_bias", "conv2d_fold_weight", "conv2d_pack",
    "conv2d_pack_turned", "conv2d_pack_windows", "conv2d_pack_winners", "conv2d_winograd_weight",
    "conv2d_winograd_weight_turned", "conv_filters", "linear_turn"})
# Ops that move bfloat16 as it is; others are computed in float32.
BFLOAT16 = frozenset({"expand", "permute", "reshape"})
RAISES = frozenset(name for name, found in list(globals().items()) if getattr(found, "raises", False))


def __getattr__(name):
    """Find the kernels of elementwise functions: there is one for each that the contract has."""
    return getattr(functions, name)
