"""Products of matrices."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class MatmulKernels(Protocol):
    """Products of matrices."""

    def matmul(self, a: Array, b: Array, y: Array, /, turn_a: int, turn_b: int) -> None:
        """y (N, I, J) = a (N, I, K) b (N, K, J): as many products of matrices.

        With turn_a 1, a is (N, K, I), with turn_b 1, b is (N, J, K). Of a or of b there may be one for all.
        """
