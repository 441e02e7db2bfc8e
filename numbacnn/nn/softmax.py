"""Layers of softmax."""
from numbacnn import geometry, ops
from numbacnn.autograd import Tensor
from numbacnn.nn.activation import Activation, applied
from numbacnn.ops.check import floating
from numbacnn.options import whole


class Softmax(Activation):
    """Turn numbers into probabilities along an axis.

    Parameters
    ----------
    dim : int
        The axis.
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = whole("Softmax", "dim", dim)

    forward = applied(ops.softmax, "dim")


class LogSoftmax(Activation):
    """Return the logarithms of softmax, which are exact where probabilities are tiny, too.

    Parameters
    ----------
    dim : int
        The axis.
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = whole("LogSoftmax", "dim", dim)

    forward = applied(ops.log_softmax, "dim")


class Softmin(Activation):
    """Turn numbers into probabilities along an axis, the smallest into the largest.

    Parameters
    ----------
    dim : int
        The axis.
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = whole("Softmin", "dim", dim)

    forward = applied(ops.softmin, "dim")


class Softmax2d(Activation):
    """Turn the channels of each pixel into probabilities."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply to images (N, C, H, W) or (C, H, W)."""
        floating("Softmax2d", x=x)
        if x.ndim not in (3, 4):
            raise geometry.wrong_rank("Softmax2d", "x", x.shape, geometry.batch_or_one(2))
        return ops.softmax(x, -3)
