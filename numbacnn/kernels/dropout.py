"""Dropout."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class DropoutKernels(Protocol):
    """Dropout."""

    def dropout(self, x: Array, state: Array, y: Array, new_state: Array, /, p: float) -> None:
        """y = x / (1 - p) where the number drawn for the element is >= p, else 0; p in [0, 1).

        state (2), int64: seed and counter. Element i (in memory order) takes lane i % 4 of Philox-4x32-10 with the
        128-bit counter (i // 4, counter) and the key (seed), as 24 bits: (lane >> 8) * 2**-24. new_state: counter + 1.
        The gradient is the same call on dy, with the same state.
        """
