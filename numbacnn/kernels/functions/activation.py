"""Activations. NaN takes the branch of PyTorch, and so does a number where a derivative jumps."""
import math

from numbacnn.kernels.functions.primitives import Values, erf, exp, expm1, log1p, tanh, where

ROOT_OF_HALF = math.sqrt(0.5)
DENSITY = 1 / math.sqrt(2 * math.pi)                     # of the normal distribution, at 0
SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
TANH_GELU, TANH_CUBE = math.sqrt(2 / math.pi), 0.044715


# --- piecewise linear ------------------------------------------------------------------------------------------------

def relu(x: Values, /) -> Values:
    """max(x, 0)."""
    return where(x <= 0.0, 0.0, x)


def relu_backward(dy: Values, y: Values, /) -> Values:
    """0 where y <= 0, else dy (so NaN lets the gradient through)."""
    return where(y <= 0.0, 0.0, dy)


def leaky_relu(x: Values, /, negative_slope: float) -> Values:
    """x where x > 0, else negative_slope * x."""
    return where(x > 0.0, x, negative_slope * x)


def leaky_relu_backward(dy: Values, x: Values, /, negative_slope: float) -> Values:
    """dy where x > 0, else negative_slope * dy."""
    return where(x > 0.0, dy, negative_slope * dy)


def hardtanh(x: Values, /, min_val: float, max_val: float) -> Values:
    """x, but at least min_val and at most max_val."""
    return where(x < min_val, min_val, where(x > max_val, max_val, x))


def hardtanh_backward(dy: Values, x: Values, /, min_val: float, max_val: float) -> Values:
    """dy between min_val and max_val, 0 at them and beyond."""
    return where((x > min_val) & (x < max_val), dy, 0.0)


def hardsigmoid(x: Values, /) -> Values:
    """(x + 3) / 6, but at least 0 and at most 1."""
    return where(x <= -3.0, 0.0, where(x >= 3.0, 1.0, (x + 3.0) / 6.0))


def hardsigmoid_backward(dy: Values, x: Values, /) -> Values:
    """dy / 6 between -3 and 3, 0 at them and beyond."""
    return where((x > -3.0) & (x < 3.0), dy / 6.0, 0.0)


def hardswish(x: Values, /) -> Values:
    """x * hardsigmoid(x)."""
    return x * where(x <= -3.0, 0.0, where(x >= 3.0, 1.0, (x + 3.0) / 6.0))


def hardswish_backward(dy: Values, x: Values, /) -> Values:
    """dy * (x / 3 + 1 / 2) between -3 and 3, 0 up to -3, dy from 3 on."""
    return where(x <= -3.0, 0.0, where(x >= 3.0, dy, dy * (x / 3.0 + 0.5)))


def threshold(x: Values, /, threshold: float, value: float) -> Values:
    """x where x > threshold, else value."""
    return where(x <= threshold, value, x)


def threshold_backward(dy: Values, x: Values, /, threshold: float, value: float) -> Values:
    """dy where x > threshold, else 0."""
    return where(x <= threshold, 0.0, dy)


def hardshrink(x: Values, /, lambd: float) -> Values:
    """x, but 0 from -lambd to lambd."""
    return where((x >= -lambd) & (x <= lambd), 0.0, x)


def hardshrink_backward(dy: Values, x: Values, /, lambd: float) -> Values:
    """dy, but 0 from -lambd to lambd."""
    return where((x < -lambd) | (x > lambd), dy, 0.0)


def softshrink(x: Values, /, lambd: float) -> Values:
    """x moved by lambd towards 0, where it stops."""
    return where(x > lambd, x - lambd, where(x < -lambd, x + lambd, x * 0.0))


def softshrink_backward(dy: Values, x: Values, /, lambd: float) -> Values:
    """dy, but 0 from -lambd to lambd."""
    return where((x < -lambd) | (x > lambd), dy, 0.0)


# --- with exponentials -----------------------------------------------------------------------------------------------

def sigmoid(x: Values, /) -> Values:
    """1 / (1 + exp(-x)), without overflow."""
    small = exp(-abs(x))
    return where(x >= 0.0, 1.0, small) / (1.0 + small)


def sigmoid_backward(dy: Values, y: Values, /) -> Values:
    """dy * y * (1 - y)."""
    return dy * y * (1.0 - y)


def tanh_backward(dy: Values, y: Values, /) -> Values:
    """dy * (1 - y^2)."""
    return dy * (1.0 - y * y)


