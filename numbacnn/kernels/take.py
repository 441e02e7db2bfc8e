"""Numbers picked by indices, and added up where indices say."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class TakeKernels(Protocol):
    """Numbers picked by indices: any dtype. An index is int64; but for `wrap_index` it has been checked."""

    def wrap_index(self, index: Array, checked: Array, /, size: int, negative: int) -> None:
        """checked, int64, = index, int64 or int32; with negative 1, size is added to indices below zero.

        Raises IndexError for an index that is not in 0 ... size - 1 then.
        """

    def take(self, x: Array, index: Array, y: Array, /, axis: int) -> None:
        """y = x at index (M) along an axis: y has M there, for the size of x."""

    def take_backward(self, dy: Array, index: Array, dx: Array, /, axis: int) -> None:
        """dx = the sum of dy where index (M) says so along an axis, in the order of index; zero elsewhere."""

    def assign(self, index: Array, rows: Array, x: Array, y: Array, /, axis: int) -> None:
        """y = x, but rows at index (M) along an axis; the last of several for one place counts.

        rows has M numbers along the axis, for the size of x.
        """

    def gather(self, x: Array, index: Array, y: Array, /, axis: int) -> None:
        """y = x at the same place, but for the axis, along which it is where index says; y and index have one shape.

        No axis of index but that one is longer than that of x.
        """

    def scatter(self, x: Array, index: Array, values: Array, y: Array, /, axis: int) -> None:
        """y = x, but each of values where `gather` would find it in y; the last along the axis counts."""

    def scatter_add(self, values: Array, index: Array, y: Array, /, axis: int) -> None:
        """y = the sums of values that index puts at a place, in their order along the axis, zero elsewhere.

        The gradient of `gather`.
        """
