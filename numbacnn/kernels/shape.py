"""Shape and dtype."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class ShapeKernels(Protocol):
    """Shape and dtype."""

    def reshape(self, x: Array, y: Array, /) -> None:
        """y holds the numbers of x in the same (row-major) order, in another shape."""

    def permute(self, x: Array, y: Array, /, *axes: int) -> None:
        """Axis i of y is axis axes[i] of x."""

    def expand(self, x: Array, y: Array, /) -> None:
        """y = x broadcast to the shape of y."""

    def cast(self, x: Array, y: Array, /) -> None:
        """y = x in the dtype of y."""
