"""Dropout layers."""
from numbacnn import ops
from numbacnn.autograd import Tensor
from numbacnn.nn.module import Module


class Dropout(Module):
    """Set each number to zero with probability p and scale the others by 1 / (1 - p), in training only.

    Parameters
    ----------
    p : float in [0, 1]
        Share of the numbers to drop.
    """

    def __init__(self, p: float = 0.5) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"Dropout: p must be in [0, 1], got {p}")
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Drop numbers of any shape."""
        return ops.dropout(x, self.p, self.training)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"p={self.p}"
