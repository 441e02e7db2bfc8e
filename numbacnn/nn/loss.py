"""Losses as modules."""
from collections.abc import Callable
from inspect import signature
from operator import attrgetter
from typing import Any, ClassVar

from numbacnn import ops
from numbacnn.autograd import Tensor
from numbacnn.nn.module import Module
from numbacnn.ops.check import floating
from numbacnn.ops.difference import BATCHMEAN
from numbacnn.ops.loss import class_to_ignore
from numbacnn.ops.reduction import REDUCTIONS, checked_reduction
from numbacnn.options import flag, number


class Loss(Module):
    """A loss; what becomes of the losses of a batch is checked when it is made."""

    reductions: ClassVar[tuple[str, ...]] = REDUCTIONS
    unused: ClassVar[None] = None

    def __init__(self, size_average: None = None, reduce: None = None, reduction: str = "mean") -> None:
        checked_reduction(type(self).__name__, reduction, size_average, reduce, self.reductions)
        self.reduction = reduction

    def keep(self, **factors: Tensor | None) -> None:
        """Make buffers of factors, or of None."""
        for name, tensor in factors.items():
            if tensor is not None:
                floating(type(self).__name__, **{name: tensor})
            self.register_buffer(name, tensor)


def compared(op: Callable[..., Tensor], *options: str) -> Callable[..., Tensor]:
    """Make the method `forward` of a loss: an op of x and target. Its options, and the reduction, are attributes."""
    rest = [*signature(op).parameters][2:]
    given: Any = attrgetter(*[name if name in (*options, "reduction") else "unused" for name in rest])

    def forward(self: Loss, x: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return op(x, target, *given(self))

    return forward


class WeightedLoss(Loss):
    """A loss with factors, which are a buffer."""

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, size_average: None = None, reduce: None = None,
                 reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)
        self.keep(weight=weight)


class CrossEntropyLoss(WeightedLoss):
    """Measure how unlikely the targets are under softmax(logits).

    Parameters
    ----------
    weight : Tensor, shape (C,), optional
        How much each class counts.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    ignore_index : int
        Targets that do not count.
    reduction : "mean", "sum" or "none"
        What to do with the losses of a batch.
    label_smoothing : float in [0, 1]
        Share of each target that is spread over all classes.

    Notes
    -----
    logits are (C,), (N, C) or (N, C, ...), targets (whole numbers) the same without the axis of the classes; or they
    are probabilities, of the shape of logits.
    """

    def __init__(self, weight: Tensor | None = None, size_average: None = None, ignore_index: int = -100,
                 reduce: None = None, reduction: str = "mean", label_smoothing: float = 0.0) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = class_to_ignore("CrossEntropyLoss", ignore_index)
        self.label_smoothing = number("CrossEntropyLoss", "label_smoothing", label_smoothing, 0.0, 1.0)

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Compute the loss."""
        return ops.cross_entropy(logits, targets, weight=self.weight, ignore_index=self.ignore_index,
                                 reduction=self.reduction, label_smoothing=self.label_smoothing)


class NLLLoss(WeightedLoss):
    """Measure how unlikely the targets are, given logarithms of probabilities (`LogSoftmax`).

    Parameters
    ----------
    weight : Tensor, shape (C,), optional
        How much each class counts.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    ignore_index : int
        Targets that do not count.
    reduction : "mean", "sum" or "none"
        What to do with the losses of a batch.

    Notes
    -----
    x is (C,), (N, C) or (N, C, ...), target (whole numbers) the same without the axis of the classes.
    """

    def __init__(self, weight: Tensor | None = None, size_average: None = None, ignore_index: int = -100,
                 reduce: None = None, reduction: str = "mean") -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = class_to_ignore("NLLLoss", ignore_index)

    forward = compared(ops.nll_loss, "weight", "ignore_index")


class BCELoss(WeightedLoss):
    """Measure how unlikely targets from 0 to 1 are, given probabilities.

    Parameters
    ----------
    weight : Tensor, optional
        Factors of the losses; its shape broadcasts to that of x.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    reduction : "mean", "sum" or "none"
        What to do with the losses of a batch.
    """

    forward = compared(ops.binary_cross_entropy, "weight")


class BCEWithLogitsLoss(WeightedLoss):
    """Measure how unlikely targets from 0 to 1 are under sigmoid(x), without overflow.

    Parameters
    ----------
    weight : Tensor, optional
        Factors of the losses; its shape broadcasts to that of x.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    reduction : "mean", "sum" or "none"
        What to do with the losses of a batch.
    pos_weight : Tensor, optional
        How many negative examples there are for each positive one; its shape broadcasts to that of x.
    """

    pos_weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, size_average: None = None, reduce: None = None,
                 reduction: str = "mean", pos_weight: Tensor | None = None) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.keep(pos_weight=pos_weight)

    forward = compared(ops.binary_cross_entropy_with_logits, "weight", "pos_weight")


class MSELoss(Loss):
    """Measure the squared difference: (x - target)^2.

    Parameters
    ----------
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    reduction : "mean", "sum" or "none"
        What to do with the losses of a batch.
    """

    forward = compared(ops.mse_loss)


class L1Loss(Loss):
    """Measure the absolute difference: abs(x - target). Parameters are those of `MSELoss`."""

    forward = compared(ops.l1_loss)


class SmoothL1Loss(Loss):
    """Measure differences d up to beta by d^2 / (2 beta), larger ones by d - beta / 2.

    Parameters
    ----------
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    reduction : "mean", "sum" or "none"
        What to do with the losses of a batch.
    beta : float
        Where the parabola ends; 0 gives `L1Loss`.
    """

    def __init__(self, size_average: None = None, reduce: None = None, reduction: str = "mean",
                 beta: float = 1.0) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = number("SmoothL1Loss", "beta", beta, 0.0)

    forward = compared(ops.smooth_l1_loss, "beta")


class HuberLoss(Loss):
    """Measure differences d up to delta by d^2 / 2, larger ones by delta (d - delta / 2).

    Parameters
    ----------
    reduction : "mean", "sum" or "none"
        What to do with the losses of a batch.
    delta : float > 0
        Where the parabola ends.
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = number("HuberLoss", "delta", delta, above=0.0, infinite=True)

    forward = compared(ops.huber_loss, "delta")


class KLDivLoss(Loss):
    """Measure how far log-probabilities x are from target: target (log(target) - x).

    Parameters
    ----------
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    reduction : "mean", "sum", "batchmean" or "none"
        What to do with the losses of a batch.
    log_target : bool
        Whether targets are logarithms.
    """

    reductions = BATCHMEAN

    def __init__(self, size_average: None = None, reduce: None = None, reduction: str = "mean",
                 log_target: bool = False) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = flag("KLDivLoss", "log_target", log_target)

    forward = compared(ops.kl_div, "log_target")
