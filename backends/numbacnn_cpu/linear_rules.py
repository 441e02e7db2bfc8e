"""Dense layers behind images: the weight is turned to how images lie, once, instead of each image to rows."""
import math

from numbacnn.fusion import Fusion
from numbacnn.kernels import Spec


def turned(p, weight):
    """Return what is known of the output of `linear_turn`."""
    return Spec((weight.shape[0], *p.shape[1:]), weight.dtype)


def are_images(p):
    """Whether an array has images, all of whose numbers are a row (the other axes are in `turned`)."""
    return len(p.shape) == 4 and p.shape[1] > 1 and p.shape[2] * p.shape[3] > 1


def is_flattened(p, f):
    """Whether rows are images."""
    return are_images(p) and f.shape == (p.shape[0], math.prod(p.shape[1:]))


FUSIONS = [
    Fusion(
        """
        f = reshape(p)
        dweight = linear_backward_weight(f, dy)
        """,
        """
        f = reshape(p)
        dweight = linear_backward_weight(p, dy)
        """,
        when=is_flattened,
    ),
    Fusion(
        """
        f = reshape(p)
        y = linear(f, weight, bias)
        """,
        """
        turned = linear_turn(weight)
        y = linear(p, turned, bias)
        """,
        when=is_flattened, temporaries={"turned": turned},
    ),
    Fusion(
        """
        turned = linear_turn(weight)
        y = linear(p, turned, bias)
        df = linear_backward_input(dy, weight)
        dp = reshape(df)
        """,
        """
        turned = linear_turn(weight)
        y = linear(p, turned, bias)
        dp = linear_backward_input(dy, turned)
        """,
        when=lambda p, dp: dp.shape == p.shape,
    ),
    Fusion(
        """
        c = linear(x, weight, bias)
        y = relu(c)
        """,
        "y = linear_relu(x, weight, bias)",
    ),
]
