"""Losses as modules."""
from numbacnn import ops
from numbacnn.autograd import Tensor
from numbacnn.nn.module import Module
from numbacnn.ops.difference import BATCHMEAN
from numbacnn.ops.reduction import REDUCTIONS, checked_reduction


class Loss(Module):
    """A loss; what becomes of the losses of a batch is checked when it is made."""

    def __init__(self, reduction: str, size_average: None = None, reduce: None = None,
                 known: tuple[str, ...] = REDUCTIONS) -> None:
        checked_reduction(type(self).__name__, reduction, size_average, reduce, known)
        self.reduction = reduction


class CrossEntropyLoss(Loss):
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

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, size_average: None = None, ignore_index: int = -100,
                 reduce: None = None, reduction: str = "mean", label_smoothing: float = 0.0) -> None:
        super().__init__(reduction, size_average, reduce)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Compute the loss."""
        return ops.cross_entropy(logits, targets, weight=self.weight, ignore_index=self.ignore_index,
                                 reduction=self.reduction, label_smoothing=self.label_smoothing)


class NLLLoss(Loss):
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

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, size_average: None = None, ignore_index: int = -100,
                 reduce: None = None, reduction: str = "mean") -> None:
        super().__init__(reduction, size_average, reduce)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return ops.nll_loss(x, target, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class BCELoss(Loss):
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

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, size_average: None = None, reduce: None = None,
                 reduction: str = "mean") -> None:
        super().__init__(reduction, size_average, reduce)
        self.register_buffer("weight", weight)

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return ops.binary_cross_entropy(x, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(Loss):
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

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, size_average: None = None, reduce: None = None,
                 reduction: str = "mean", pos_weight: Tensor | None = None) -> None:
        super().__init__(reduction, size_average, reduce)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return ops.binary_cross_entropy_with_logits(x, target, weight=self.weight, reduction=self.reduction,
                                                    pos_weight=self.pos_weight)


class MSELoss(Loss):
    """Measure the squared difference: (x - target)^2.

    Parameters
    ----------
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    reduction : "mean", "sum" or "none"
        What to do with the losses of a batch.
    """

    def __init__(self, size_average: None = None, reduce: None = None, reduction: str = "mean") -> None:
        super().__init__(reduction, size_average, reduce)

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return ops.mse_loss(x, target, reduction=self.reduction)


class L1Loss(Loss):
    """Measure the absolute difference: abs(x - target).

    Parameters
    ----------
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    reduction : "mean", "sum" or "none"
        What to do with the losses of a batch.
    """

    def __init__(self, size_average: None = None, reduce: None = None, reduction: str = "mean") -> None:
        super().__init__(reduction, size_average, reduce)

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return ops.l1_loss(x, target, reduction=self.reduction)


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
        super().__init__(reduction, size_average, reduce)
        self.beta = beta

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return ops.smooth_l1_loss(x, target, reduction=self.reduction, beta=self.beta)


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
        super().__init__(reduction)
        self.delta = delta

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return ops.huber_loss(x, target, reduction=self.reduction, delta=self.delta)


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

    def __init__(self, size_average: None = None, reduce: None = None, reduction: str = "mean",
                 log_target: bool = False) -> None:
        super().__init__(reduction, size_average, reduce, BATCHMEAN)
        self.log_target = log_target

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Compute the loss."""
        return ops.kl_div(x, target, reduction=self.reduction, log_target=self.log_target)
