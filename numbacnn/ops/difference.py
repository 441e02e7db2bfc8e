"""Losses that compare predictions with targets number by number."""
from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.errors import ShapeError
from numbacnn.graph import Array, record
from numbacnn.ops.check import floating
from numbacnn.ops.elementwise import add, divide, multiply, subtract
from numbacnn.ops.reduce import sum
from numbacnn.ops.reduction import REDUCTIONS, checked_reduction, one_shape, reduced
from numbacnn.ops.smooth_activation import logsigmoid
from numbacnn.options import number

BATCHMEAN = (*REDUCTIONS[:2], "batchmean", REDUCTIONS[2])


def mse_loss(x: Tensor, target: Tensor, size_average: None = None, reduce: None = None, reduction: str = "mean",
             weight: Tensor | None = None) -> Tensor:
    """Measure the squared difference: (x - target)^2.

    Parameters
    ----------
    x, target : Tensor
        Predictions, and what they ought to be: of one shape and dtype, float32, float64 or bfloat16.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    reduction : "mean", "sum" or "none"
        What to do with the losses; the mean of nothing is NaN.
    weight : Tensor, optional
        How much each counts, of the shape of x; the mean is the sum divided by that of the weights.

    Returns
    -------
    Tensor
        One number, or for "none" as many as x has. Keeps x and target; both have gradients.

    Raises
    ------
    ShapeError
        If the shapes differ. PyTorch broadcasts, and warns: it is nearly always a mistake.
    """
    checked_reduction("mse_loss", reduction, size_average, reduce)
    _check("mse_loss", x, target, weight)
    return _weighted_mean(_alike("mse_loss", x, target), weight, reduction)


def l1_loss(x: Tensor, target: Tensor, size_average: None = None, reduce: None = None, reduction: str = "mean",
            weight: Tensor | None = None) -> Tensor:
    """Measure the absolute difference: abs(x - target), with gradient 0 where they are equal.

    Parameters are those of `mse_loss`.
    """
    checked_reduction("l1_loss", reduction, size_average, reduce)
    _check("l1_loss", x, target, weight)
    return _weighted_mean(_alike("l1_loss", x, target), weight, reduction)


def smooth_l1_loss(x: Tensor, target: Tensor, size_average: None = None, reduce: None = None, reduction: str = "mean",
                   beta: float = 1.0) -> Tensor:
    """Measure differences d up to beta by d^2 / (2 beta), larger ones by d - beta / 2.

    Parameters are those of `mse_loss`, without weight; beta 0 gives `l1_loss`.

    References
    ----------
    R. Girshick, Fast R-CNN (ICCV 2015), equation 3.
    """
    checked_reduction("smooth_l1_loss", reduction, size_average, reduce)
    _check("smooth_l1_loss", x, target)
    if number("smooth_l1_loss", "beta", beta, 0.0) == 0:
        return reduced(_alike("l1_loss", x, target), reduction)
    return reduced(_alike("smooth_l1_loss", x, target, beta=beta), reduction)


def huber_loss(x: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
               ) -> Tensor:
    """Measure differences d up to delta by d^2 / 2, larger ones by delta (d - delta / 2).

    Parameters are those of `mse_loss`, and delta > 0; but the mean is the sum divided by how many losses there are.

    References
    ----------
    P. Huber, Robust estimation of a location parameter (Annals of Mathematical Statistics 35, 1964).
    """
    checked_reduction("huber_loss", reduction)
    delta = number("huber_loss", "delta", delta, above=0.0, infinite=True)
    _check("huber_loss", x, target, weight)
    losses = _alike("huber_loss", x, target, delta=delta)
    return reduced(losses if weight is None else multiply(losses, weight), reduction)


def binary_cross_entropy(x: Tensor, target: Tensor, weight: Tensor | None = None, size_average: None = None,
                         reduce: None = None, reduction: str = "mean") -> Tensor:
    """Measure how unlikely targets are: -(target log(x) + (1 - target) log(1 - x)), logarithms at least -100.

    Parameters
    ----------
    x : Tensor
        Probabilities from 0 to 1; for others the loss is NaN.
    target : Tensor
        0, 1, or a probability, of the shape and dtype of x.
    weight : Tensor, optional
        Factors of the losses; its shape broadcasts to that of x.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    reduction : "mean", "sum" or "none"
        What to do with the losses.

    Returns
    -------
    Tensor
        Keeps x and target; both have gradients. `binary_cross_entropy_with_logits` is more exact.
    """
    checked_reduction("binary_cross_entropy", reduction, size_average, reduce)
    _check("binary_cross_entropy", x, target, weight=weight)
    losses = _with_target("binary_cross_entropy", x, target)
    return reduced(losses if weight is None else multiply(losses, weight), reduction)


