"""Random numbers from a counter."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class RandomKernels(Protocol):
    """Random numbers from a counter: y has one axis, state and new_state are those of `dropout`.

    Block b is the four lanes of Philox-4x32-10 with the 128-bit counter (b, counter) and the key (seed). A word of 64
    bits is lane 2 j + 1 of block b above its lane 2 j, for j 0 and 1: words 2 b and 2 b + 1.
    """

    def random_uniform(self, state: Array, y: Array, new_state: Array, /) -> None:
        """y in [0, 1): y[i] = (lane i % 4 of block i // 4 >> 8) 2^-24 in float32, (word i >> 11) 2^-53 in float64."""

    def random_normal(self, state: Array, y: Array, new_state: Array, /) -> None:
        """y[2 k], y[2 k + 1] = r cos t, r sin t with r = sqrt(-2 log u), t = 2 pi v, computed in float64.

        float32: u = (p + 1) 2^-32, v = q 2^-32 with lanes p, q = 2 k % 4, 2 k % 4 + 1 of block k // 2. float64: block k
        has words p and q; u = ((p >> 11) + 1) 2^-53, v = (q >> 11) 2^-53. A backend's log, cos and sin are right to
        two units in the last place of float64: float32 numbers are the same on all, but for one in about 10^8 that is
        rounded the other way.
        """

    def random_integers(self, state: Array, y: Array, new_state: Array, /, low: int, high: int) -> None:
        """y (int64) in [low, high): y[i] = low + (word i (high - low) >> 64), high - low being at most 2^63."""
