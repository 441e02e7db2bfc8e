"""The contract: what every backend computes, one signature and docstring per kernel.

A kernel takes arrays to read, arrays to write, then numbers, always in this order, and returns nothing. Shapes are
those of the user (N, C, H, W); how an array lies in memory is the backend's own business. Outputs arrive
uninitialised and never overlap an input, except where the backend's `UPDATES` says so. Shapes, dtypes and numbers have
been checked (`geometry/`): a kernel checks values only, as `cross_entropy_targets` does. Numbers that change from
step to step (a learning rate) are arrays, so that a plan is found again.

Letters: N images, C channels, H W height and width, O output channels, OH OW height and width of an output,
KH KW of a window, G groups. All floating point arrays of a call have one dtype, float32 or float64.
Numbers: (sh, sw) stride, (ph, pw) padding above and to the left, (dh, dw) dilation, (kh, kw) window.
NaN spreads as in PyTorch: a kernel must not assume there is none.
"""
from typing import Protocol

from numbacnn.kernels.activation import ActivationKernels
from numbacnn.kernels.clip import ClipKernels
from numbacnn.kernels.conv import ConvKernels
from numbacnn.kernels.dropout import DropoutKernels
from numbacnn.kernels.elementwise import ElementwiseKernels
from numbacnn.kernels.group_norm import GroupNormKernels
from numbacnn.kernels.layer_norm import LayerNormKernels
from numbacnn.kernels.limits import LimitKernels
from numbacnn.kernels.linear import LinearKernels
from numbacnn.kernels.local_response import LocalResponseKernels
from numbacnn.kernels.loss import LossKernels
from numbacnn.kernels.matmul import MatmulKernels
from numbacnn.kernels.norm import NormKernels
from numbacnn.kernels.optim import OptimKernels
from numbacnn.kernels.pixel_shuffle import PixelShuffleKernels
from numbacnn.kernels.pool import PoolKernels
from numbacnn.kernels.random import RandomKernels
from numbacnn.kernels.reduce import ReduceKernels
from numbacnn.kernels.shape import ShapeKernels
from numbacnn.kernels.slice import SliceKernels
from numbacnn.kernels.sort import SortKernels
from numbacnn.kernels.spec import Array, Place, Spec
from numbacnn.kernels.take import TakeKernels
from numbacnn.kernels.upsampling import UpsamplingKernels

__all__ = ["Array", "Kernels", "Place", "Spec"]


class Kernels(ConvKernels, PoolKernels, ActivationKernels, NormKernels, DropoutKernels, LinearKernels, LossKernels,
              ElementwiseKernels, MatmulKernels, RandomKernels, ReduceKernels, ShapeKernels, SliceKernels,
              TakeKernels, OptimKernels, ClipKernels, SortKernels, PixelShuffleKernels, UpsamplingKernels,
              LayerNormKernels, GroupNormKernels, LocalResponseKernels, LimitKernels, Protocol):
    """Every kernel a backend must have."""
