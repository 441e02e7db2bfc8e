"""Activation layers without corners: with exponentials."""
from numbacnn import ops
from numbacnn.autograd import Tensor
from numbacnn.nn.activation import Activation


class Sigmoid(Activation):
    """Squash to (0, 1): 1 / (1 + exp(-x))."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.sigmoid(x)


class LogSigmoid(Activation):
    """Return log(sigmoid(x)), without overflow."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.logsigmoid(x)


class Tanh(Activation):
    """Squash to (-1, 1): the hyperbolic tangent."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.tanh(x)


class Tanhshrink(Activation):
    """Return x - tanh(x)."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.tanhshrink(x)


class Softsign(Activation):
    """Squash to (-1, 1): x / (1 + |x|)."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.softsign(x)


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
        self.beta = beta
        self.threshold = threshold

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.softplus(x, self.beta, self.threshold)


class ELU(Activation):
    """Bend negative numbers: x where x > 0, else alpha * (exp(x) - 1).

    Parameters
    ----------
    alpha : float
        Minus the limit below.
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.elu(x, self.alpha)


class SELU(Activation):
    """Bend and scale so that mean 0 and variance 1 are stable.

    Parameters
    ----------
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.selu(x)


class CELU(Activation):
    """Bend negative numbers smoothly: x where x > 0, else alpha * (exp(x / alpha) - 1).

    Parameters
    ----------
    alpha : float
        Minus the limit below; not 0.
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.celu(x, self.alpha)


class SiLU(Activation):
    """Weigh numbers by their sigmoid: x * sigmoid(x), also called swish.

    Parameters
    ----------
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.silu(x)


class Mish(Activation):
    """Return x * tanh(softplus(x)).

    Parameters
    ----------
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.
    """

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.mish(x)


class GELU(Activation):
    """Weigh numbers by the probability that a normally distributed one is less.

    Parameters
    ----------
    approximate : "none" or "tanh"
        Whether to take an approximation with tanh.
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def forward(self, x: Tensor) -> Tensor:
        """Apply to any shape."""
        return ops.gelu(x, self.approximate)


class GLU(Activation):
    """Weigh one half of the numbers along an axis by the sigmoid of the other half.

    Parameters
    ----------
    dim : int
        The axis, of even size.
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        """Apply along the axis."""
        return ops.glu(x, self.dim)
