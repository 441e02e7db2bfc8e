"""Dropout layers."""
from collections.abc import Callable
from typing import ClassVar

from numbacnn import ops
from numbacnn.autograd import Tensor
from numbacnn.nn.module import Module
from numbacnn.options import flag, number


class _Dropout(Module):
    """What all dropout layers have in common: subclasses name the op."""

    _op: ClassVar[Callable[..., Tensor]]

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        op = type(self).__name__
        self.p, self.inplace = number(op, "p", p, 0.0, 1.0), flag(op, "inplace", inplace)

    def forward(self, x: Tensor) -> Tensor:
        """Drop numbers, or channels."""
        return self._op(x, self.p, self.training)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Set each number to zero with probability p and scale the others by 1 / (1 - p), in training only.

    Parameters
    ----------
    p : float in [0, 1]
        Share of the numbers to drop.
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """

    _op = staticmethod(ops.dropout)


class Dropout1d(_Dropout):
    """Set whole channels of x (N, C, L) or (C, L) to zero. Parameters are those of `Dropout`."""

    _op = staticmethod(ops.dropout1d)


class Dropout2d(_Dropout):
    """Set whole channels of x (N, C, H, W) to zero; (N, C, L) is taken, too. Parameters are those of `Dropout`."""

    _op = staticmethod(ops.dropout2d)


class Dropout3d(_Dropout):
    """Set whole channels of x (N, C, D, H, W) or (C, D, H, W) to zero. Parameters are those of `Dropout`."""

    _op = staticmethod(ops.dropout3d)


class AlphaDropout(_Dropout):
    """Set numbers to what SELU tends to, and keep mean and variance. Parameters are those of `Dropout`."""

    _op = staticmethod(ops.alpha_dropout)


class FeatureAlphaDropout(_Dropout):
    """Do as `AlphaDropout` with whole channels of x (N, C, ...). Parameters are those of `Dropout`."""

    _op = staticmethod(ops.feature_alpha_dropout)
