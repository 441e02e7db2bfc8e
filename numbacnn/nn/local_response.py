"""Local response normalisation."""
from numbacnn import ops
from numbacnn.autograd import Tensor
from numbacnn.nn.module import Module
from numbacnn.options import number, whole


class LocalResponseNorm(Module):
    """Divide each number by what its neighbours among the channels amount to.

    Parameters
    ----------
    size : int
        How many channels a window has.
    alpha, beta, k : float
        Of x / (k + alpha / size * sum of x^2 in the window) ^ beta.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        op = "LocalResponseNorm"
        self.size, self.alpha = whole(op, "size", size, 1), number(op, "alpha", alpha)
        self.beta, self.k = number(op, "beta", beta), number(op, "k", k)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x (N, C, ...)."""
        return ops.local_response_norm(x, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
