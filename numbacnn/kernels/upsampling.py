"""Images in other sizes."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class UpsamplingKernels(Protocol):
    """Images (N, C, L), (N, C, H, W) or (N, C, D, H, W) in other sizes."""

    def interpolate(self, x: Array, y: Array, /, mode: int, align_corners: int, *scales: float) -> None:
        """y, each value a weighted mean of those of x around the same place, axis by axis.

        Along an axis, an output o lies at r (o + 1/2) - 1/2 of the input, r being 1 / scale, or if that is 0 the size
        of x divided by that of y; with align_corners at r o, r = (size of x - 1) / (size of y - 1). The mode
        (`geometry.upsampling`) is NEAREST: x at floor(r o); NEAREST_EXACT: at floor(r (o + 1/2)); LINEAR: the two
        neighbours, a place before the first being the first, or x itself along an axis of the same size; CUBIC: the
        four next ones, by Keys' cubic with a = -3/4. Neighbours beyond the last are the last, before the first the
        first. r o is rounded to the dtype, and where the mode is NEAREST or NEAREST_EXACT to float32, before it is
        rounded down.

        ANTIALIASED_LINEAR and ANTIALIASED_CUBIC: all i from int(c - reach + 1/2) to before int(c + reach + 1/2) inside
        x, c = r (o + 1/2), weighted by f((i + 1/2 - c) / max(r, 1)) over the sum of these; reach is 1 or 2 times
        max(r, 1), f the triangle 1 - abs(t) or Keys' cubic with a = -1/2.
        """

    def interpolate_backward(self, dy: Array, dx: Array, /, mode: int, align_corners: int, *scales: float) -> None:
        """dx, the gradient of `interpolate`."""
