"""Compile kernels: what a function is to be compiled with, and for which types. How Numba does it: pipeline.py.

A kernel is a plain njit function over arrays and numbers, the last two `begin, end`. Beside what it compiles Numba
puts wrappers, for Python and for C; `kernel` has it put an *entry* in place of both (entry.py). A function that is only
ever called by kernels (`compiled`) gets neither, nor code of its own. Called from Python, both run uncompiled.
"""
import contextlib
import functools
import gc

import numba
import numpy as np
from numba.core import types

from numbacnn.kernels.channels_last import physical

from .cache import KernelCache
from .entry import entry_name
from .pipeline import InnerCompiler, KernelCompiler

INTERPRETED = bool(numba.config.DISABLE_JIT)
FASTMATH = {"contract", "nsz", "arcp"}          # never nnan or ninf: NaN must spread
outermost = {}            # (module, qualified name) -> a function that is not only called by others


def kernel(items, arrange=physical, workspace=None, raises=False, reassociate=False):
    """Make a kernel of a function `(*arrays, *numbers, [workspace,] begin, end)` that computes items [begin, end).

    It allocates nothing, and has no closures, comprehensions of functions or `with` blocks (decision 15).

    Parameters
    ----------
    items : callable
        From arguments of the kernel, asked for by name, how many items there are. Each is computed by one worker, in
        one order.
    arrange : callable
        From views (memory.py, as the user sees the arrays) and numbers, the list of arguments that the kernel gets;
        the default is each array as it lies. An argument may also be a NumPy array: a table of the lowering's. It has
        no padding as blocks of memory have: no vector may be loaded past its end.
    workspace : callable, optional
        In the same way, the `(shape, dtype)` of scratch memory, which comes before `begin`; uninitialised.
    raises : bool
        Whether it may raise an exception: `raise IndexError("conv2d: {} is ...", value)`, formatted later.
    reassociate : bool
        Whether sums may be reordered, and so vectorised.
    """
    def decorate(function):
        made = in_kernels(njit(function, reassociate, counted=raises, no_cpython_wrapper=True,
                               pipeline_class=KernelCompiler))
        given = parameters(function)[:-3 if workspace else -2]
        made.items, made.arrange, made.raises = by_name(items, function, given), arrange, raises
        made.workspace = by_name(workspace, function, given) if workspace else None
        return cached(made)
    return decorate


def parameters(function):
    """Return the names of what a Python function asks for."""
    return function.__code__.co_varnames[:function.__code__.co_argcount]


def by_name(question, function, given):
    """Return a function of all arguments given to a kernel that asks `question` about those it names."""
    for name in parameters(question):
        if name not in given:
            raise TypeError(f"kernel: items and workspace of {function.__name__} are asked about its arguments, which "
                            f"are {', '.join(given)}: there is no {name}")
    positions = [given.index(name) for name in parameters(question)]
    return lambda *arguments: question(*[arguments[position] for position in positions])


def compiled(function, reassociate=False, **options):
    """Return a function compiled for kernels to call."""
    return in_kernels(njit(function, reassociate, no_cpython_wrapper=True, no_cfunc_wrapper=True,
                           pipeline_class=InnerCompiler, **options))


def callable_from_python(*types):
    """Compile a function that Python calls with arguments of these types."""
    def decorate(function):
        made = cached(njit(function, counted=True, no_cfunc_wrapper=True))
        made.types = types
        return made
    return decorate


def njit(function, reassociate=False, counted=False, **options):
    """Return `numba.njit(function)` with our flags; `counted`: whether references to what it makes are counted.

    Kernels make nothing, but for exceptions; not to count makes their code, before it is optimised, much shorter.
    """
    flags = FASTMATH | {"reassoc"} if reassociate else FASTMATH
    return numba.njit(nogil=True, error_model="numpy", fastmath=flags, _nrt=counted, **options)(function)


def in_kernels(made):
    """Let a function run uncompiled when Python calls it: it has no wrapper for Python."""
    if not INTERPRETED:
        made.add_overload = lambda result: made.overloads.update({tuple(result.signature.args): result})
        made._compile_for_args = lambda *arguments, **named: made.py_func
    return made


def cached(made):
    """Keep what a function is compiled to, and let other processes find the function."""
    if not INTERPRETED:
        made._cache = KernelCache(made.py_func)
        outermost[made.py_func.__module__, made.py_func.__qualname__] = made
    return made


def inlined(function):
    """Return a compiled function that becomes part of those that call it: small ones, on vectors."""
    return compiled(function, forceinline=True)


class Constant(int):
    """A whole number that is known when a kernel is compiled: the kernel is compiled anew for each value."""


def signature(arrays_and_numbers):
    """Return the types with which a kernel is compiled for arguments: views or NumPy arrays, and numbers."""
    return (*(type_of(argument) for argument in arrays_and_numbers), types.intp, types.intp)


def type_of(argument):
    """Return the Numba type of an argument of a kernel."""
    if isinstance(argument, float):
        return types.float64
    if isinstance(argument, Constant):
        return types.literal(int(argument))
    if isinstance(argument, int | np.integer):
        return types.intp
    contiguous = argument.flags.c_contiguous if isinstance(argument, np.ndarray) else argument.contiguous
    return array_type(argument.dtype, argument.ndim, "C" if contiguous else "A")


@functools.cache
def array_type(dtype, ndim, layout):
    """Return the Numba type of an array."""
    return types.Array(numba.from_dtype(dtype), ndim, layout)


@functools.cache
def entry_address(kernel, signature):
    """Return the address of a kernel's entry for these types, compiled or loaded from disk when first asked for."""
    result = overload(kernel, signature)
    return result.library.get_pointer_to_function(entry_name(result.fndesc))


def overload(kernel, signature):
    """Return what Numba made of a kernel for these types."""
    if signature not in kernel.overloads:
        with collector_paused():
            kernel.compile(signature)
    return kernel.overloads[signature]


@contextlib.contextmanager
def collector_paused():
    """A block without garbage collection: a compiler makes a million objects, and most stay."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
