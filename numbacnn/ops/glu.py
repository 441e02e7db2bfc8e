"""Gated linear units."""
from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.errors import ShapeError
from numbacnn.ops.check import floating
from numbacnn.ops.elementwise import multiply
from numbacnn.ops.slice import sliced
from numbacnn.ops.smooth_activation import sigmoid


def glu(x: Tensor, dim: int = -1) -> Tensor:
    """Weigh the first half of the numbers along an axis by the sigmoid of the second half.

    Parameters
    ----------
    x : Tensor
        Any shape whose axis `dim` has an even size.
    dim : int
        The axis.

    References
    ----------
    Y. Dauphin et al., Language modeling with gated convolutional networks (ICML 2017).
    """
    floating("glu", x=x)
    axis = geometry.axis("glu", x.ndim, dim)
    if x.ndim == 0 or x.shape[axis] % 2:
        raise ShapeError(f"glu: the axis must have an even size, got x{x.shape}, dim={dim}")
    half = x.shape[axis] // 2
    sizes = (*x.shape[:axis], half, *x.shape[axis + 1:])
    first, second = [tuple([at if a == axis else 0 for a in range(x.ndim)]) for at in (0, half)]
    return multiply(sliced(x, first, sizes), sigmoid(sliced(x, second, sizes)))
