"""Local response normalisation."""
from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.graph import Array, record
from numbacnn.ops.check import floating
from numbacnn.ops.shape import reshape
from numbacnn.options import number


def local_response_norm(x: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Divide each number by what its neighbours among the channels amount to.

    Parameters
    ----------
    x : Tensor, shape (N, C, ...)
        Values, float32, float64 or bfloat16.
    size : int
        How many channels a window has: from c - size // 2 to c + (size - 1) // 2.
    alpha, beta, k : float
        Of the formula.

    Returns
    -------
    Tensor, shape of x
        x / (k + alpha / size * sum of x^2 in the window) ^ beta; keeps x.

    References
    ----------
    A. Krizhevsky, I. Sutskever and G. Hinton, ImageNet classification with deep convolutional neural networks (NeurIPS
    2012), section 3.3; alpha is divided by size, as in PyTorch.
    """
    op = "local_response_norm"
    floating(op, x=x)
    seen, before, after = geometry.local_response_norm(x.shape, size)
    alpha, beta, k = number(op, "alpha", alpha), number(op, "beta", beta), number(op, "k", k)
    if x.shape != seen:
        return reshape(local_response_norm(reshape(x, seen), size, alpha, beta, k), x.shape)
    x_data, spec, numbers = x.array, ((seen, x.array.dtype),), (before, after, alpha / size, beta, k)
    y, = record(op, (x_data,), spec, numbers)

    def backward(dy: Array) -> Gradients:
        return record("local_response_norm_backward", (dy, x_data), spec, numbers)

    return differentiable(y, (x,), backward)
