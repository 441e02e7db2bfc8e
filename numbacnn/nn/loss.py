"""Losses as modules."""
from numbacnn import ops
from numbacnn.autograd import Tensor
from numbacnn.nn.module import Module


class CrossEntropyLoss(Module):
    """Measure how unlikely the targets are under softmax(logits).

    Parameters
    ----------
    reduction : "mean", "sum" or "none"
        What to do with the losses of a batch.

    Notes
    -----
    logits are (N, C) or (N, C, H, W), targets (int64) the same without the axis of the classes.
    """

    def __init__(self, reduction: str = "mean") -> None:
        if reduction not in ("mean", "sum", "none"):
            raise ValueError(f"CrossEntropyLoss: reduction must be 'mean', 'sum' or 'none', got {reduction!r}")
        self.reduction = reduction

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Compute the loss."""
        return ops.cross_entropy(logits, targets, self.reduction)
