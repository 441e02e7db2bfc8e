"""The backend for CPUs: kernels in Python, compiled by Numba; `numbacnn.kernels` says what each computes.

This is the table of contents. An op of a plan is a name in it: a kernel, or a function that lowers the op to several.
"""
from .activation import (
    leaky_relu,
    leaky_relu_backward,
    prelu,
    prelu_backward_input,
    prelu_backward_weight,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    softmax,
    softmax_backward,
)
from .conv import conv2d, conv2d_backward_bias, conv2d_backward_input, conv2d_backward_weight
from .conv_blocked import (
    conv2d_backward_input_strided,
    conv2d_backward_input_turned,
    conv2d_backward_weight_parts,
    conv2d_long,
    conv2d_short,
    conv2d_turn,
    conv2d_turn_taps,
)
from .depthwise import (
    conv2d_depthwise,
    conv2d_depthwise_backward_input,
    conv2d_depthwise_backward_weight,
    conv2d_depthwise_pack,
)
from .dropout import dropout
from .elementwise import add, cast, divide, expand, multiply, subtract
from .fused import conv2d_relu_max_pool2d, conv2d_relu_max_pool2d_backward
from .fusions import FUSIONS, VARIANTS
from .linear import linear, linear_backward_bias, linear_backward_input, linear_backward_weight
from .loss import cross_entropy, cross_entropy_backward, cross_entropy_targets
from .memory import address, copy, download, empty, is_view, nbytes, upload
from .norm import (
    batch_norm,
    batch_norm_backward_input,
    batch_norm_backward_weight,
    batch_norm_rstd,
    batch_norm_statistics,
    increment,
)
from .optim import adam, sgd, sgd_momentum
from .pool import (
    adaptive_avg_pool2d,
    adaptive_avg_pool2d_backward,
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
    sum_pool2d,
    sum_pool2d_backward,
)
from .program import Program, launch
from .reduce import argmax, sum
from .shape import permute, reshape
from .threads import devices, info

# How many of the last outputs may lie where as many of the last inputs do; -1: all.
UPDATES = {"adam": -1, "batch_norm_statistics": 2, "dropout": 1, "increment": 1, "sgd": -1, "sgd_momentum": -1}
RAISES = frozenset(name for name, found in list(globals().items()) if getattr(found, "raises", False))
