"""Operations: one function each, its backward nested inside; and what Python's operators and Tensor's methods call."""
from numbacnn.autograd import Tensor
from numbacnn.ops.activation import (
    celu,
    elu,
    gelu,
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    logsigmoid,
    mish,
    prelu,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softshrink,
    softsign,
    tanh,
    tanhshrink,
    threshold,
)
from numbacnn.ops.compare import (
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    equal,
    greater,
    greater_equal,
    isfinite,
    isinf,
    isnan,
    less,
    less_equal,
    logical_not,
    not_equal,
    where,
)
from numbacnn.ops.conv import conv2d
from numbacnn.ops.dropout import (
    alpha_dropout,
    dropout,
    dropout1d,
    dropout2d,
    dropout3d,
    feature_alpha_dropout,
)
from numbacnn.ops.elementwise import (
    add,
    divide,
    floor_divide,
    in_place,
    maximum,
    minimum,
    multiply,
    negative,
    remainder,
    subtract,
)
from numbacnn.ops.group_norm import group_norm, instance_norm
from numbacnn.ops.layer_norm import layer_norm, rms_norm
from numbacnn.ops.linear import bilinear, linear
from numbacnn.ops.local_response import local_response_norm
from numbacnn.ops.loss import cross_entropy
from numbacnn.ops.mathematics import (
    absolute,
    ceil,
    clamp,
    cos,
    erf,
    exp,
    expm1,
    floor,
    log,
    log1p,
    log2,
    log10,
    power,
    reciprocal,
    round,
    rsqrt,
    sign,
    sin,
    sqrt,
    square,
    trunc,
)
from numbacnn.ops.norm import batch_norm
from numbacnn.ops.pool import adaptive_avg_pool2d, avg_pool2d, max_pool2d, sum_pool2d
from numbacnn.ops.reduce import argmax, mean, sum
from numbacnn.ops.shape import expand, flatten, permute, reshape, squeeze, to, transpose, unsqueeze

__all__ = [
    "absolute", "adaptive_avg_pool2d", "add", "alpha_dropout", "argmax", "avg_pool2d", "batch_norm", "bilinear",
    "bitwise_and", "bitwise_or", "bitwise_xor", "ceil", "celu", "clamp", "conv2d", "cos", "cross_entropy", "divide",
    "dropout", "dropout1d", "dropout2d", "dropout3d", "elu", "equal", "erf", "exp", "expand", "expm1",
    "feature_alpha_dropout", "flatten", "floor", "floor_divide", "gelu", "greater", "greater_equal", "group_norm",
    "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "instance_norm", "isfinite", "isinf", "isnan",
    "layer_norm", "leaky_relu", "less", "less_equal", "linear", "local_response_norm", "log", "log10", "log1p",
    "log2", "logical_not", "logsigmoid", "max_pool2d", "maximum", "mean", "minimum", "mish", "multiply", "negative",
    "not_equal", "permute", "power", "prelu", "reciprocal", "relu", "relu6", "remainder", "reshape", "rms_norm",
    "round", "rsqrt", "selu", "sigmoid", "sign", "silu", "sin", "softmax", "softplus", "softshrink", "softsign",
    "sqrt", "square", "squeeze", "subtract", "sum", "sum_pool2d", "tanh", "tanhshrink", "threshold", "to",
    "transpose", "trunc", "unsqueeze", "where",
]

METHODS = {
    "__add__": add, "__radd__": add, "__mul__": multiply, "__rmul__": multiply, "__sub__": subtract,
    "__rsub__": lambda x, other: subtract(other, x), "__truediv__": divide,
    "__rtruediv__": lambda x, other: divide(other, x), "__neg__": negative, "__pow__": power,
    "__rpow__": lambda x, other: power(other, x), "__mod__": remainder,
    "__rmod__": lambda x, other: remainder(other, x), "__floordiv__": floor_divide,
    "__rfloordiv__": lambda x, other: floor_divide(other, x), "__abs__": absolute, "__and__": bitwise_and,
    "__rand__": bitwise_and, "__or__": bitwise_or, "__ror__": bitwise_or, "__xor__": bitwise_xor,
    "__rxor__": bitwise_xor, "__invert__": logical_not,
    "__iadd__": in_place(add), "__isub__": in_place(subtract), "__imul__": in_place(multiply),
    "__itruediv__": in_place(divide), "__eq__": equal, "__ne__": not_equal, "__lt__": less, "__le__": less_equal,
    "__gt__": greater, "__ge__": greater_equal, "__hash__": object.__hash__,
    "sum": sum, "mean": mean, "argmax": argmax, "reshape": reshape, "view": reshape, "flatten": flatten,
    "squeeze": squeeze, "unsqueeze": unsqueeze, "permute": permute, "transpose": transpose, "expand": expand, "to": to,
    "abs": absolute, "pow": power, "clip": clamp, "neg": negative, "sub": subtract, "mul": multiply, "div": divide,
    **{function.__name__: function for function in (
        absolute, add, ceil, clamp, cos, divide, equal, erf, exp, expm1, floor, greater, greater_equal, isfinite, isinf,
        isnan, less, less_equal, log, log1p, log2, log10, logical_not, maximum, minimum, multiply, negative, not_equal,
        reciprocal, relu, remainder, round, rsqrt, sigmoid, sign, sin, softmax, sqrt, square, subtract, tanh, trunc)},
}

for _name, _method in METHODS.items():
    setattr(Tensor, _name, _method)
