"""What needs the order along an axis."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class SortKernels(Protocol):
    """What needs the order along an axis."""

    def sort(self, x: Array, y: Array, places: Array, /, axis: int, descending: int) -> None:
        """y = the first numbers of x, sorted along an axis, as many as y has; places, int64, is where they were.

        Equal ones stay in their order; NaN is larger than any number.
        """

    def cumsum(self, x: Array, y: Array, /, axis: int, backwards: int) -> None:
        """y = the sum of x up to here along an axis, or (backwards 1) from here on; y is int64, or floating as x."""
