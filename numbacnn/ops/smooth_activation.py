"""Activations without corners: with exponentials."""
from numbacnn.autograd import Tensor
from numbacnn.ops.check import floating
from numbacnn.ops.elementwise import subtract
from numbacnn.ops.mapped import mapped, real
from numbacnn.options import choice, number

APPROXIMATIONS = "none", "tanh"                          # of GELU


def sigmoid(x: Tensor) -> Tensor:
    """Squash to (0, 1): 1 / (1 + exp(-x)). Keeps its output."""
    return mapped("sigmoid", x)


def logsigmoid(x: Tensor) -> Tensor:
    """Return log(sigmoid(x)), without overflow. Keeps x."""
    floating("logsigmoid", x=x)
    return mapped("log_sigmoid", x)


def tanh(x: Tensor) -> Tensor:
    """Squash to (-1, 1): the hyperbolic tangent. Keeps its output."""
    return mapped("tanh", real("tanh", x))


def tanhshrink(x: Tensor) -> Tensor:
    """Return x - tanh(x)."""
    floating("tanhshrink", x=x)
    return subtract(x, tanh(x))


def silu(x: Tensor, inplace: bool = False) -> Tensor:
    """Weigh numbers by their sigmoid: x * sigmoid(x), also called swish. Keeps x.

    Parameters are those of `relu`.

    References
    ----------
    S. Elfwing, E. Uchibe and K. Doya, Sigmoid-weighted linear units (Neural Networks 107, 2018).
    """
    return mapped("silu", x, inplace)


def mish(x: Tensor, inplace: bool = False) -> Tensor:
    """Return x * tanh(softplus(x)). Keeps x.

    Parameters are those of `relu`.

    References
    ----------
    D. Misra, Mish: a self regularized non-monotonic activation function (BMVC 2020).
    """
    return mapped("mish", x, inplace)


def gelu(x: Tensor, approximate: str = "none") -> Tensor:
    """Weigh numbers by the probability that a normally distributed one is less. Keeps x.

    Parameters
    ----------
    x : Tensor
        Any shape.
    approximate : "none" or "tanh"
        x * (1 + erf(x / sqrt(2))) / 2, or x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2.

    References
    ----------
    D. Hendrycks and K. Gimpel, Gaussian error linear units (2016).
    """
    known = choice("gelu", "approximate", approximate, *APPROXIMATIONS)
    return mapped("gelu" if known == "none" else "gelu_tanh", x)


def elu(x: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Bend negative numbers: x where x > 0, else alpha * (exp(x) - 1). Keeps x.

    Parameters
    ----------
    x : Tensor
        Any shape, float32, float64 or bfloat16.
    alpha : float
        Minus the limit below.
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.

    References
    ----------
    D. Clevert, T. Unterthiner and S. Hochreiter, Exponential linear units (ICLR 2016), equation 15.
    """
    return mapped("elu", x, inplace, alpha=alpha)


def selu(x: Tensor, inplace: bool = False) -> Tensor:
    """Bend and scale so that mean 0 and variance 1 are stable: scale * elu(x, alpha). Keeps x.

    Parameters are those of `relu`.

    References
    ----------
    G. Klambauer et al., Self-normalizing neural networks (NeurIPS 2017), equation 2.
    """
    return mapped("selu", x, inplace)


def celu(x: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Bend negative numbers smoothly: x where x > 0, else alpha * (exp(x / alpha) - 1). Keeps x.

    Parameters
    ----------
    x : Tensor
        Any shape, float32, float64 or bfloat16.
    alpha : float
        Minus the limit below; not 0.
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.

    References
    ----------
    J. Barron, Continuously differentiable exponential linear units (2017).
    """
    return mapped("celu", x, inplace, alpha=number("celu", "alpha", alpha, nonzero=True, infinite=True))


def softplus(x: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """Smooth max(x, 0): log(1 + exp(beta * x)) / beta; x where beta * x > threshold. Keeps x.

    Parameters
    ----------
    x : Tensor
        Any shape, float32, float64 or bfloat16.
    beta : float
        How sharp the bend is; not 0.
    threshold : float
        Where beta * x is more, x comes out.
    """
    beta = number("softplus", "beta", beta, nonzero=True, infinite=True)
    return mapped("softplus", x, beta=beta, threshold=threshold)


def softsign(x: Tensor) -> Tensor:
    """Squash to (-1, 1): x / (1 + |x|). Keeps x."""
    return mapped("softsign", x)