def binary_cross_entropy_with_logits(x: Tensor, target: Tensor, weight: Tensor | None = None,
                                     size_average: None = None, reduce: None = None, reduction: str = "mean",
                                     pos_weight: Tensor | None = None) -> Tensor:
    """Measure how unlikely targets are under sigmoid(x), without overflow.

    Parameters
    ----------
    x : Tensor
        Scores of any size.
    target : Tensor
        0, 1, or a probability, of the shape and dtype of x.
    weight : Tensor, optional
        Factors of the losses; its shape broadcasts to that of x.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    reduction : "mean", "sum" or "none"
        What to do with the losses.
    pos_weight : Tensor, optional
        Factors of log(sigmoid(x)), the part of targets 1: how many negative examples there are for each positive one;
        its shape broadcasts to that of x.

    Returns
    -------
    Tensor
        Keeps x and target; both have gradients.
    """
    op = "binary_cross_entropy_with_logits"
    checked_reduction(op, reduction, size_average, reduce)
    _check(op, x, target, weight=weight, pos_weight=pos_weight)
    if pos_weight is None:
        losses = _with_target(op, x, target)
    else:
        share = add(multiply(subtract(pos_weight, 1), target), 1)
        losses = subtract(multiply(subtract(1, target), x), multiply(share, logsigmoid(x)))
    return reduced(losses if weight is None else multiply(losses, weight), reduction)


def kl_div(x: Tensor, target: Tensor, size_average: None = None, reduce: None = None, reduction: str = "mean",
           log_target: bool = False) -> Tensor:
    """Measure how far log-probabilities x are from target: target (log(target) - x), 0 where the target is 0.

    Parameters
    ----------
    x : Tensor
        Logarithms of probabilities.
    target : Tensor
        Probabilities, or their logarithms, of the shape and dtype of x.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    reduction : "mean", "sum", "batchmean" or "none"
        What to do with the losses; "batchmean", the sum divided by N, is what mathematics calls the divergence.
    log_target : bool
        Whether the target is logarithms.

    Returns
    -------
    Tensor
        Keeps x and target; both have gradients.

    References
    ----------
    S. Kullback and R. Leibler, On information and sufficiency (Annals of Mathematical Statistics 22, 1951).
    """
    checked_reduction("kl_div", reduction, size_average, reduce, BATCHMEAN)
    _check("kl_div", x, target)
    if reduction == "batchmean" and x.ndim == 0:
        raise ShapeError("kl_div: reduction 'batchmean' needs an axis of the batch, got x()")
    losses = _with_target("kl_div_log" if log_target else "kl_div", x, target)
    return divide(sum(losses), float(x.shape[0])) if reduction == "batchmean" else reduced(losses, reduction)


def _alike(op: str, x: Tensor, target: Tensor, **options: float) -> Tensor:
    """Record a loss that stays the same if x and target are exchanged."""
    numbers = tuple([float(value) for value in options.values()])
    x_data, t_data, needs = x.array, target.array, (x.requires_grad, target.requires_grad)
    spec = ((x_data.shape, x_data.dtype),)
    y, = record(op, (x_data, t_data), spec, numbers)

    def backward(dy: Array) -> Gradients:
        return (record(f"{op}_backward", (dy, x_data, t_data), spec, numbers)[0] if needs[0] else None,
                record(f"{op}_backward", (dy, t_data, x_data), spec, numbers)[0] if needs[1] else None)

    return differentiable(y, (x, target), backward)


def _with_target(op: str, x: Tensor, target: Tensor) -> Tensor:
    """Record a loss whose targets have a derivative of their own."""
    x_data, t_data, needs = x.array, target.array, (x.requires_grad, target.requires_grad)
    spec = ((x_data.shape, x_data.dtype),)
    y, = record(op, (x_data, t_data), spec)

    def backward(dy: Array) -> Gradients:
        return (record(f"{op}_backward", (dy, x_data, t_data), spec)[0] if needs[0] else None,
                record(f"{op}_backward_target", (dy, x_data, t_data), spec)[0] if needs[1] else None)

    return differentiable(y, (x, target), backward)


def _check(op: str, x: Tensor, target: Tensor, same: Tensor | None = None, **factors: Tensor | None) -> None:
    """Check dtypes and shapes: a weight of the `same` shape, factors that broadcast to it."""
    if same is None:
        one_shape(op, x=x, target=target)
    else:
        one_shape(op, x=x, target=target, weight=same)
    for name, factor in factors.items():
        if factor is not None:
            floating(op, x=x, **{name: factor})
            geometry.factors(op, x.shape, name, factor.shape)


def _weighted_mean(losses: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    if weight is None:
        return reduced(losses, reduction)
    losses = multiply(losses, weight)
    return divide(sum(losses), sum(weight)) if reduction == "mean" else reduced(losses, reduction)
