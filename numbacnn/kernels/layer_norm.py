"""Layer and RMS norm: x (R, D), row by row; or x (R, C, H, W), each image being a row of D = C * H * W numbers."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class LayerNormKernels(Protocol):
    """Layer and RMS norm: weight and bias are (D) or (1, C, H, W); mean and rstd (R) are float64 for any x.

    centered 0 (RMS norm): the mean is taken to be 0.
    """

    def layer_norm(self, x: Array, weight: Array, bias: Array, y: Array, mean: Array, rstd: Array, /, eps: float,
                   centered: int) -> None:
        """y = (x - mean) * rstd * weight + bias; mean, and rstd = 1 / sqrt(sum of (x - mean)^2 / D + eps)."""

    def layer_norm_backward_input(self, dy: Array, x: Array, mean: Array, rstd: Array, weight: Array, dx: Array, /,
                                  centered: int) -> None:
        """dx = rstd * (g - z * sum of g * z / D), and, centered 1, less rstd * sum of g / D; g = dy * weight,
        z = (x - mean) * rstd.
        """

    def layer_norm_backward_weight(self, dy: Array, x: Array, mean: Array, rstd: Array, dweight: Array, dbias: Array, /
                                   ) -> None:
        """dweight = sum over rows of dy * (x - mean) * rstd, dbias = sum over rows of dy."""