def silu(x: Values, /) -> Values:
    """x * sigmoid(x)."""
    return x * sigmoid(x)


def silu_backward(dy: Values, x: Values, /) -> Values:
    """dy * s * (1 + x * (1 - s)) with s = sigmoid(x)."""
    s = sigmoid(x)
    return dy * s * (1.0 + x * (1.0 - s))


def log_sigmoid(x: Values, /) -> Values:
    """log(sigmoid(x)) = min(x, 0) - log(1 + exp(-|x|))."""
    return where(x < 0.0, x, 0.0) - log1p(exp(-abs(x)))


def log_sigmoid_backward(dy: Values, x: Values, /) -> Values:
    """dy * sigmoid(-x)."""
    return dy * sigmoid(-x)


def softplus(x: Values, /, beta: float, threshold: float) -> Values:
    """log(1 + exp(beta * x)) / beta; x where beta * x > threshold."""
    z = beta * x
    return where(z > threshold, x, (where(z > 0.0, z, 0.0) + log1p(exp(-abs(z)))) / beta)


def softplus_backward(dy: Values, x: Values, /, beta: float, threshold: float) -> Values:
    """dy * sigmoid(beta * x); dy where beta * x > threshold."""
    return where(beta * x > threshold, dy, dy * sigmoid(beta * x))


def mish(x: Values, /) -> Values:
    """x * tanh(softplus(x))."""
    return x * tanh(softplus(x, 1.0, 20.0))


def mish_backward(dy: Values, x: Values, /) -> Values:
    """dy * (t + x * sigmoid(x) * (1 - t^2)) with t = tanh(softplus(x))."""
    t = tanh(softplus(x, 1.0, 20.0))
    return dy * (t + x * sigmoid(x) * (1.0 - t * t))


def elu(x: Values, /, alpha: float) -> Values:
    """x where x > 0, else alpha * (exp(x) - 1)."""
    return where(x > 0.0, x, alpha * expm1(x))


def elu_backward(dy: Values, x: Values, /, alpha: float) -> Values:
    """dy where x > 0, else dy * alpha * exp(x)."""
    return where(x > 0.0, dy, dy * alpha * exp(x))


def selu(x: Values, /) -> Values:
    """scale * (x where x > 0, else alpha * (exp(x) - 1)), so that mean 0 and variance 1 are stable."""
    return SELU_SCALE * where(x > 0.0, x, SELU_ALPHA * expm1(x))


def selu_backward(dy: Values, x: Values, /) -> Values:
    """dy * scale where x > 0, else dy * scale * alpha * exp(x)."""
    return SELU_SCALE * where(x > 0.0, dy, dy * SELU_ALPHA * exp(x))


def celu(x: Values, /, alpha: float) -> Values:
    """x where x > 0, else alpha * (exp(x / alpha) - 1)."""
    return where(x > 0.0, x, alpha * expm1(x / alpha))


def celu_backward(dy: Values, x: Values, /, alpha: float) -> Values:
    """dy where x > 0, else dy * exp(x / alpha)."""
    return where(x > 0.0, dy, dy * exp(x / alpha))


def gelu(x: Values, /) -> Values:
    """x times the probability that a normally distributed number is less."""
    return 0.5 * x * (1.0 + erf(ROOT_OF_HALF * x))


def gelu_backward(dy: Values, x: Values, /) -> Values:
    """dy times (the probability + x * the density)."""
    return dy * (0.5 * (1.0 + erf(ROOT_OF_HALF * x)) + x * (DENSITY * exp(-0.5 * x * x)))


def gelu_tanh(x: Values, /) -> Values:
    """0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), which is close to gelu."""
    return 0.5 * x * (1.0 + tanh(TANH_GELU * (x + TANH_CUBE * x * x * x)))


def gelu_tanh_backward(dy: Values, x: Values, /) -> Values:
    """The derivative of gelu_tanh, times dy."""
    t = tanh(TANH_GELU * (x + TANH_CUBE * x * x * x))
    inner = TANH_GELU * (1.0 + 3.0 * TANH_CUBE * x * x)
    return dy * (0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * inner)


def softsign(x: Values, /) -> Values:
    """x / (1 + |x|)."""
    return x / (1.0 + abs(x))


def softsign_backward(dy: Values, x: Values, /) -> Values:
    """dy / (1 + |x|)^2."""
    return dy / ((1.0 + abs(x)) * (1.0 + abs(x)))
