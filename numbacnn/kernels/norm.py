"""Batch normalisation: x (N, C) or (N, C, ...), per channel; R is the number of its values per channel."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class NormKernels(Protocol):
    """Batch normalisation; R is the number of values per channel."""

    def batch_norm_statistics(self, x: Array, running_mean: Array, running_var: Array, mean: Array, rstd: Array,
                              new_running_mean: Array, new_running_var: Array, /, momentum: float, eps: float) -> None:
        """mean (C) and rstd (C) = 1 / sqrt(variance / R + eps) of x, and the running statistics moved towards them.

        new = (1 - momentum) * old + momentum * current, the variance divided by R - 1 there, as in PyTorch.
        """

    def increment(self, count: Array, new_count: Array, /) -> None:
        """new_count = count + 1, both int64: how many batches the running statistics have seen."""

    def cumulative_average(self, average: Array, current: Array, count: Array, new_average: Array, /) -> None:
        """new_average = average + (current - average) / count; count is one int64."""

    def batch_norm(self, x: Array, mean: Array, rstd: Array, weight: Array, bias: Array, y: Array, /) -> None:
        """y = (x - mean) * rstd * weight + bias; all but x and y are (C)."""

    def batch_norm_rstd(self, var: Array, rstd: Array, /, eps: float) -> None:
        """rstd (C) = 1 / sqrt(var + eps): what `batch_norm` takes in evaluation mode, from the running variance."""

    def batch_norm_backward_weight(self, dy: Array, x: Array, mean: Array, rstd: Array, dweight: Array, dbias: Array, /
                                   ) -> None:
        """dweight (C) = sum of dy * (x - mean) * rstd, dbias (C) = sum of dy."""

    def batch_norm_backward_input(self, dy: Array, x: Array, mean: Array, rstd: Array, weight: Array, dweight: Array,
                                  dbias: Array, dx: Array, /, training: int) -> None:
        """dx, through the statistics (training 1): rstd * weight * (dy - dbias / R - (x - mean) * rstd * dweight / R).

        Where the statistics are constants (training 0): rstd * weight * dy.
        """
