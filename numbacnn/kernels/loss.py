"""Losses whose targets are classes: those that compare number by number are in functions/.

Scores are (N, C) or (N, C, H, W); targets, weights and losses the same without the axis of the classes, 1.
"""
from typing import Protocol

from numbacnn.kernels.spec import Array


class LossKernels(Protocol):
    """Losses whose targets are classes."""

    def cross_entropy_targets(self, targets: Array, weight: Array, checked: Array, weights: Array, /, ignored: int
                              ) -> None:
        """checked = targets (int64, int32 or uint8) as int64, -1 where they are `ignored`; weights = weight (C) there.

        Where targets are ignored, weights = 0. Raises IndexError for others that are not in 0 ... C - 1.
        """

    def nll_loss_targets(self, targets: Array, weight: Array, checked: Array, weights: Array, /, ignored: int) -> None:
        """The same, with other names in the error: nll_loss, and target."""

    def cross_entropy(self, logits: Array, targets: Array, weights: Array, losses: Array, probabilities: Array, /
                      ) -> None:
        """losses = weights * (log(sum exp logits) - logits at the target), 0 where the target is -1.

        probabilities = softmax over axis 1. Targets and weights are those of `cross_entropy_targets`.
        """

    def cross_entropy_backward(self, dlosses: Array, probabilities: Array, targets: Array, weights: Array,
                               divisor: Array, dlogits: Array, /) -> None:
        """dlogits = (probabilities - one at the target) * weights * dlosses / divisor.

        dlosses like targets, or one (); divisor (). Where the target is -1: probabilities * 0.
        """

    def nll_loss(self, x: Array, targets: Array, weights: Array, losses: Array, /) -> None:
        """losses = -weights * x at the target, 0 where the target is -1."""

    def nll_loss_backward(self, dlosses: Array, targets: Array, weights: Array, divisor: Array, dx: Array, /) -> None:
        """dx = -weights * dlosses / divisor at the target, else 0; dlosses like targets, or one (); divisor ()."""

    def weighted_mean(self, x: Array, weights: Array, mean: Array, total: Array, /) -> None:
        """total () = the sum of weights, mean () = the sum of x / total: of what has been multiplied by weights."""
