"""Losses, number by number: of predictions x and targets. `f_backward` is the gradient of x, `f_backward_target` that
of the target; where f is the same with the two exchanged, so is its gradient.
"""
from numbacnn.kernels.functions.activation import log_sigmoid, sigmoid
from numbacnn.kernels.functions.primitives import Values, exp, log, log1p, where

LEAST_LOG, LEAST_VARIANCE = -100.0, 9.999999960041972e-13    # PyTorch's; the second is 1e-12 in float32


def mse_loss(x: Values, target: Values, /) -> Values:
    """(x - target)^2."""
    return (x - target) * (x - target)


def mse_loss_backward(dy: Values, x: Values, target: Values, /) -> Values:
    """2 * dy * (x - target)."""
    return 2.0 * dy * (x - target)


def l1_loss(x: Values, target: Values, /) -> Values:
    """|x - target|."""
    return abs(x - target)


def l1_loss_backward(dy: Values, x: Values, target: Values, /) -> Values:
    """dy * sign(x - target), 0 where that is NaN."""
    return where(x > target, dy, where(x < target, -dy, 0.0))


def smooth_l1_loss(x: Values, target: Values, /, beta: float) -> Values:
    """With d = |x - target|: d^2 / (2 * beta) where d < beta, else d - beta / 2."""
    d = abs(x - target)
    return where(d < beta, 0.5 * d * d / beta, d - 0.5 * beta)


def smooth_l1_loss_backward(dy: Values, x: Values, target: Values, /, beta: float) -> Values:
    """dy * (x - target) / beta, limited to -dy and dy."""
    d = x - target
    return where(d >= beta, dy, where(d <= -beta, -dy, dy * d / beta))


def huber_loss(x: Values, target: Values, /, delta: float) -> Values:
    """With d = |x - target|: d^2 / 2 up to delta, then delta * (d - delta / 2)."""
    d = abs(x - target)
    return where(d <= delta, 0.5 * d * d, delta * (d - 0.5 * delta))


def huber_loss_backward(dy: Values, x: Values, target: Values, /, delta: float) -> Values:
    """dy * (x - target), the difference limited to -delta and delta."""
    d = x - target
    return where(d >= delta, delta * dy, where(d <= -delta, -delta * dy, dy * d))


def binary_cross_entropy(x: Values, target: Values, /) -> Values:
    """-(target * log(x) + (1 - target) * log(1 - x)), each logarithm at least -100; NaN where x is not in [0, 1]."""
    one, zero = log(x), log1p(-x)
    return ((target - 1.0) * where(zero < LEAST_LOG, LEAST_LOG, zero)
            - target * where(one < LEAST_LOG, LEAST_LOG, one))


def binary_cross_entropy_backward(dy: Values, x: Values, target: Values, /) -> Values:
    """dy * (x - target) / (x * (1 - x)), the divisor at least 1e-12."""
    variance = (1.0 - x) * x
    return dy * (x - target) / where(variance < LEAST_VARIANCE, LEAST_VARIANCE, variance)


def binary_cross_entropy_backward_target(dy: Values, x: Values, target: Values, /) -> Values:
    """dy * (log(1 - x) - log(x))."""
    return dy * (log1p(-x) - log(x))


def binary_cross_entropy_with_logits(x: Values, target: Values, /) -> Values:
    """(1 - target) * x - log(sigmoid(x))."""
    return (1.0 - target) * x - log_sigmoid(x)


def binary_cross_entropy_with_logits_backward(dy: Values, x: Values, target: Values, /) -> Values:
    """dy * (sigmoid(x) - target)."""
    return dy * (sigmoid(x) - target)


def binary_cross_entropy_with_logits_backward_target(dy: Values, x: Values, target: Values, /) -> Values:
    """-dy * x."""
    return -dy * x


def kl_div(x: Values, target: Values, /) -> Values:
    """target * (log(target) - x), with 0 * log(0) = 0."""
    return where(target == 0.0, 0.0, target * log(target)) - target * x


def kl_div_backward(dy: Values, x: Values, target: Values, /) -> Values:
    """-dy * target."""
    return -dy * target


def kl_div_backward_target(dy: Values, x: Values, target: Values, /) -> Values:
    """dy * (log(target) + 1 - x), NaN where the target is 0."""
    return dy * (log(target) + target / target - x)


def kl_div_log(x: Values, target: Values, /) -> Values:
    """exp(target) * (target - x): the target is a logarithm, too."""
    return exp(target) * (target - x)


def kl_div_log_backward(dy: Values, x: Values, target: Values, /) -> Values:
    """-dy * exp(target)."""
    return -dy * exp(target)


def kl_div_log_backward_target(dy: Values, x: Values, target: Values, /) -> Values:
    """dy * exp(target) * (target - x + 1)."""
    return dy * exp(target) * (target - x + 1.0)
