"""Convolutional networks, trained and run, in which every kernel is Python that Numba compiles.

Tensors, operations and gradients are here; layers in `numbacnn.nn`, optimisers in `numbacnn.optim`, data in
`numbacnn.data`, `numbacnn.transforms` and `numbacnn.datasets`, scores in `numbacnn.metrics`.
"""
import logging as _logging
import math as _math
from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

import numpy as _np

from numbacnn import errors, nn, ops, optim
from numbacnn.autocast import autocast, is_autocast_enabled
from numbacnn.autograd import Tensor
from numbacnn.backend import Device, default_device, device, set_default_device
from numbacnn.capture import capture
from numbacnn.conversion import as_tensor, from_dlpack, from_numpy, is_tensor, tensor
from numbacnn.creation import (
    arange,
    empty,
    empty_like,
    eye,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    zeros,
    zeros_like,
)
from numbacnn.evaluation import evaluate, get_precision, set_precision
from numbacnn.explain import explain
from numbacnn.grad_mode import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from numbacnn.gradient import grad
from numbacnn.ops import (
    absolute,
    add,
    addcdiv,
    addcmul,
    addmm,
    all,
    amax,
    amin,
    any,
    argmax,
    argmin,
    argsort,
    baddbmm,
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    bmm,
    broadcast_to,
    cat,
    ceil,
    chunk,
    clamp,
    clamp_max,
    clamp_min,
    clone,
    cos,
    count_nonzero,
    cumsum,
    diagonal,
    divide,
    dot,
    einsum,
    eq,
    erf,
    exp,
    expm1,
    flatten,
    flip,
    floor,
    floor_divide,
    gather,
    greater,
    greater_equal,
    hstack,
    index_add,
    index_copy,
    index_fill,
    index_select,
    isclose,
    isfinite,
    isinf,
    isnan,
    lerp,
    less,
    less_equal,
    log,
    log1p,
    log2,
    log10,
    log_softmax,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    logsumexp,
    masked_fill,
    masked_select,
    matmul,
    max,
    maximum,
    mean,
    meshgrid,
    min,
    minimum,
    mm,
    movedim,
    multiply,
    mv,
    nan_to_num,
    narrow,
    negative,
    nonzero,
    norm,
    not_equal,
    outer,
    permute,
    power,
    prod,
    reciprocal,
    relu,
    remainder,
    repeat_interleave,
    reshape,
    roll,
    rot90,
    round,
    rsqrt,
    scatter,
    scatter_add,
    select,
    sigmoid,
    sign,
    sin,
    softmax,
    sort,
    split,
    sqrt,
    square,
    squeeze,
    stack,
    std,
    subtract,
    sum,
    swapaxes,
    take_along_dim,
    tanh,
    tensor_split,
    tensordot,
    tile,
    topk,
    transpose,
    tril,
    triu,
    trunc,
    unbind,
    unflatten,
    unique,
    unsqueeze,
    var,
    var_mean,
    vstack,
    where,
)
from numbacnn.ops.aliases import abs, clip, div, ge, gt, le, lt, moveaxis, mul, ne, neg, pow, sub, swapdims
from numbacnn.ops.closeness import allclose, equal
from numbacnn.ops.methods import is_floating_point
from numbacnn.random import Generator, get_rng_state, manual_seed, set_rng_state
from numbacnn.sampling import bernoulli, normal, rand, rand_like, randint, randn, randn_like, randperm
from numbacnn.serialize import load, save

__version__ = "0.1.0.dev0"

__all__ = [
    "Device", "Generator", "Tensor", "abs", "absolute", "add", "addcdiv", "addcmul", "addmm", "all", "allclose", "amax",
    "amin", "any", "arange", "argmax", "argmin", "argsort", "as_tensor", "autocast", "baddbmm", "bernoulli", "bfloat16",
    "bitwise_and", "bitwise_or", "bitwise_xor", "bmm", "broadcast_to", "capture", "cat", "ceil", "chunk", "clamp",
    "clamp_max", "clamp_min", "clip", "clone", "concat", "concatenate", "cos", "count_nonzero", "cuda", "cumsum",
    "data", "datasets", "default_device", "device", "diagonal", "div", "divide", "dot", "double", "e", "einsum",
    "empty", "empty_like", "enable_grad", "eq", "equal", "erf", "errors", "evaluate", "exp", "explain", "expm1", "eye",
    "flatten", "flip", "float32", "float64", "floor", "floor_divide", "from_dlpack", "from_numpy", "full", "full_like",
    "gather", "ge", "get_precision", "get_rng_state", "grad", "greater", "greater_equal", "gt", "hstack", "index_add",
    "index_copy", "index_fill", "index_select", "inf", "inference_mode", "int32", "int64", "is_autocast_enabled",
    "is_floating_point", "is_grad_enabled", "is_tensor", "isclose", "isfinite", "isinf", "isnan", "le", "lerp", "less",
    "less_equal", "linspace", "load", "log", "log10", "log1p", "log2", "log_softmax", "logical_and", "logical_not",
    "logical_or", "logical_xor", "logsumexp", "long", "lt", "manual_seed", "masked_fill", "masked_select", "matmul",
    "max", "maximum", "mean", "meshgrid", "metrics", "min", "minimum", "mm", "models", "moveaxis", "movedim", "mul",
    "multiply", "mv", "nan", "nan_to_num", "narrow", "ne", "neg", "negative", "nn", "no_grad", "nonzero", "norm",
    "normal", "not_equal", "ones", "ones_like", "ops", "optim", "outer", "permute", "pi", "pow", "power", "prod",
    "rand", "rand_like", "randint", "randn", "randn_like", "randperm", "reciprocal", "relu", "remainder",
    "repeat_interleave", "reshape", "roll", "rot90", "round", "rsqrt", "save", "scatter", "scatter_add", "select",
    "set_default_device", "set_grad_enabled", "set_precision", "set_rng_state", "sigmoid", "sign", "sin", "softmax",
    "sort", "split", "sqrt", "square", "squeeze", "stack", "std", "sub", "subtract", "sum", "swapaxes", "swapdims",
    "take_along_dim", "tanh", "tensor", "tensor_split", "tensordot", "testing", "tile", "topk", "transforms",
    "transpose", "tril", "triu", "trunc", "uint8", "unbind", "unflatten", "unique", "unsqueeze", "var", "var_mean",
    "vstack", "where", "zeros", "zeros_like",
]

dtype, inf, nan, pi, e = _np.dtype, _math.inf, _math.nan, _math.pi, _math.e
float32 = float = _np.dtype("float32")                   # not in __all__: float, int, bool (Python's), dtype (NumPy's)
float64 = double = _np.dtype("float64")
bfloat16 = _np.dtype("bfloat16")
int64 = long = _np.dtype("int64")
int32 = int = _np.dtype("int32")
uint8, bool = _np.dtype("uint8"), _np.dtype("bool")

concat = concatenate = cat

_logging.getLogger("numbacnn").addHandler(_logging.NullHandler())

if _TYPE_CHECKING:
    from numbacnn import cuda, data, datasets, metrics, models, testing, transforms

_LATER = ("cuda", "data", "datasets", "metrics", "models", "testing", "transforms")    # imported when they are named:
                                                         # a program that only computes starts without them


def __getattr__(name: str) -> _Any:
    if name in _LATER:
        return _import_module(f"numbacnn.{name}")
    raise AttributeError(f"module 'numbacnn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
