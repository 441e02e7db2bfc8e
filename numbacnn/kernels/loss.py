"""Losses."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class LossKernels(Protocol):
    """Losses."""

    def cross_entropy_targets(self, targets: Array, checked: Array, /, classes: int) -> None:
        """checked = targets, both int64; raises IndexError for a target outside 0 ... classes - 1."""

    def cross_entropy(self, logits: Array, targets: Array, losses: Array, probabilities: Array, /) -> None:
        """losses = log(sum exp logits) - logits at the target; probabilities = softmax, both over axis 1.

        logits and probabilities (N, C) or (N, C, H, W), targets (int64, checked) and losses the same without axis 1.
        """

    def cross_entropy_backward(self, dlosses: Array, probabilities: Array, targets: Array, dlogits: Array, /,
                               divisor: float) -> None:
        """dlogits = (probabilities - one at the target) * dlosses / divisor; dlosses like targets, or one ()."""
