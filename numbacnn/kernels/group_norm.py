"""Group and instance norm: x (N, C, ...), the channels of an image in G groups side by side."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class GroupNormKernels(Protocol):
    """Group and instance norm; M is the number of values in a group. mean and rstd (N, G) are float64 for any x."""

    def group_norm(self, x: Array, weight: Array, bias: Array, y: Array, mean: Array, rstd: Array, /, eps: float
                   ) -> None:
        """y = (x - mean) * rstd * weight + bias, weight and bias (C); mean and rstd = 1 / sqrt(variance / M + eps)."""

    def group_norm_backward_input(self, dy: Array, x: Array, mean: Array, rstd: Array, weight: Array, dx: Array, /
                                  ) -> None:
        """dx = rstd * (g - sum of g / M - z * sum of g * z / M); g = dy * weight, z = (x - mean) * rstd."""

    def group_norm_backward_weight(self, dy: Array, x: Array, mean: Array, rstd: Array, dweight: Array, dbias: Array, /
                                   ) -> None:
        """dweight (C) = sum of dy * (x - mean) * rstd, dbias (C) = sum of dy."""

    def instance_norm_running(self, mean: Array, rstd: Array, running_mean: Array, running_var: Array,
                              new_running_mean: Array, new_running_var: Array, /, momentum: float, eps: float,
                              count: int) -> None:
        """new = (1 - momentum) * old + momentum * current, current being the mean over images; all four are (C).

        Of each channel of an image `count` values were normalised; the variance is divided by count - 1.
        """
