"""Parts of arrays: cut out, put somewhere, joined."""
from typing import Any, Protocol

from numbacnn.kernels.spec import Array


class SliceKernels(Protocol):
    """Parts of arrays: one axis at least, any dtype.

    starts, int64, has a number for each axis: values, so that a loop over slices finds its plan again; checked.
    """

    def slice(self, x: Array, starts: Array, y: Array, /, *steps: int) -> None:
        """y[i, j, ...] = x[starts[0] + i * steps[0], starts[1] + j * steps[1], ...]; a step may be negative, not 0."""

    def place(self, x: Array, starts: Array, y: Array, /, *steps_and_value: Any) -> None:
        """y[starts[0] + i * steps[0], starts[1] + j * steps[1], ...] = x[i, j, ...], elsewhere value, the last number.

        The gradient of `slice` (value 0), and padding with a constant.
        """

    def replace(self, starts: Array, part: Array, x: Array, y: Array, /, *steps: int) -> None:
        """y = x, but part where `place` would put it."""

    def cat(self, *arrays_and_numbers: Any) -> None:
        """y = the arrays, one behind the other along an axis: inputs (one at least), y, then the axis, 0 ... ndim - 1.

        Inputs have the shape of y but for that axis.
        """
