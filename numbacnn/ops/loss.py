"""Losses whose targets are classes, or probabilities of classes."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.dtypes import FLOATING
from numbacnn.errors import DTypeError, GradientError, ShapeError
from numbacnn.graph import Array, record
from numbacnn.known import ones
from numbacnn.ops.check import any_tensor, floating
from numbacnn.ops.compare import greater_equal, where
from numbacnn.ops.constant import constant
from numbacnn.ops.elementwise import add, divide, multiply, negative
from numbacnn.ops.reduce import sum
from numbacnn.ops.reduction import checked_reduction, reduced
from numbacnn.ops.shape import reshape
from numbacnn.ops.softmax import log_softmax
from numbacnn.options import is_integer, number, whole

CLASSES = ("int64", "int32", "uint8")
USUAL = -100                                             # targets that do not count


def cross_entropy(logits: Tensor, targets: Tensor, weight: Tensor | None = None, size_average: None = None,
                  ignore_index: int = -100, reduce: None = None, reduction: str = "mean", label_smoothing: float = 0.0
                  ) -> Tensor:
    """Measure how unlikely the targets are under softmax(logits): -log of their probability.

    Parameters
    ----------
    logits : Tensor, shape (C,), (N, C) or (N, C, ...)
        Unnormalised scores of C classes, float32, float64 or bfloat16.
    targets : Tensor, shape (), (N,) or (N, ...); or that of logits
        Class of each, int64 (or int32, uint8), from 0 to C - 1; or probabilities of the classes, of logits' dtype.
    weight : Tensor, shape (C,), optional
        How much each class counts.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    ignore_index : int
        Targets that do not count: their loss is 0.
    reduction : "mean", "sum" or "none"
        What to do with the losses. The mean is the sum divided by the weights of the targets that count (with
        probabilities as targets: by how many there are), NaN if none does.
    label_smoothing : float in [0, 1]
        Share of each target that is spread over all classes.

    Returns
    -------
    Tensor, shape () or (N, ...)
        Keeps the probabilities. Targets that are probabilities have a gradient, too.

    Raises
    ------
    IndexError
        When the loss is computed, if a target is no class.

    References
    ----------
    C. Szegedy et al., Rethinking the Inception architecture (CVPR 2016), section 7: label smoothing.
    """
    checked_reduction("cross_entropy", reduction, size_average, reduce)
    smoothing = number("cross_entropy", "label_smoothing", label_smoothing, 0.0, 1.0)
    floating("cross_entropy", logits=logits)
    if isinstance(targets, Tensor) and targets.array.dtype in FLOATING and targets.shape == logits.shape:
        return _of_probabilities(logits, targets, weight, ignore_index, reduction, smoothing)
    x, checked, weights = _checked("cross_entropy", "logits", logits, "targets", targets, weight, ignore_index)
    if smoothing:
        return _as_given(_smoothed(x, checked, weights, weight, smoothing, reduction), targets.shape)
    x_data = x.array
    specs = ((x_data.shape, x_data.dtype),)
    losses, probabilities = record("cross_entropy", (x_data, checked, weights), (
        (checked.shape, x_data.dtype), *specs))
    y, divisor = _reduced(losses, weights, reduction)

    def backward(dy: Array) -> Gradients:
        return record("cross_entropy_backward", (dy, probabilities, checked, weights, divisor), specs)

    return _as_given(differentiable(y, (x,), backward), targets.shape)


def nll_loss(x: Tensor, target: Tensor, weight: Tensor | None = None, size_average: None = None,
             ignore_index: int = -100, reduce: None = None, reduction: str = "mean") -> Tensor:
    """Measure how unlikely the targets are, given logarithms of probabilities: -x at the target.

    Parameters
    ----------
    x : Tensor, shape (C,), (N, C) or (N, C, ...)
        Logarithms of probabilities, as `log_softmax` returns them.
    target : Tensor, shape (), (N,) or (N, ...)
        Class of each, int64 (or int32, uint8), from 0 to C - 1.
    weight : Tensor, shape (C,), optional
        How much each class counts.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    ignore_index : int
        Targets that do not count: their loss is 0.
    reduction : "mean", "sum" or "none"
        What to do with the losses. The mean is the sum divided by the weights of the targets that count.

    Returns
    -------
    Tensor, shape () or that of target
        Keeps the targets.

    Raises
    ------
    IndexError
        When the loss is computed, if a target is no class.
    """
    checked_reduction("nll_loss", reduction, size_average, reduce)
    floating("nll_loss", x=x)
    rows, checked, weights = _checked("nll_loss", "x", x, "target", target, weight, ignore_index)
    return _as_given(_picked(rows, checked, weights, reduction), target.shape)


def _picked(x: Tensor, checked: Array, weights: Array, reduction: str) -> Tensor:
    """The loss of logarithms of probabilities."""
    specs = ((x.shape, x.array.dtype),)
    losses, = record("nll_loss", (x.array, checked, weights), ((checked.shape, x.array.dtype),))
    y, divisor = _reduced(losses, weights, reduction)

    def backward(dy: Array) -> Gradients:
        return record("nll_loss_backward", (dy, checked, weights, divisor), specs)

    return differentiable(y, (x,), backward)


def _reduced(losses: Array, weights: Array, reduction: str) -> tuple[Array, Array]:
    """What is returned, and by what it was divided."""
    dtype = losses.dtype
    if reduction == "mean":
        y, divisor = record("weighted_mean", (losses, weights), (((), dtype), ((), dtype)))
        return y, divisor
    one = constant(1.0, dtype, losses.device)
    return (losses if reduction == "none" else sum(Tensor(losses)).array), one


def _smoothed(x: Tensor, checked: Array, weights: Array, weight: Tensor | None, smoothing: float, reduction: str
              ) -> Tensor:
    """Losses of targets of which a share is spread over all classes."""
    logs = log_softmax(x, 1)
    spread = sum(logs if weight is None else multiply(logs, _beside_classes(weight, x)), 1)
    spread = where(greater_equal(Tensor(checked), 0), spread, 0.0)
    picked = _picked(logs, checked, weights, "none")
    losses = add(multiply(picked, 1 - smoothing), multiply(spread, -smoothing / x.shape[1]))
    return divide(sum(losses), sum(Tensor(weights))) if reduction == "mean" else reduced(losses, reduction)


def _of_probabilities(logits: Tensor, targets: Tensor, weight: Tensor | None, ignore_index: Any, reduction: str,
                      smoothing: float) -> Tensor:
    """Cross entropy with probabilities as targets."""
    floating("cross_entropy", logits=logits, targets=targets)
    shapes = geometry.scores("cross_entropy", "logits", logits.shape)
    _check_weight("cross_entropy", weight, logits, shapes.scores[1])
    if not is_integer(ignore_index) or ignore_index >= 0:
        raise ShapeError("cross_entropy: ignore_index must be negative where targets are probabilities, got "
                         f"{ignore_index!r}")
    axis = min(1, logits.ndim - 1)
    if smoothing:
        targets = add(multiply(targets, 1 - smoothing), smoothing / logits.shape[axis])
    terms = multiply(log_softmax(logits, axis), targets)
    if weight is not None:
        terms = multiply(terms, _beside_classes(weight, logits))
    return reduced(negative(sum(terms, axis)), reduction)


def class_to_ignore(op: str, ignore_index: Any) -> int:
    """Read the option `ignore_index`."""
    return whole(op, "ignore_index", ignore_index, -2**63, 2**63 - 1)


def _checked(op: str, name: str, x: Tensor, target_name: str, targets: Tensor, weight: Tensor | None,
             ignore_index: Any) -> tuple[Tensor, Array, Array]:
    """Scores as (N, C) or (N, C, H, W); their targets, -1 where they are ignored; how much each of these counts."""
    _class_indices(op, name, x, target_name, targets)
    x_data, t_data = x.array, targets.array
    shape, rows = geometry.class_targets(op, name, x_data.shape, target_name, t_data.shape)
    _check_weight(op, weight, x, shape[1])
    each = ones(shape[1:2], x_data.dtype, x_data.device) if weight is None else weight.array
    if t_data.shape != rows:
        t_data, = record("reshape", (t_data,), ((rows, t_data.dtype),))
    checked, weights = record(f"{op}_targets", (t_data, each), ((rows, "int64"), (rows, x_data.dtype)),
                              (class_to_ignore(op, ignore_index),))
    return (x if x_data.shape == shape else reshape(x, shape)), checked, weights


def _class_indices(op: str, name: str, x: Tensor, target_name: str, targets: Tensor) -> None:
    any_tensor(op, target_name, targets)
    dtype = targets.array.dtype
    if dtype not in CLASSES:
        or_else = f", or probabilities of the shape of {name}{x.shape}" if op == "cross_entropy" else ""
        raise DTypeError(f"{op}: {target_name} must be a Tensor of int64 (class indices){or_else}, got {dtype} "
                         f"{targets.shape}; convert it with {target_name}.to(numbacnn.int64)")


def _check_weight(op: str, weight: Tensor | None, x: Tensor, classes: int) -> None:
    if weight is None:
        return
    floating(op, weight=weight)
    if weight.array.dtype != x.array.dtype:
        raise DTypeError(f"{op}: weight must have the dtype of the scores, {x.array.dtype}, got {weight.array.dtype}; "
                         f"convert it with weight.to(numbacnn.{x.array.dtype})")
    if weight.requires_grad:
        raise GradientError(f"{op}: weight has no gradient, got one with requires_grad=True; use weight.detach()")
    geometry.class_weight(op, classes, weight.shape)


def _beside_classes(weight: Tensor, x: Tensor) -> Tensor:
    """Weights of classes, so that they broadcast to scores."""
    return weight if x.ndim < 3 else reshape(weight, (-1, *[1] * (x.ndim - 2)))


def _as_given(y: Tensor, targets_shape: tuple[int, ...]) -> Tensor:
    """Losses in the shape of the targets; one number stays as it is."""
    return y if y.ndim == 0 or y.shape == targets_shape else reshape(y, targets_shape)
