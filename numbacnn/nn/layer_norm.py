"""Layer and RMS normalisation layers."""
from typing import Any

from numbacnn import geometry, ops
from numbacnn.autograd import Tensor
from numbacnn.nn.weighted import Scaled
from numbacnn.options import flag, number


class LayerNorm(Scaled):
    """Normalise the last axes of x together.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        The sizes of these axes.
    eps : float >= 0
        Added to the variance.
    elementwise_affine : bool
        Whether each number of these axes has a learned scale and, with `bias`, a learned shift.
    bias : bool
        Whether there is a shift.
    device, dtype : optional
        Of the parameters.
    """

    def __init__(self, normalized_shape: Any, eps: float = 1e-5, elementwise_affine: bool = True, bias: bool = True,
                 device: Any = None, dtype: Any = None) -> None:
        self.normalized_shape = geometry.sizes("LayerNorm", normalized_shape)
        self.eps = number("LayerNorm", "eps", eps, 0.0)
        self.elementwise_affine = flag("LayerNorm", "elementwise_affine", elementwise_affine)
        self._make_both(self.normalized_shape, elementwise_affine, bias, device, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x (..., *normalized_shape)."""
        return ops.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class RMSNorm(Scaled):
    """Divide the last axes of x by the root of the mean of their squares.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        The sizes of these axes.
    eps : float >= 0, optional
        Added to the mean of squares; by default the distance of 1 to the next number of x's dtype.
    elementwise_affine : bool
        Whether each number of these axes has a learned scale.
    device, dtype : optional
        Of the parameters.
    """

    def __init__(self, normalized_shape: Any, eps: float | None = None, elementwise_affine: bool = True,
                 device: Any = None, dtype: Any = None) -> None:
        self.normalized_shape = geometry.sizes("RMSNorm", normalized_shape)
        self.eps = None if eps is None else number("RMSNorm", "eps", eps, 0.0)
        self.elementwise_affine = flag("RMSNorm", "elementwise_affine", elementwise_affine)
        self._make(self.normalized_shape, elementwise_affine, device, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x (..., *normalized_shape)."""
        return ops.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
