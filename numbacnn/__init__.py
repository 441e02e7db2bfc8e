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
from numbacnn.creation import from_numpy, ones, randn, tensor, zeros
from numbacnn.evaluation import evaluate, get_precision, set_precision
from numbacnn.explain import explain
from numbacnn.grad_mode import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from numbacnn.gradient import grad
from numbacnn.random import manual_seed
from numbacnn.serialize import load, save

__version__ = "0.1.0.dev0"

__all__ = [
    "Device", "Tensor", "capture", "cuda", "data", "datasets", "default_device", "device", "enable_grad", "errors",
    "evaluate", "explain", "float32", "float64", "from_numpy", "get_precision", "grad", "inference_mode", "int32",
    "int64", "is_grad_enabled", "load", "manual_seed", "metrics", "models", "nn", "no_grad", "ones", "ops", "optim",
    "randn", "save", "set_default_device", "set_grad_enabled", "set_precision", "tensor", "testing", "transforms",
    "uint8", "zeros",
]

float32 = _np.dtype("float32")
float64 = _np.dtype("float64")
int64 = _np.dtype("int64")
int32 = _np.dtype("int32")
uint8 = _np.dtype("uint8")

_logging.getLogger("numbacnn").addHandler(_logging.NullHandler())
