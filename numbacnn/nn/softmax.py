"""Layers of softmax."""
from numbacnn import ops
from numbacnn.autograd import Tensor
from numbacnn.errors import ShapeError
from numbacnn.nn.activation import Activation, applied


class Softmax(Activation):
    """Turn numbers into probabilities along an axis.

    Parameters
    ----------
    dim : int
        The axis.
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    forward = applied(ops.softmax, "dim")


class LogSoftmax(Activation):
    """Return the logarithms of softmax, which are exact where probabilities are tiny, too.

    Parameters
    ----------
    dim : int
        The axis.
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    forward = applied(ops.log_softmax, "dim")


class Softmin(Activation):
    """Turn numbers into probabilities along an axis, the smallest into the largest.

    Parameters
    ----------
    dim : int
        The axis.
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    forward = applied(ops.softmin, "dim")


class Softmax2d(Activation):
    """Turn the channels of each pixel into probabilities."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply to images (N, C, H, W) or (C, H, W)."""
        if x.ndim not in (3, 4):
            raise ShapeError(f"Softmax2d: x must be (N, C, H, W) or (C, H, W), got x{x.shape}")
        return ops.softmax(x, -3)
