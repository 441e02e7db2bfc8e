"""Losses of pairs, triplets, labels and counts, made of other operations."""
import math
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.errors import ShapeError
from numbacnn.graph import Array
from numbacnn.ops.check import any_tensor, floating
from numbacnn.ops.compare import greater, not_equal, where
from numbacnn.ops.elementwise import add, divide, minimum, multiply, negative, subtract
from numbacnn.ops.limits import within
from numbacnn.ops.mathematics import absolute, clamp, exp, log, power, sqrt, square
from numbacnn.ops.reduce import mean, sum
from numbacnn.ops.reduction import checked_reduction, one_shape, reduced
from numbacnn.ops.shape import unsqueeze
from numbacnn.ops.smooth_activation import logsigmoid
from numbacnn.options import flag, number

COSINE_EPS = 1e-12


def soft_margin_loss(x: Tensor, target: Tensor, size_average: None = None, reduce: None = None,
                     reduction: str = "mean") -> Tensor:
    """Measure scores by log(1 + exp(-target * x)), with targets 1 and -1, of the shape and dtype of x.

    Parameters of the reduction are those of `mse_loss`, here and in all that follow.
    """
    checked_reduction("soft_margin_loss", reduction, size_average, reduce)
    one_shape("soft_margin_loss", x=x, target=target)
    return reduced(negative(logsigmoid(multiply(target, x))), reduction)


def hinge_embedding_loss(x: Tensor, target: Tensor, margin: float = 1.0, size_average: None = None,
                         reduce: None = None, reduction: str = "mean") -> Tensor:
    """Measure distances: x where the target is 1, max(margin - x, 0) where it is -1 (the sum of both elsewhere).

    Parameters are those of `mse_loss`, without weight, and the margin: how far what does not belong together is to be
    apart.

    References
    ----------
    R. Hadsell, S. Chopra and Y. LeCun, Dimensionality reduction by learning an invariant mapping (CVPR 2006).
    """
    checked_reduction("hinge_embedding_loss", reduction, size_average, reduce)
    most = number("hinge_embedding_loss", "margin", margin)
    one_shape("hinge_embedding_loss", x=x, target=target)
    apart = clamp(subtract(most, x), min=0.0)
    return reduced(add(where(not_equal(target, 1), apart, 0.0), where(not_equal(target, -1), x, 0.0)), reduction)


def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, size_average: None = None,
                        reduce: None = None, reduction: str = "mean") -> Tensor:
    """Measure an order: max(-target * (input1 - input2) + margin, 0): target 1 wants input1 larger, -1 input2.

    Parameters are those of `mse_loss`, without x and weight, and input1 and input2, which are compared, and the margin:
    by how much one is to be larger.
    """
    checked_reduction("margin_ranking_loss", reduction, size_average, reduce)
    least = number("margin_ranking_loss", "margin", margin)
    one_shape("margin_ranking_loss", input1=input1, input2=input2, target=target)
    wrong = multiply(negative(target), subtract(input1, input2))
    return reduced(clamp(add(wrong, least), min=0.0), reduction)


def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0,
                          size_average: None = None, reduce: None = None, reduction: str = "mean") -> Tensor:
    """Measure angles: 1 - cosine where the target is 1, max(cosine - margin, 0) where it is -1.

    Parameters
    ----------
    input1, input2 : Tensor, shape (N, D) or (D,)
        Vectors.
    target : Tensor, shape (N,) or ()
        1 for vectors that belong together, -1 for others.
    margin : float
        From -1 to 1.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    reduction : "mean", "sum" or "none"
        What to do with the losses.
    """
    op = "cosine_embedding_loss"
    checked_reduction(op, reduction, size_average, reduce)
    limit = number(op, "margin", margin)
    one_shape(op, input1=input1, input2=input2)
    any_tensor(op, "target", target)
    if input1.ndim not in (1, 2) or target.shape != input1.shape[:-1]:
        raise ShapeError(f"{op}: input1 must be (N, D) and target (N,), or (D,) and (), got input1{input1.shape}, "
                         f"target{target.shape}")
    lengths = multiply(*[add(sum(square(x), -1), COSINE_EPS) for x in (input1, input2)])
    cosine = divide(sum(multiply(input1, input2), -1), sqrt(lengths))
    alike = where(not_equal(target, 1), 0.0, subtract(1, cosine))
    return reduced(add(alike, where(not_equal(target, -1), 0.0, clamp(subtract(cosine, limit), min=0.0))), reduction)


def triplet_margin_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2.0,
                        eps: float = 1e-6, swap: bool = False, size_average: None = None, reduce: None = None,
                        reduction: str = "mean") -> Tensor:
    """Measure whether the anchor is nearer to one that belongs to it: max(near - far + margin, 0).

    Parameters
    ----------
    anchor, positive, negative : Tensor, shape (N, D) or (D,)
        Vectors: one, one like it, and one unlike it.
    margin : float > 0
        By how much farther the other one is to be.
    p : float > 0
        The distance is (sum of abs(difference + eps)^p)^(1 / p).
    eps : float
        Keeps distances from 0.
    swap : bool
        Whether far is the distance from the anchor or from the positive one, whichever is less.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    reduction : "mean", "sum" or "none"
        What to do with the losses.

    References
    ----------
    V. Balntas et al., Learning shallow convolutional feature descriptors with triplet losses (BMVC 2016).
    """
    op = "triplet_margin_loss"
    checked_reduction(op, reduction, size_average, reduce)
    wanted, order = number(op, "margin", margin, above=0.0), number(op, "p", p, above=0.0)
    least, swap = number(op, "eps", eps), flag(op, "swap", swap)
    one_shape(op, anchor=anchor, positive=positive, negative=negative)
    if anchor.ndim == 0:
        raise geometry.wrong_rank(op, "anchor", (), "(N, D) or (D,)")
    near, far = _distance(anchor, positive, order, least), _distance(anchor, negative, order, least)
    if swap:
        far = minimum(far, _distance(positive, negative, order, least))
    return reduced(clamp(add(subtract(near, far), wanted), min=0.0), reduction)


