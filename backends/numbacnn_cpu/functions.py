"""Elementwise functions of the contract, compiled for vectors: a kernel for each.

A function's primitives (numbacnn/kernels/functions/primitives.py) are exchanged for those of this backend: the same
code, with other globals.
"""
from types import FunctionType

from numbacnn.kernels.channels_last import View
from numbacnn.kernels.functions import FUNCTIONS, arguments_of, primitives

from . import vector_math, vector_parts
from .channels import put
from .compile import inlined, kernel
from .elementwise import renamed
from .exponential import exponential
from .simd import lanes, load, root

VECTORS = {
    "cos": vector_parts.cosine, "erf": vector_math.erf, "exp": exponential, "expm1": vector_math.expm1,
    "floor": vector_parts.below, "like": vector_parts.like, "log": vector_math.log, "log1p": vector_math.log1p,
    "power": vector_parts.power, "rint": vector_parts.nearest, "sin": vector_parts.sine, "sqrt": root,
    "tanh": vector_math.tanh, "trunc": vector_parts.toward_zero, "where": vector_parts.where}


made = {}                 # functions of the contract -> functions of vectors


def of_vectors(function):
    """Return a function of the contract, and what it calls, as functions of vectors."""
    if function is getattr(primitives, function.__name__, None):
        return VECTORS[function.__name__]
    if function not in made:
        known = [name for name in function.__code__.co_names if name in function.__globals__]
        names = {name: VECTORS.get(name) or exchanged(function.__globals__[name]) for name in known}
        made[function] = inlined(FunctionType(function.__code__, {**names, "__name__": __name__}, function.__name__))
    return made[function]


def exchanged(value):
    """Return what takes the place of a global: functions of vectors that of functions; numbers stay."""
    return of_vectors(value) if callable(value) else value


def arranged(*arguments):
    """Arrange arrays of one shape, each as one axis, and two options, whatever a function has."""
    arrays = [argument.flat() for argument in arguments if isinstance(argument, View)]
    numbers = [float(argument) for argument in arguments[len(arrays):]]
    return [*arrays, *numbers, *[0.0] * (2 - len(numbers))]


def of_one(function):
    """Return the kernel of a function of one array."""
    def mapped(x, y, a, b, begin, end):
        for i in range(begin, end, lanes(x)):
            put(y, i, function(load(x, i), a, b), end - i)
    return mapped


def of_two(function):
    """Return the kernel of a function of two arrays, such as a gradient."""
    def mapped(x, z, y, a, b, begin, end):
        for i in range(begin, end, lanes(x)):
            put(y, i, function(load(x, i), load(z, i), a, b), end - i)
    return mapped


def of_three(function):
    """Return the kernel of a function of three arrays, such as the gradient of a loss."""
    def mapped(x, z, v, y, a, b, begin, end):
        for i in range(begin, end, lanes(x)):
            put(y, i, function(load(x, i), load(z, i), load(v, i), a, b), end - i)
    return mapped


KERNELS = {1: of_one, 2: of_two, 3: of_three}            # by the number of arrays


def with_options(function, arrays, options):
    """Return a function that takes two options, whatever `function` takes."""
    if options == 2:
        return function
    return inlined({(1, 0): lambda x, a, b: function(x), (1, 1): lambda x, a, b: function(x, a),
                    (2, 0): lambda x, z, a, b: function(x, z), (2, 1): lambda x, z, a, b: function(x, z, a),
                    (3, 0): lambda x, z, v, a, b: function(x, z, v),
                    (3, 1): lambda x, z, v, a, b: function(x, z, v, a)}[arrays, options])


def kernel_of(name):
    """Return the kernel of a function of the contract."""
    arrays, options = map(len, arguments_of(name))
    function = with_options(of_vectors(FUNCTIONS[name]), arrays, options)
    return kernel(items=lambda y: y.size, arrange=arranged)(renamed(KERNELS[arrays](function), name))


def __getattr__(name):
    """Make the kernel of a function when it is first asked for: most programs need few."""
    if name not in FUNCTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = kernel_of(name)
    return globals()[name]
