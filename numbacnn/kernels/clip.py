"""Clipping: all gradients at once."""
from typing import Any, Protocol


class ClipKernels(Protocol):
    """Clipping. limit (), float64."""

    def gradient_norm(self, *arrays_and_numbers: Any) -> None:
        """norm = (sum of |g|^order over all numbers of all gradients)^(1 / order), or the largest |g|, order being inf.

        arrays: gradients | norm (). numbers: order > 0.
        """

    def clip_by_norm(self, *arrays: Any) -> None:
        """y = min(1, limit / (norm + 1e-6)) * g. arrays: limit, norm (), gradients | clipped gradients."""

    def clip_by_value(self, *arrays: Any) -> None:
        """y = min(max(g, -limit), limit). arrays: limit, gradients | clipped gradients."""
