"""Elementwise functions and their derivatives, written once: part of the contract, compiled by every backend.

A function takes numbers of arrays, all of one shape, then (after the slash) options, and returns the number of the
output. It is an expression: no branches, no loops, so that a backend may compute it for many numbers at once, of
float32 or float64. `f_backward(dy, x, ...)` is the gradient of `f(x, ...)`; it may take y in place of x, where that
says as much and needs not be kept besides. A function of two arrays has `f_backward(dy, x, target, ...)`, and
`f_backward_target` for the other one. Their kernels take the arrays, the output, and the options.
"""
import inspect
from collections.abc import Callable
from functools import cache

from numbacnn.kernels.functions import activation, loss, mathematics, primitives
from numbacnn.kernels.functions.primitives import Values

Function = Callable[..., Values]

PRIMITIVES = ("cos", "erf", "exp", "expm1", "floor", "log", "log1p", "rint", "sin", "sqrt", "tanh", "trunc")
FUNCTIONS: dict[str, Function] = {
    **{name: getattr(primitives, name) for name in PRIMITIVES},
    **{name: function for module in (activation, loss, mathematics) for name, function in vars(module).items()
       if inspect.isfunction(function) and function.__module__ == module.__name__}}


@cache
def arguments_of(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of a function's arrays, and of its options."""
    if name in PRIMITIVES:
        return ("x",), ()
    parameters = inspect.signature(FUNCTIONS[name]).parameters.values()
    return (tuple([p.name for p in parameters if p.kind is p.POSITIONAL_ONLY]),
            tuple([p.name for p in parameters if p.kind is not p.POSITIONAL_ONLY]))
