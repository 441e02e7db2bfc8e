"""Batch normalisation layers."""
from typing import Any, ClassVar

import numpy as np

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.creation import ones, zeros
from numbacnn.graph import record
from numbacnn.nn import init
from numbacnn.nn.module import Buffer
from numbacnn.nn.weighted import Scaled, made
from numbacnn.ops import batch_norm
from numbacnn.options import flag, number, whole


class ChannelNorm(Scaled):
    """Normalisation with a scale, a shift and running statistics of each channel, as far as they are wanted."""

    def __init__(self, num_features: int, eps: float, momentum: float | None, affine: bool, track_running_stats: bool,
                 device: Any, dtype: Any, bias: bool) -> None:
        op = type(self).__name__
        self.num_features, self.eps = whole(op, "num_features", num_features, 1), number(op, "eps", eps, 0.0)
        self.momentum = None if momentum is None else number(op, "momentum", momentum, 0.0, 1.0)
        self.affine = flag(op, "affine", affine)
        self.track_running_stats = flag(op, "track_running_stats", track_running_stats)
        self._make_both(num_features, affine, bias, device, dtype)
        self.running_mean = Buffer(zeros(num_features, **made(op, dtype, device))) if track_running_stats else None
        self.running_var = Buffer(ones(num_features, **made(op, dtype, device))) if track_running_stats else None
        self.num_batches_tracked = Buffer(zeros((), dtype=np.int64, device=device)) if track_running_stats else None

    def reset_running_stats(self) -> None:
        """Forget what was seen: mean 0, variance 1."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
            self.num_batches_tracked.data = zeros((), dtype=np.int64, device=self.num_batches_tracked.device)

    def reset_parameters(self) -> None:
        """Forget what was seen and learned: scale 1, shift 0."""
        self.reset_running_stats()
        super().reset_parameters()

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return (f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
                f"track_running_stats={self.track_running_stats}")


class _BatchNorm(ChannelNorm):
    """Batch normalisation of some numbers of axes."""

    ranks: ClassVar[tuple[int, ...]]
    letters: ClassVar[str]

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
                 track_running_stats: bool = True, device: Any = None, dtype: Any = None, *, bias: bool = True) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x."""
        if x.ndim not in self.ranks:
            raise geometry.wrong_rank(type(self).__name__, "x", x.shape, self.letters)
        mean, var, count = self.running_mean, self.running_var, self.num_batches_tracked
        if mean is None or var is None or count is None:
            return batch_norm(x, None, None, self.weight, self.bias, True, 0.0, self.eps)
        if not self.training:
            return batch_norm(x, mean, var, self.weight, self.bias, False, 0.0, self.eps)
        if self.momentum is None:
            return self._averaging(x, mean, var, count)
        y = batch_norm(x, mean, var, self.weight, self.bias, True, self.momentum, self.eps)
        _increment(count)
        return y

    def _averaging(self, x: Tensor, mean: Buffer, var: Buffer, count: Buffer) -> Tensor:
        """Normalise x; the running statistics are the means of those of all batches."""
        seen = Buffer(mean.detach()), Buffer(var.detach())
        y = batch_norm(x, seen[0], seen[1], self.weight, self.bias, True, 1.0, self.eps)
        _increment(count)
        for average, current in zip((mean, var), seen, strict=True):
            average.array, = record("cumulative_average", (average.array, current.array, count.array),
                                    ((average.array.shape, average.array.dtype),))
        return y


def _increment(count: Buffer) -> None:
    count.array, = record("increment", (count.array,), ((count.array.shape, count.array.dtype),))


class BatchNorm1d(_BatchNorm):
    """Normalise each channel of (N, C) or (N, C, L) over the batch. Parameters are those of `BatchNorm2d`."""

    ranks, letters = (2, 3), "(N, C) or " + geometry.batch(1)


class BatchNorm2d(_BatchNorm):
    """Normalise each channel of images (N, C, H, W) over the batch.

    Parameters
    ----------
    num_features : int
        Number of channels.
    eps : float >= 0
        Added to the variance.
    momentum : float in [0, 1], or None
        Running statistics become (1 - momentum) * old + momentum * current; None: the mean of all batches.
    affine : bool
        Whether each channel has a learned scale and, with `bias`, a learned shift.
    track_running_stats : bool
        Whether running statistics are kept; if not, the batch is normalised by its own in evaluation, too.
    device, dtype : optional
        Of the parameters; float32 by default.
    bias : bool
        Whether there is a shift.

    Notes
    -----
    In training a channel is normalised by the mean and variance of the batch, in evaluation by the running ones.
    """

    ranks, letters = (4,), geometry.batch(2)


class BatchNorm3d(_BatchNorm):
    """Normalise each channel of volumes (N, C, D, H, W) over the batch. Parameters are those of `BatchNorm2d`."""

    ranks, letters = (5,), geometry.batch(3)
