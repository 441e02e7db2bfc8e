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
