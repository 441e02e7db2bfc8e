"""Dense layers, and what leads to them."""
from typing import Any

from numbacnn.autograd import Tensor
from numbacnn.nn.module import Module
from numbacnn.nn.weighted import Weighted
from numbacnn.ops import bilinear, flatten, linear, unflatten
from numbacnn.options import whole


class Linear(Weighted):
    """Multiply vectors by a learned matrix and add a learned bias.

    Parameters
    ----------
    in_features, out_features : int
        Length of the vectors before and after.
    bias : bool
        Whether there is a bias.
    device, dtype : optional
        Of the parameters; float32 by default.

    Notes
    -----
    (..., in_features) becomes (..., out_features). ``weight`` is (out_features, in_features). First values are drawn
    evenly from +-1 / sqrt(in_features), as in PyTorch.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True, device: Any = None,
                 dtype: Any = None) -> None:
        whole("Linear", "in_features", in_features, 1)
        whole("Linear", "out_features", out_features, 1)
        self.in_features, self.out_features = in_features, out_features
        self._make((out_features, in_features), out_features, bias, device, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Compute the outputs of vectors (..., in_features)."""
        return linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Weighted):
    """Multiply pairs of vectors with learned matrices, one for each output, and add a learned bias.

    Parameters
    ----------
    in1_features, in2_features, out_features : int
        Length of the vectors before and after.
    bias : bool
        Whether there is a bias.
    device, dtype : optional
        Of the parameters; float32 by default.

    Notes
    -----
    (..., in1_features) and (..., in2_features) become (..., out_features). ``weight`` is (out_features, in1_features,
    in2_features). First values are drawn evenly from +-1 / sqrt(in1_features), as in PyTorch.
    """

    def __init__(self, in1_features: int, in2_features: int, out_features: int, bias: bool = True, device: Any = None,
                 dtype: Any = None) -> None:
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        for name in ("in1_features", "in2_features", "out_features"):
            whole("Bilinear", name, getattr(self, name), 1)
        self._make((out_features, in1_features, in2_features), out_features, bias, device, dtype)

    def _inputs(self) -> int:
        return self.in1_features

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """Compute the outputs of pairs of vectors."""
        return bilinear(x1, x2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return (f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
                f"out_features={self.out_features}, bias={self.bias is not None}")


class Flatten(Module):
    """Join axes into one: (N, C, H, W) becomes (N, C * H * W).

    Parameters
    ----------
    start_dim, end_dim : int
        First and last axis to join.
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = whole("Flatten", "start_dim", start_dim), whole("Flatten", "end_dim", end_dim)

    def forward(self, x: Tensor) -> Tensor:
        """Flatten x."""
        return flatten(x, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Make several axes of one: (N, C * H * W) becomes (N, C, H, W).

    Parameters
    ----------
    dim : int
        The axis.
    unflattened_size : tuple of int
        Lengths of the axes that take its place; one may be -1.
    """

    def __init__(self, dim: int, unflattened_size: Any) -> None:
        given = unflattened_size if isinstance(unflattened_size, tuple | list) else (unflattened_size,)
        self.dim = whole("Unflatten", "dim", dim)
        self.unflattened_size = tuple([whole("Unflatten", f"unflattened_size[{i}]", n) for i, n in enumerate(given)])

    def forward(self, x: Tensor) -> Tensor:
        """Arrange x."""
        return unflatten(x, self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
