"""Operations: one function each, its backward nested inside; and what Python's operators and Tensor's methods call."""
from numbacnn.autograd import Tensor
from numbacnn.ops.activation import leaky_relu, prelu, relu, sigmoid, softmax
from numbacnn.ops.compare import equal, greater, greater_equal, less, less_equal, not_equal
from numbacnn.ops.conv import conv2d
from numbacnn.ops.dropout import dropout
from numbacnn.ops.elementwise import add, divide, in_place, multiply, negative, subtract
from numbacnn.ops.linear import linear
from numbacnn.ops.loss import cross_entropy
from numbacnn.ops.norm import batch_norm
from numbacnn.ops.pool import adaptive_avg_pool2d, avg_pool2d, max_pool2d, sum_pool2d
from numbacnn.ops.reduce import argmax, mean, sum
from numbacnn.ops.shape import expand, flatten, permute, reshape, squeeze, to, transpose, unsqueeze

__all__ = [
    "adaptive_avg_pool2d", "add", "argmax", "avg_pool2d", "batch_norm", "conv2d", "cross_entropy", "divide", "dropout",
    "expand", "flatten", "leaky_relu", "linear", "max_pool2d", "mean", "multiply", "negative", "permute", "prelu",
    "relu", "reshape", "sigmoid", "softmax", "squeeze", "subtract", "sum", "sum_pool2d", "to", "transpose", "unsqueeze",
]

METHODS = {
    "__add__": add, "__radd__": add, "__mul__": multiply, "__rmul__": multiply, "__sub__": subtract,
    "__rsub__": lambda x, other: subtract(other, x), "__truediv__": divide,
    "__rtruediv__": lambda x, other: divide(other, x), "__neg__": negative,
    "__iadd__": in_place(add), "__isub__": in_place(subtract), "__imul__": in_place(multiply),
    "__itruediv__": in_place(divide), "__eq__": equal, "__ne__": not_equal, "__lt__": less, "__le__": less_equal,
    "__gt__": greater, "__ge__": greater_equal, "__hash__": object.__hash__,
    "sum": sum, "mean": mean, "argmax": argmax, "reshape": reshape, "view": reshape, "flatten": flatten,
    "squeeze": squeeze, "unsqueeze": unsqueeze, "permute": permute, "transpose": transpose, "expand": expand, "to": to,
}

for _name, _method in METHODS.items():
    setattr(Tensor, _name, _method)
