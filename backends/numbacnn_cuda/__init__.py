"""The backend for NVIDIA GPUs: kernels in Python, compiled by Numba; `numbacnn.kernels` says what each computes.

This is the table of contents. An op of a plan is a name in it: a kernel, or a function that lowers the op to several.
"""
from numbacnn.kernels import Kernels
from numbacnn.kernels.channels_last import is_view, nbytes
from numbacnn.kernels.functions import FUNCTIONS as ELEMENTWISE

from . import functions, mma_rules, norm_rules
from .about import capacity, info, memory_info, properties, synchronize
from .activation import prelu, prelu_backward_input, prelu_backward_weight
from .along import argmax, argmin, max_along, min_along, spread_along
from .average import average
from .clip import clip_by_norm, clip_by_value, gradient_norm
from .compile_ahead import compiling_for
from .conv import conv2d, conv2d_backward_bias, conv2d_backward_input, conv2d_backward_weight
from .conv_bf16 import (
    conv2d_add_bf16,
    conv2d_add_relu_bf16,
    conv2d_backward_input_bf16,
    conv2d_backward_weight_bf16,
    conv2d_bf16,
    conv2d_relu_bf16,
    linear_backward_input_bf16,
    linear_backward_weight_bf16,
    linear_bf16,
    linear_relu_bf16,
    matmul_bf16,
)
from .conv_tf32 import (
    conv2d_add_relu_tf32,
    conv2d_add_tf32,
    conv2d_backward_input_tf32,
    conv2d_backward_weight_tf32,
    conv2d_relu_tf32,
    conv2d_tf32,
    linear_backward_input_tf32,
    linear_backward_weight_tf32,
    linear_relu_tf32,
    linear_tf32,
    matmul_tf32,
)
from .depth import conv_filters, conv_filters_backward, depth_windows, depth_windows_backward
from .dropout import dropout
from .elementwise import (
    add,
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    cast,
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
from .exchange import DLPACK, array_interface, copy_received, knows_views, lend, receive
from .fold import amax, amin, p_norm, prod, var
from .gather import gather, scatter, scatter_add
from .group_norm import (
    group_norm,
    group_norm_backward_input,
    group_norm_backward_weight,
    instance_norm_running,
)
from .layer_norm import layer_norm, layer_norm_backward_input, layer_norm_backward_weight
from .limits import bernoulli_probabilities, gaussian_nll_loss_variances, normal_deviations
from .linear import linear, linear_backward_bias, linear_backward_input, linear_backward_weight
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
    batch_norm_relu_backward_input,
    batch_norm_relu_backward_weight,
    batch_norm_relu_fork_backward_input,
    batch_norm_relu_fork_backward_weight,
)
from .norm_fold import conv2d_fold_bias, conv2d_fold_weight
from .norm_forward import add_batch_norm_relu, batch_norm_add_relu, batch_norm_relu, batch_norms_add_relu
from .norm_shortcut import (
    batch_norms_add_relu_backward_input,
    batch_norms_add_relu_backward_weight,
    batch_norms_add_relu_fork_backward_input,
    batch_norms_add_relu_fork_backward_weight,
)
from .norm_sums import add_relu, relu_fork_backward
from .optim import adam, adam_amsgrad, sgd, sgd_momentum
from .optim_adaptive import adadelta, adagrad, adamax, lion, nadam, radam, rmsprop
from .pixel_shuffle import pixel_shuffle, pixel_unshuffle
from .pool import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward
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
from .runtime import devices
from .scan import cumsum, prod_backward
from .shape import permute, reshape
from .slice import cat, place, replace, slice
from .softmax import log_softmax, log_softmax_backward, softmax, softmax_backward
from .sort import sort
from .take import assign, take, take_backward, wrap_index
from .unfold import unfold, unfold_backward
from .unpool import max_pool_backward, max_unpool, max_unpool_backward

FUSIONS = [*norm_rules.FOLDS, *mma_rules.FUSIONS, *norm_rules.FUSIONS]
VARIANTS = mma_rules.VARIANTS
# How many of the last outputs may lie where as many of the last inputs do; -1: all.
UPDATES = {"adadelta": -1, "adagrad": -1, "adam": -1, "adam_amsgrad": -1, "adamax": -1, "average": -1,
           "batch_norm_statistics": 2, "clip_by_norm": -1, "clip_by_value": -1, "dropout": 1,
           "increment": 1, "instance_norm_running": 2, "lion": -1, "nadam": -1, "radam": -1, "random_integers": 1,
           "random_normal": 1, "random_uniform": 1, "rmsprop": -1, "sgd": -1, "sgd_momentum": -1}
# Ops whose output is the memory of their input, as it lies.
VIEWS = frozenset()
# Ops that compute with bfloat16 as it lies: all of the contract.
BFLOAT16 = frozenset({*ELEMENTWISE, *[name for name in dir(Kernels) if not name.startswith("_")]})
# Ops on parameters alone, whose results are kept while the parameters do not change.
PREPARES = frozenset({"batch_norm_rstd", "conv2d_fold_bias", "conv2d_fold_weight", "conv_filters"})
RAISES = frozenset(name for name, found in list(globals().items()) if getattr(found, "raises", None))


def __getattr__(name):
    """Find the kernels of elementwise functions: there is one for each that the contract has."""
    return getattr(functions, name)
