"""Reductions over axes."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class ReduceKernels(Protocol):
    """Reductions over axes: over those where y has size 1, having as many as x; or along one that is named."""

    def sum(self, x: Array, y: Array, /, divisor: float) -> None:
        """y = the sum of x, divided by divisor; of whole numbers and bool as int64."""

    def prod(self, x: Array, y: Array, /) -> None:
        """y = the product of x; of whole numbers and bool as int64."""

    def amax(self, x: Array, y: Array, /) -> None:
        """y = the largest of x, NaN where one is NaN; any dtype; x is not empty where y is not."""

    def amin(self, x: Array, y: Array, /) -> None:
        """y = the smallest of x, NaN where one is NaN; any dtype; x is not empty where y is not."""

    def p_norm(self, x: Array, y: Array, /, p: float) -> None:
        """y = (the sum of |x|^p)^(1/p); p is neither 0 nor infinite."""

    def var(self, x: Array, y: Array, mean: Array, /, divisor: float) -> None:
        """mean = the mean of x; y = the sum of (x - mean)^2, divided by divisor."""

    # --- along one axis, which is not empty ---

    def argmax(self, x: Array, y: Array, /, axis: int) -> None:
        """y, int64, without that axis: the index of the first maximum (of the first NaN, if any) along the axis."""

    def argmin(self, x: Array, y: Array, /, axis: int) -> None:
        """y, int64, without that axis: the index of the first minimum (of the first NaN, if any) along the axis."""

    def max_along(self, x: Array, y: Array, index: Array, /, axis: int) -> None:
        """y = the first maximum (the first NaN, if any) along the axis, index (int64) = where; both of size 1 there."""

    def min_along(self, x: Array, y: Array, index: Array, /, axis: int) -> None:
        """y = the first minimum (the first NaN, if any) along the axis, index (int64) = where; both of size 1 there."""

    def spread_along(self, dy: Array, index: Array, dx: Array, /, axis: int) -> None:
        """dx = dy at index along the axis, elsewhere 0; dy and index have size 1 there."""

    def prod_backward(self, dy: Array, x: Array, dx: Array, /, axis: int) -> None:
        """dx = dy times the product of all other numbers of x along the axis, where dy has size 1."""
