"""Shorter names of operations, as PyTorch and NumPy have them: functions of `numbacnn` and methods of tensors."""
from numbacnn.ops.compare import greater, greater_equal, less, less_equal, not_equal
from numbacnn.ops.elementwise import divide, multiply, negative, subtract
from numbacnn.ops.mathematics import absolute, clamp, power
from numbacnn.ops.view import movedim, swapaxes

__all__ = ["abs", "clip", "div", "ge", "gt", "le", "lt", "moveaxis", "mul", "ne", "neg", "pow", "sub", "swapdims"]

abs, clip, pow = absolute, clamp, power
div, mul, neg, sub = divide, multiply, negative, subtract
ge, gt, le, lt, ne = greater_equal, greater, less_equal, less, not_equal
moveaxis, swapdims = movedim, swapaxes
