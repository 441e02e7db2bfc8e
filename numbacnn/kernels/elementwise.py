"""Arithmetic: shapes broadcast as in NumPy; y has the common shape."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class ElementwiseKernels(Protocol):
    """Arithmetic: shapes broadcast as in NumPy; y has the common shape."""

    def add(self, a: Array, b: Array, y: Array, /) -> None:
        """y = a + b."""

    def subtract(self, a: Array, b: Array, y: Array, /) -> None:
        """y = a - b."""

    def multiply(self, a: Array, b: Array, y: Array, /) -> None:
        """y = a * b."""

    def divide(self, a: Array, b: Array, y: Array, /) -> None:
        """y = a / b; floating point only."""

    def maximum(self, a: Array, b: Array, y: Array, /) -> None:
        """y = the larger of a and b, NaN where one is NaN."""

    def minimum(self, a: Array, b: Array, y: Array, /) -> None:
        """y = the smaller of a and b, NaN where one is NaN."""

    def share_above(self, a: Array, b: Array, y: Array, /) -> None:
        """y = 0 where a < b, 1/2 where a = b, else 1: how much of the gradient of their maximum belongs to a."""

    def power(self, a: Array, b: Array, y: Array, /) -> None:
        """y = a to the power of b; floating point only."""

    def power_slope(self, a: Array, b: Array, y: Array, /) -> None:
        """y = b * a^(b - 1), 0 where b = 0: the derivative of a^b by a."""

    def power_growth(self, a: Array, b: Array, y: Array, /) -> None:
        """y = b * log(a), 0 where a = 0 and |b| <= 1: with b = a^n, its derivative by n; NaN where a < 0."""

    def floor_divide(self, a: Array, b: Array, y: Array, /) -> None:
        """y = the largest whole number up to a / b; of whole numbers 0 where b = 0."""

    def remainder(self, a: Array, b: Array, y: Array, /) -> None:
        """y = a - floor(a / b) * b; of whole numbers 0 where b = 0."""

    # --- comparisons: y is bool; the inputs are of any dtype ---

    def equal(self, a: Array, b: Array, y: Array, /) -> None:
        """y = (a == b)."""

    def not_equal(self, a: Array, b: Array, y: Array, /) -> None:
        """y = (a != b), true where one is NaN."""

    def less(self, a: Array, b: Array, y: Array, /) -> None:
        """y = (a < b)."""

    def less_equal(self, a: Array, b: Array, y: Array, /) -> None:
        """y = (a <= b)."""

    def greater(self, a: Array, b: Array, y: Array, /) -> None:
        """y = (a > b)."""

    def greater_equal(self, a: Array, b: Array, y: Array, /) -> None:
        """y = (a >= b)."""

    # --- of bool, or of whole numbers bit by bit ---

    def bitwise_and(self, a: Array, b: Array, y: Array, /) -> None:
        """y = a & b."""

    def bitwise_or(self, a: Array, b: Array, y: Array, /) -> None:
        """y = a | b."""

    def bitwise_xor(self, a: Array, b: Array, y: Array, /) -> None:
        """y = a ^ b."""

    def where(self, condition: Array, a: Array, b: Array, y: Array, /) -> None:
        """y = a where the condition (bool) is true, else b; all of one shape."""
