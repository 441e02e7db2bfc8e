"""Group and instance normalisation layers."""
from typing import Any, ClassVar

from numbacnn import geometry, ops
from numbacnn.autograd import Tensor
from numbacnn.errors import ShapeError
from numbacnn.nn.norm import ChannelNorm
from numbacnn.nn.weighted import Scaled
from numbacnn.ops import reshape
from numbacnn.options import flag, number, whole


class GroupNorm(Scaled):
    """Normalise groups of channels of each image (N, C, ...).

    Parameters
    ----------
    num_groups, num_channels : int
        How many groups and channels there are; the first divides the second.
    eps : float >= 0
        Added to the variance.
    affine : bool
        Whether each channel has a learned scale and, with `bias`, a learned shift.
    device, dtype : optional
        Of the parameters.
    bias : bool
        Whether there is a shift.
    """

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, device: Any = None,
                 dtype: Any = None, *, bias: bool = True) -> None:
        for name, value in (("num_groups", num_groups), ("num_channels", num_channels)):
            whole("GroupNorm", name, value, 1)
        if num_channels % num_groups:
            raise ShapeError(f"GroupNorm: num_groups={num_groups} must divide num_channels={num_channels}")
        self.num_groups, self.num_channels = num_groups, num_channels
        self.eps, self.affine = number("GroupNorm", "eps", eps, 0.0), flag("GroupNorm", "affine", affine)
        self._make_both(num_channels, affine, bias, device, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x (N, num_channels, ...)."""
        return ops.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"


class _InstanceNorm(ChannelNorm):
    """Instance normalisation of a number of axes."""

    axes: ClassVar[int]

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = False,
                 track_running_stats: bool = False, device: Any = None, dtype: Any = None, *, bias: bool = True
                 ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x."""
        alone = self.axes + 2 - x.ndim
        if alone not in (0, 1):
            raise geometry.wrong_rank(type(self).__name__, "x", x.shape, geometry.batch_or_one(self.axes))
        images = reshape(x, (1, *x.shape)) if alone else x
        if self.affine and images.shape[1] != self.num_features:
            raise ShapeError(f"{type(self).__name__}: x must have num_features={self.num_features} channels, got "
                             f"{images.shape[1]} in x{x.shape}")
        own_statistics = self.training or not self.track_running_stats
        y = ops.instance_norm(images, self.running_mean, self.running_var, self.weight, self.bias, own_statistics,
                              0.0 if self.momentum is None else self.momentum, self.eps)
        return reshape(y, x.shape) if alone else y


class InstanceNorm1d(_InstanceNorm):
    """Normalise each channel of each signal (N, C, L) or (C, L). Parameters are those of `InstanceNorm2d`."""

    axes = 1


class InstanceNorm2d(_InstanceNorm):
    """Normalise each channel of each image (N, C, H, W) or (C, H, W).

    Parameters
    ----------
    num_features : int
        Number of channels.
    eps : float >= 0
        Added to the variance.
    momentum : float in [0, 1], or None
        Running statistics become (1 - momentum) * old + momentum * current; None is 0.
    affine : bool
        Whether each channel has a learned scale and, with `bias`, a learned shift.
    track_running_stats : bool
        Whether running statistics are kept, and used in evaluation.
    device, dtype : optional
        Of the parameters; float32 by default.
    bias : bool
        Whether there is a shift.
    """

    axes = 2


class InstanceNorm3d(_InstanceNorm):
    """Normalise each channel of each volume (N, C, D, H, W) or (C, D, H, W).

    Parameters are those of `InstanceNorm2d`.
    """

    axes = 3