def multilabel_soft_margin_loss(x: Tensor, target: Tensor, weight: Tensor | None = None, size_average: None = None,
                                reduce: None = None, reduction: str = "mean") -> Tensor:
    """Measure several labels for each example: binary cross entropy with logits, its mean over the classes.

    Parameters
    ----------
    x, target : Tensor, shape (N, C) or (C,)
        Scores; 1 for labels that hold, 0 for others.
    weight : Tensor, shape (C,), optional
        Factors of the classes.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    reduction : "mean", "sum" or "none"
        What to do with the losses.
    """
    op = "multilabel_soft_margin_loss"
    checked_reduction(op, reduction, size_average, reduce)
    one_shape(op, x=x, target=target)
    if x.ndim == 0:
        raise geometry.wrong_rank(op, "x", (), "(N, C) or (C,)")
    if weight is not None:
        floating(op, x=x, weight=weight)
        geometry.factors(op, x.shape, "weight", weight.shape)
    likely = add(multiply(target, logsigmoid(x)), multiply(subtract(1, target), logsigmoid(negative(x))))
    likely = likely if weight is None else multiply(likely, weight)
    return reduced(negative(mean(likely, -1)), reduction)


def poisson_nll_loss(x: Tensor, target: Tensor, log_input: bool = True, full: bool = False, size_average: None = None,
                     eps: float = 1e-8, reduce: None = None, reduction: str = "mean") -> Tensor:
    """Measure how unlikely counts are under Poisson distributions: exp(x) - target * x.

    Parameters
    ----------
    x, target : Tensor
        Logarithms of the expected counts, and the counts, of one shape.
    log_input : bool
        If False, x is expected counts: the loss is x - target * log(x + eps).
    full : bool
        Whether to add Stirling's approximation of log(target!), where the target is more than 1.
    size_average, reduce : None
        Refused: PyTorch's old names of `reduction`.
    eps : float
        Keeps the logarithm from -infinity.
    reduction : "mean", "sum" or "none"
        What to do with the losses.
    """
    op = "poisson_nll_loss"
    checked_reduction(op, reduction, size_average, reduce)
    least, log_input, full = number(op, "eps", eps), flag(op, "log_input", log_input), flag(op, "full", full)
    one_shape(op, x=x, target=target)
    losses = subtract(exp(x), multiply(target, x)) if log_input else subtract(x, multiply(target, log(add(x, least))))
    if full:
        many = where(greater(target, 1), target, 1.0)           # log 1! = 0 is kept from the sum below
        stirling = add(subtract(multiply(many, log(many)), many), multiply(log(multiply(many, 2 * math.pi)), 0.5))
        losses = add(losses, where(greater(target, 1), stirling, 0.0))
    return reduced(losses, reduction)


def gaussian_nll_loss(x: Tensor, target: Tensor, var: Any, full: bool = False, eps: float = 1e-6,
                      reduction: str = "mean") -> Tensor:
    """Measure how unlikely targets are under normal distributions: (log(var) + (x - target)^2 / var) / 2.

    Parameters
    ----------
    x, target : Tensor
        Means, and what came, of one shape.
    var : Tensor or float
        Variances: of the shape of x, or without its last axis, or with size 1 in one axis. None may be negative: a
        tensor's are checked when they are computed.
    full : bool
        Whether to add log(2 pi) / 2.
    eps : float > 0
        Least variance; the gradient goes through all the same.
    reduction : "mean", "sum" or "none"
        What to do with the losses.

    References
    ----------
    D. Nix and A. Weigend, Estimating the mean and variance of the target probability distribution (ICNN 1994).
    """
    op = "gaussian_nll_loss"
    checked_reduction(op, reduction)
    least, full = number(op, "eps", eps, above=0.0), flag(op, "full", full)
    if not isinstance(var, Tensor):
        fixed = max(number(op, "var", var, 0.0), least)
        one_shape(op, x=x, target=target)
        losses = multiply(add(divide(square(subtract(x, target)), fixed), math.log(fixed)), 0.5)
    else:
        one_shape(op, x=x, target=target)
        floating(op, x=x, var=var)
        wanted = (*var.shape, 1) if var.shape == x.shape[:-1] != x.shape else var.shape
        geometry.factors(op, x.shape, "var", wanted)
        var = within("gaussian_nll_loss_variances", var)
        var = _at_least(var if wanted == var.shape else unsqueeze(var, -1), least)
        losses = multiply(add(log(var), divide(square(subtract(x, target)), var)), 0.5)
    return reduced(add(losses, 0.5 * math.log(2 * math.pi)) if full else losses, reduction)


def _distance(a: Tensor, b: Tensor, p: float, eps: float) -> Tensor:
    d = add(subtract(a, b), eps)
    if p == 2:
        return sqrt(sum(square(d), -1))
    return power(sum(power(absolute(d), p), -1), 1 / p)


def _at_least(x: Tensor, least: float) -> Tensor:
    """The larger of each number and `least`; the gradient is that of x everywhere."""
    y = clamp(x.detach(), min=least)

    def backward(dy: Array) -> Gradients:
        return (dy,)

    return differentiable(y.array, (x,), backward)
