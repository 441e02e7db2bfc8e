"""Channels that become pixels, and back."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class PixelShuffleKernels(Protocol):
    """Channels that become pixels, and back."""

    def pixel_shuffle(self, x: Array, y: Array, /, factor: int) -> None:
        """y (N, C, H factor, W factor)[n, c, h factor + i, w factor + j] = x[n, (c factor + i) factor + j, h, w]."""

    def pixel_unshuffle(self, x: Array, y: Array, /, factor: int) -> None:
        """y (N, C factor factor, H, W), of which `pixel_shuffle` makes x."""
