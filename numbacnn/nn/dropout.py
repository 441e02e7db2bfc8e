"""Dropout layers."""
from numbacnn import ops
from numbacnn.autograd import Tensor
from numbacnn.nn.module import Module
from numbacnn.ops.check import number


class _Dropout(Module):
    """What all dropout layers have in common."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        self.p, self.inplace = number(type(self).__name__, "p", p, 0.0, 1.0), inplace

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Set each number to zero with probability p and scale the others by 1 / (1 - p), in training only.

    Attributes
    ----------
    p : float in [0, 1]
        Share of the numbers to drop.
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Drop numbers of any shape."""
        return ops.dropout(x, self.p, self.training)


class Dropout1d(_Dropout):
    """Set whole channels of x (N, C, L) or (C, L) to zero. Options are those of `Dropout`."""

    def forward(self, x: Tensor) -> Tensor:
        """Drop channels."""
        return ops.dropout1d(x, self.p, self.training)


class Dropout2d(_Dropout):
    """Set whole channels of x (N, C, H, W) to zero; (N, C, L) is taken, too. Options are those of `Dropout`."""

    def forward(self, x: Tensor) -> Tensor:
        """Drop channels."""
        return ops.dropout2d(x, self.p, self.training)


class Dropout3d(_Dropout):
    """Set whole channels of x (N, C, D, H, W) or (C, D, H, W) to zero. Options are those of `Dropout`."""

    def forward(self, x: Tensor) -> Tensor:
        """Drop channels."""
        return ops.dropout3d(x, self.p, self.training)


class AlphaDropout(_Dropout):
    """Set numbers to what SELU tends to, and keep mean and variance. Options are those of `Dropout`."""

    def forward(self, x: Tensor) -> Tensor:
        """Drop numbers of any shape."""
        return ops.alpha_dropout(x, self.p, self.training)


class FeatureAlphaDropout(_Dropout):
    """Do as `AlphaDropout` with whole channels of x (N, C, ...). Options are those of `Dropout`."""

    def forward(self, x: Tensor) -> Tensor:
        """Drop channels."""
        return ops.feature_alpha_dropout(x, self.p, self.training)
