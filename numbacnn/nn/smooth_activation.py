"""Activation layers without corners: with exponentials."""
from numbacnn import ops
from numbacnn.nn.activation import Activation, InPlace, applied
from numbacnn.ops.smooth_activation import APPROXIMATIONS
from numbacnn.options import choice, number, whole


class Sigmoid(Activation):
    """Squash to (0, 1): 1 / (1 + exp(-x))."""

    forward = applied(ops.sigmoid)


class LogSigmoid(Activation):
    """Return log(sigmoid(x)), without overflow."""

    forward = applied(ops.logsigmoid)


class Tanh(Activation):
    """Squash to (-1, 1): the hyperbolic tangent."""

    forward = applied(ops.tanh)


class Tanhshrink(Activation):
    """Return x - tanh(x)."""

    forward = applied(ops.tanhshrink)


class Softsign(Activation):
    """Squash to (-1, 1): x / (1 + |x|)."""

    forward = applied(ops.softsign)


class Softplus(Activation):
    """Smooth max(x, 0): log(1 + exp(beta * x)) / beta.

    Parameters
    ----------
    beta : float
        How sharp the bend is.
    threshold : float
        Where beta * x is more, x comes out.
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta = number("Softplus", "beta", beta, nonzero=True, infinite=True)
        self.threshold = number("Softplus", "threshold", threshold, infinite=True)

    forward = applied(ops.softplus, "beta", "threshold")


class ELU(InPlace):
    """Bend negative numbers: x where x > 0, else alpha * (exp(x) - 1).

    Parameters
    ----------
    alpha : float
        Minus the limit below.
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = number("ELU", "alpha", alpha, infinite=True)

    forward = applied(ops.elu, "alpha")


class SELU(InPlace):
    """Bend and scale so that mean 0 and variance 1 are stable. Parameters are those of `ReLU`."""

    forward = applied(ops.selu)


class CELU(InPlace):
    """Bend negative numbers smoothly: x where x > 0, else alpha * (exp(x / alpha) - 1).

    Parameters
    ----------
    alpha : float
        Minus the limit below; not 0.
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = number("CELU", "alpha", alpha, nonzero=True, infinite=True)

    forward = applied(ops.celu, "alpha")


class SiLU(InPlace):
    """Weigh numbers by their sigmoid: x * sigmoid(x), also called swish. Parameters are those of `ReLU`."""

    forward = applied(ops.silu)


class Mish(InPlace):
    """Return x * tanh(softplus(x)). Parameters are those of `ReLU`."""

    forward = applied(ops.mish)


class GELU(Activation):
    """Weigh numbers by the probability that a normally distributed one is less.

    Parameters
    ----------
    approximate : "none" or "tanh"
        Whether to take an approximation with tanh.
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = choice("GELU", "approximate", approximate, *APPROXIMATIONS)

    forward = applied(ops.gelu, "approximate")


class GLU(Activation):
    """Weigh one half of the numbers along an axis by the sigmoid of the other half.

    Parameters
    ----------
    dim : int
        The axis, of even size.
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = whole("GLU", "dim", dim)

    forward = applied(ops.glu, "dim")
