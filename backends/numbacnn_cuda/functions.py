"""Elementwise functions of the contract, compiled for a thread: a kernel for each.

A function's primitives (numbacnn/kernels/functions/primitives.py) are exchanged for those of this backend: the same
code, with other globals.
"""
import math
from types import FunctionType

import numpy as np

from numbacnn.kernels.channels_last import View
from numbacnn.kernels.functions import FUNCTIONS, arguments_of, primitives

from .compile import Device, Primitive, cuda, device, kernel, real


@device
def where(condition, a, b):
    """Return a or b; both are known."""
    return a if condition else b


@device
def like(x, value):
    """Return a number as x's dtype."""
    return real(value)


PRIMITIVES = {
    "cos": Primitive("cos", np.cos), "erf": Primitive("erf", lambda x: type(x)(math.erf(x))),
    "exp": Primitive("exp", np.exp), "expm1": Primitive("expm1", np.expm1), "floor": Primitive("floor", np.floor),
    "like": like, "log": Primitive("log", np.log), "log1p": Primitive("log1p", np.log1p),
    "power": Primitive("pow", np.power), "rint": Primitive("rint", np.rint), "sin": Primitive("sin", np.sin),
    "sqrt": Primitive("sqrt", np.sqrt), "tanh": Primitive("tanh", np.tanh), "trunc": Primitive("trunc", np.trunc),
    "where": where}
made = {}                 # functions of the contract -> functions of this backend


def of_device(function):
    """Return a function of the contract, and what it calls, as a function of a thread."""
    if function is getattr(primitives, function.__name__, None):
        return PRIMITIVES[function.__name__]
    if function not in made:
        known = {name: function.__globals__[name] for name in function.__code__.co_names
                 if name in function.__globals__}
        names = {name: PRIMITIVES.get(name) or (of_device(value) if callable(value) else value)
                 for name, value in known.items()}
        made[function] = Device(FunctionType(function.__code__, {"__name__": __name__, **names}, function.__name__))
    return made[function]


def arranged(*arguments):
    """Arrange arrays of one shape, each as one axis, and options."""
    return [argument.flat() if isinstance(argument, View) else float(argument) for argument in arguments]


def mapped(function, arrays, options):
    """Return the kernel of a function of so many arrays and options: a thread computes one number."""
    def of_one(x, y):
        i = cuda.grid(1)
        if i < y.size:
            y[i] = function(x[i])

    def of_one_a(x, y, a):
        i = cuda.grid(1)
        if i < y.size:
            y[i] = function(x[i], a)

    def of_one_ab(x, y, a, b):
        i = cuda.grid(1)
        if i < y.size:
            y[i] = function(x[i], a, b)

    def of_two(x, z, y):
        i = cuda.grid(1)
        if i < y.size:
            y[i] = function(x[i], z[i])

    def of_two_a(x, z, y, a):
        i = cuda.grid(1)
        if i < y.size:
            y[i] = function(x[i], z[i], a)

    def of_two_ab(x, z, y, a, b):
        i = cuda.grid(1)
        if i < y.size:
            y[i] = function(x[i], z[i], a, b)

    def of_three(x, z, v, y):
        i = cuda.grid(1)
        if i < y.size:
            y[i] = function(x[i], z[i], v[i])

    def of_three_a(x, z, v, y, a):
        i = cuda.grid(1)
        if i < y.size:
            y[i] = function(x[i], z[i], v[i], a)

    return {(1, 0): of_one, (1, 1): of_one_a, (1, 2): of_one_ab, (2, 0): of_two, (2, 1): of_two_a, (2, 2): of_two_ab,
            (3, 0): of_three, (3, 1): of_three_a}[arrays, options]


def kernel_of(name):
    """Return the kernel of a function of the contract."""
    arrays, options = map(len, arguments_of(name))
    function = mapped(of_device(FUNCTIONS[name]), arrays, options)
    function.__name__ = function.__qualname__ = name
    return kernel(items=lambda y: y.size, arrange=arranged)(function)


def __getattr__(name):
    """Make the kernel of a function when it is first asked for: most programs need few."""
    if name not in FUNCTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = kernel_of(name)
    return globals()[name]
