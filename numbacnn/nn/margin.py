"""Losses of pairs, triplets, labels and counts as modules."""
from typing import Any

from numbacnn import ops
from numbacnn.autograd import Tensor
from numbacnn.nn.loss import Loss, WeightedLoss, compared
from numbacnn.options import flag, number


class SoftMarginLoss(Loss):
    """Measure scores by log(1 + exp(-target * x)), with targets 1 and -1. Parameters are those of `MSELoss`."""

    forward = compared(ops.soft_margin_loss)


class HingeEmbeddingLoss(Loss):
    """Measure distances: x where the target is 1, max(margin - x, 0) where it is -1.

    Parameters
    ----------
    margin : float
        How far what does not belong together is to be apart.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    reduction : "mean", "sum" or "none"
        What to do with the losses of a batch.
    """

    def __init__(self, margin: float = 1.0, size_average: None = None, reduce: None = None,
                 reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = number("HingeEmbeddingLoss", "margin", margin)

    forward = compared(ops.hinge_embedding_loss, "margin")


class CosineEmbeddingLoss(Loss):
    """Measure angles: 1 - cosine where the target is 1, max(cosine - margin, 0) where it is -1.

    Parameters
    ----------
    margin : float
        From -1 to 1.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    reduction : "mean", "sum" or "none"
        What to do with the losses of a batch.
    """

    def __init__(self, margin: float = 0.0, size_average: None = None, reduce: None = None,
                 reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = number("CosineEmbeddingLoss", "margin", margin)

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return ops.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class MarginRankingLoss(Loss):
    """Measure an order: max(-target * (input1 - input2) + margin, 0), with targets 1 and -1.

    Parameters
    ----------
    margin : float
        By how much one is to be larger.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    reduction : "mean", "sum" or "none"
        What to do with the losses of a batch.
    """

    def __init__(self, margin: float = 0.0, size_average: None = None, reduce: None = None,
                 reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = number("MarginRankingLoss", "margin", margin)

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return ops.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class PoissonNLLLoss(Loss):
    """Measure how unlikely counts are under Poisson distributions.

    Parameters
    ----------
    log_input : bool
        Whether x is logarithms of the expected counts.
    full : bool
        Whether to add Stirling's approximation.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    eps : float
        Keeps logarithms from -infinity.
    reduction : "mean", "sum" or "none"
        What to do with the losses of a batch.
    """

    def __init__(self, log_input: bool = True, full: bool = False, size_average: None = None, eps: float = 1e-8,
                 reduce: None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input = flag("PoissonNLLLoss", "log_input", log_input)
        self.full = flag("PoissonNLLLoss", "full", full)
        self.eps = number("PoissonNLLLoss", "eps", eps)

    forward = compared(ops.poisson_nll_loss, "log_input", "full", "eps")


class GaussianNLLLoss(Loss):
    """Measure how unlikely targets are under normal distributions.

    Parameters
    ----------
    full : bool
        Whether to add log(2 pi) / 2.
    eps : float > 0
        Least variance.
    reduction : "mean", "sum" or "none"
        What to do with the losses of a batch.
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full = flag("GaussianNLLLoss", "full", full)
        self.eps = number("GaussianNLLLoss", "eps", eps, above=0.0)

    def forward(self, x: Tensor, target: Tensor, var: Any) -> Tensor:
        """Compute the loss."""
        return ops.gaussian_nll_loss(x, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


class MultiLabelSoftMarginLoss(WeightedLoss):
    """Measure several labels for each example: binary cross entropy with logits, mean over the classes.

    Parameters
    ----------
    weight : Tensor, shape (C,), optional
        Factors of the classes.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    reduction : "mean", "sum" or "none"
        What to do with the losses of a batch.
    """

    forward = compared(ops.multilabel_soft_margin_loss, "weight")


class TripletMarginLoss(Loss):
    """Measure whether the anchor is nearer to one that belongs to it: max(near - far + margin, 0).

    Parameters
    ----------
    margin : float
        By how much farther the other one is to be.
    p : float > 0
        The distance is that of the norm p.
    eps : float
        Keeps distances from 0.
    swap : bool
        Whether the other one's distance may be that from the positive one, too.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    reduction : "mean", "sum" or "none"
        What to do with the losses of a batch.
    """

    def __init__(self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False,
                 size_average: None = None, reduce: None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = number("TripletMarginLoss", "margin", margin, above=0.0)
        self.p = number("TripletMarginLoss", "p", p, above=0.0)
        self.eps = number("TripletMarginLoss", "eps", eps)
        self.swap = flag("TripletMarginLoss", "swap", swap)

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Compute the loss."""
        return ops.triplet_margin_loss(anchor, positive, negative, margin=self.margin, p=self.p, eps=self.eps,
                                       swap=self.swap, reduction=self.reduction)
