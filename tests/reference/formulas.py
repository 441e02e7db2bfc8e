"""The formulas of elementwise functions, of dual numbers."""
import math

import numpy as np

from reference.dual import Dual, choose, cos, erf, exp, expm1, lift, log, log1p, sin, sqrt, tanh

INVERSE_ROOT = 1 / math.sqrt(2)


def sigmoid_of(x):
    return choose(x.value >= 0, 1 / (1 + exp(-x)), exp(x) / (1 + exp(x)))


def softplus_of(x, beta, threshold):
    z = beta * x
    smooth = choose(z.value > 0, z + log1p(exp(-z)), log1p(exp(z)))
    return choose(z.value > threshold, x, smooth / beta)


def size_of(x):
    return choose(x.value > 0, x, choose(x.value < 0, -x, np.abs(x.value)))


def kept_between(x, least, most, inside):
    """x inside, constant elsewhere."""
    return choose(inside, x, lift(np.minimum(np.maximum(x.value, least), most)))


FORMULAS = {
    "relu": lambda x: choose(x.value <= 0, 0, x),
    "leaky_relu": lambda x, slope: choose(x.value > 0, x, slope * x),
    "hardtanh": lambda x, least, most: kept_between(x, least, most, (x.value > least) & (x.value < most)),
    "hardsigmoid": lambda x: choose(abs(x.value) < 3, (x + 3) / 6, np.clip(x.value / 6 + 0.5, 0, 1)),
    "hardswish": lambda x: choose(x.value <= -3, 0 * x.value, choose(x.value >= 3, x, x * (x + 3) / 6)),
    "threshold": lambda x, threshold, value: choose(x.value <= threshold, value, x),
    "hardshrink": lambda x, lambd: choose(abs(x.value) > lambd, x, np.where(abs(x.value) <= lambd, 0, x.value)),
    "softshrink": lambda x, lambd: choose(x.value > lambd, x - lambd, choose(x.value < -lambd, x + lambd, x * 0)),
    "sigmoid": sigmoid_of, "tanh": tanh, "log_sigmoid": lambda x: -softplus_of(-x, 1, math.inf),
    "silu": lambda x: x * sigmoid_of(x), "softplus": softplus_of,
    "mish": lambda x: x * tanh(softplus_of(x, 1, math.inf)),
    "elu": lambda x, alpha: choose(x.value > 0, x, alpha * expm1(x)),
    "selu": lambda x: 1.0507009873554805 * choose(x.value > 0, x, 1.6732632423543772 * expm1(x)),
    "celu": lambda x, alpha: choose(x.value > 0, x, alpha * expm1(x / alpha)),
    "gelu": lambda x: x * (1 + erf(x * INVERSE_ROOT)) / 2,
    "gelu_tanh": lambda x: x * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))) / 2,
    "softsign": lambda x: Dual(x.value / (1 + abs(x.value)), x.slope / (1 + abs(x.value)) ** 2),
    "exp": exp, "expm1": expm1, "log": log, "log1p": log1p, "sqrt": sqrt, "sin": sin, "cos": cos, "erf": erf,
    "log2": lambda x: log(x) / math.log(2), "log10": lambda x: log(x) / math.log(10), "rsqrt": lambda x: 1 / sqrt(x),
    "square": lambda x: x * x, "cube": lambda x: x * x * x, "reciprocal": lambda x: 1 / x, "absolute": size_of,
    "powered": lambda x, n: Dual(x.value ** n, n * x.value ** (n - 1) * x.slope),
    "clamp": lambda x, least, most: kept_between(x, least, most, (x.value >= least) & (x.value <= most)),
}
STEPS = {"one": np.ones_like, "floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "rint": np.rint,
         "sign": lambda x: np.where(np.isnan(x), 0, np.sign(x))}
OF_OUTPUT = {        # derivatives, of the output
    "relu": lambda y: np.where(y <= 0, 0, 1), "sigmoid": lambda y: y * (1 - y), "tanh": lambda y: (1 - y) * (1 + y),
    "exp": lambda y: y, "expm1": lambda y: 1 + y, "sqrt": lambda y: 1 / (2 * y), "rsqrt": lambda y: -(y ** 3) / 2,
    "reciprocal": lambda y: -(y ** 2)}
