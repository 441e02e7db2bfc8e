"""Reductions over axes."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class ReduceKernels(Protocol):
    """Reductions over axes."""

    def sum(self, x: Array, y: Array, /, divisor: float) -> None:
        """y = the sum of x over the axes where y has size 1, divided by divisor; both have the same number of axes."""

    def argmax(self, x: Array, y: Array, /, axis: int) -> None:
        """y, int64, without that axis: the index of the first maximum (of the first NaN, if any) along the axis."""
