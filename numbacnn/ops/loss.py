"""Losses."""
from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.errors import DTypeError
from numbacnn.geometry import count
from numbacnn.graph import Array, record
from numbacnn.ops.check import floating, kind


def cross_entropy(logits: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
    """Measure how unlikely the targets are under softmax(logits): -log of their probability.

    Parameters
    ----------
    logits : Tensor, shape (N, C) or (N, C, H, W)
        Unnormalised scores of C classes, float32 or float64.
    targets : Tensor, shape (N,) or (N, H, W)
        Class of each, int64, from 0 to C - 1.
    reduction : "mean", "sum" or "none"
        What to do with the losses.

    Returns
    -------
    Tensor, shape () or that of targets
        Keeps the probabilities.

    Raises
    ------
    IndexError
        When the loss is computed, if a target is no class.
    """
    floating("cross_entropy", logits=logits)
    if not isinstance(targets, Tensor) or targets.array.dtype != "int64":
        got = targets.dtype if isinstance(targets, Tensor) else kind(targets)
        remedy = "convert it with targets.to(numbacnn.int64)" if isinstance(targets, Tensor) else (
            "make one with numbacnn.tensor")
        raise DTypeError(f"cross_entropy: targets must be a Tensor of int64 (class indices), got {got}; {remedy}")
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"cross_entropy: reduction must be 'mean', 'sum' or 'none', got {reduction!r}")
    geometry.cross_entropy(logits.shape, targets.shape)
    dtype, specs = logits.array.dtype, ((logits.shape, logits.array.dtype),)
    t_data, = record("cross_entropy_targets", (targets.array,), ((targets.shape, "int64"),), (logits.shape[1],))
    divisor = float(count(targets.shape)) if reduction == "mean" else 1.0
    losses, probabilities = record("cross_entropy", (logits.array, t_data), ((targets.shape, dtype), *specs))
    if reduction != "none":
        if targets.ndim != 1:
            losses, = record("reshape", (losses,), (((count(targets.shape),), dtype),))
        losses, = record("sum", (losses,), (((1,), dtype),), (divisor,))
        losses, = record("reshape", (losses,), (((), dtype),))

    def backward(dy: Array) -> Gradients:
        return record("cross_entropy_backward", (dy, probabilities, t_data), specs, (divisor,))

    return differentiable(losses, (logits,), backward)
