"""Shorter names of operations, as PyTorch and NumPy have them: functions of `numbacnn` and methods of tensors."""
from numbacnn.ops.compare import equal, greater, greater_equal, less, less_equal, not_equal
from numbacnn.ops.elementwise import divide, multiply, negative, subtract
from numbacnn.ops.mathematics import absolute, clamp, power

__all__ = ["abs", "clip", "div", "eq", "ge", "gt", "le", "lt", "mul", "ne", "neg", "pow", "sub"]

abs, clip, pow = absolute, clamp, power
div, mul, neg, sub = divide, multiply, negative, subtract
eq, ge, gt, le, lt, ne = equal, greater_equal, greater, less_equal, less, not_equal
