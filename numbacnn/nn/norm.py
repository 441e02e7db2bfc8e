"""Normalisation layers."""
from typing import Any

import numpy as np

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.errors import ShapeError
from numbacnn.graph import record
from numbacnn.nn.module import Buffer, Module, Parameter
from numbacnn.ops import batch_norm


class _BatchNorm(Module):
    """Batch normalisation of any number of axes."""

    axes = 0
    letters = ""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, dtype: Any = np.float32) -> None:
        geometry.positive(type(self).__name__, "num_features", num_features)
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.weight = Parameter(np.ones(num_features, dtype))
        self.bias = Parameter(np.zeros(num_features, dtype))
        self.running_mean = Buffer(np.zeros(num_features, dtype))
        self.running_var = Buffer(np.ones(num_features, dtype))
        self.num_batches_tracked = Buffer(np.zeros((), np.int64))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x."""
        if x.ndim != self.axes:
            raise ShapeError(f"{type(self).__name__}: x must be {self.letters}, got x{x.shape}")
        y = batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, self.training, self.momentum,
                       self.eps)
        if self.training:
            count = self.num_batches_tracked
            count.array, = record("increment", (count.array,), ((count.array.shape, count.array.dtype),))
        return y

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"


class BatchNorm1d(_BatchNorm):
    """Normalise each feature of vectors (N, C) over the batch. Options are those of `BatchNorm2d`."""

    axes, letters = 2, "(N, C)"


class BatchNorm2d(_BatchNorm):
    """Normalise each channel of images (N, C, H, W) over the batch.

    Attributes
    ----------
    num_features : int
        Number of channels.
    eps : float > 0
        Added to the variance.
    momentum : float in [0, 1]
        Running statistics become (1 - momentum) * old + momentum * current.

    Notes
    -----
    In training a channel is normalised by the mean and variance of the batch, in evaluation by the running ones.
    """

    axes, letters = 4, "(N, C, H, W)"
