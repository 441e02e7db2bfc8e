"""Numbers that must lie within limits: copies of them, made by kernels that raise."""
from typing import Protocol

from numbacnn.kernels.spec import Array


class LimitKernels(Protocol):
    """Numbers that must lie within limits."""

    def bernoulli_probabilities(self, x: Array, checked: Array, /) -> None:
        """checked = x. Raises ValueError for numbers that are not in [0, 1], NaN among them."""

    def normal_deviations(self, x: Array, checked: Array, /) -> None:
        """checked = x. Raises ValueError for numbers that are not 0 at least, NaN among them."""

    def gaussian_nll_loss_variances(self, x: Array, checked: Array, /) -> None:
        """checked = x. Raises ValueError for numbers below 0; NaN stays."""
