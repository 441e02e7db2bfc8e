"""Convolutional networks, trained and run, in which every kernel is Python that Numba compiles.

Tensors, operations and gradients are here; layers in `numbacnn.nn`, optimisers in `numbacnn.optim`, data in
`numbacnn.data`, `numbacnn.transforms` and `numbacnn.datasets`, scores in `numbacnn.metrics`.
"""
import logging as _logging

import numpy as _np

from numbacnn import cuda, data, datasets, errors, metrics, models, nn, ops, optim, testing, transforms
from numbacnn.autograd import Tensor
from numbacnn.backend import Device, default_device, device, set_default_device
from numbacnn.capture import capture
from numbacnn.conversion import as_tensor, from_dlpack, from_numpy, tensor
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
    amax,
    amin,
    argsort,
    bmm,
    broadcast_to,
    cat,
    chunk,
    clone,
    cumsum,
    diagonal,
    einsum,
    flip,
    gather,
    hstack,
    index_add,
    index_select,
    logsumexp,
    masked_select,
    matmul,
    meshgrid,
    movedim,
    narrow,
    nonzero,
    repeat_interleave,
    roll,
    scatter,
    scatter_add,
    select,
    sort,
    split,
    stack,
    swapaxes,
    take_along_dim,
    tensor_split,
    tile,
    topk,
    tril,
    triu,
    unbind,
    unflatten,
    vstack,
)
from numbacnn.random import Generator, manual_seed
from numbacnn.sampling import bernoulli, normal, rand, rand_like, randint, randn, randn_like, randperm
from numbacnn.serialize import load, save

__version__ = "0.1.0.dev0"

__all__ = [
    "Device", "Generator", "Tensor", "amax", "amin", "arange", "argsort", "as_tensor", "bernoulli", "bmm",
    "broadcast_to", "capture", "cat", "chunk", "clone", "concat", "concatenate", "cuda", "cumsum", "data", "datasets",
    "default_device", "device", "diagonal", "einsum", "empty", "empty_like", "enable_grad", "errors", "evaluate",
    "explain", "eye", "flip", "float32", "float64", "from_dlpack", "from_numpy", "full", "full_like", "gather",
    "get_precision", "grad", "hstack", "index_add", "index_select", "inference_mode", "int32", "int64",
    "is_grad_enabled", "linspace", "load", "logsumexp", "manual_seed", "masked_select", "matmul", "meshgrid",
    "metrics", "models", "movedim", "narrow", "nn", "no_grad", "nonzero", "normal", "ones", "ones_like", "ops",
    "optim", "rand", "rand_like", "randint", "randn", "randn_like", "randperm", "repeat_interleave", "roll", "save",
    "scatter", "scatter_add", "select", "set_default_device", "set_grad_enabled", "set_precision", "sort", "split",
    "stack", "swapaxes", "take_along_dim", "tensor", "tensor_split", "testing", "tile", "topk", "transforms", "tril",
    "triu", "uint8", "unbind", "unflatten", "vstack", "zeros", "zeros_like",
]

float32 = _np.dtype("float32")
float64 = _np.dtype("float64")
int64 = _np.dtype("int64")
int32 = _np.dtype("int32")
uint8 = _np.dtype("uint8")

concat = concatenate = cat

_logging.getLogger("numbacnn").addHandler(_logging.NullHandler())
