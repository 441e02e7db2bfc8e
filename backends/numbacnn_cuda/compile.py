"""Kernels and the functions they call: what each is made of, for which types, and for which floating dtype.

One source serves float32, also on arrays of bfloat16, and float64. Where Python reads `0.5` or `real`, a kernel on
float32 arrays shall compute in float32: `typed` gives a copy of the function in which such constants have the dtype, as
have the functions it calls.
Only this module says how Numba is to compile.
"""
import functools
import hashlib
import inspect
import types
from typing import NamedTuple

import numpy as np

from numbacnn.kernels.channels_last import View, physical

from .dtypes import BFLOAT16
from .frontend import SIMULATED, cuda

BLOCK = 256               # threads of a block, unless a kernel says otherwise
MAX_GRID = 2**31 - 1
NARROW = np.dtype(np.float32), BFLOAT16


class Real:
    """Stands in kernels for the floating dtype they compute in: `real(0)`, `cuda.shared.array(32, real)`."""

    def __call__(self, value):
        raise TypeError("real has a meaning in kernels only")


real = Real()
kernels = {}              # by module and name


class Pointers:
    """An argument of a kernel: any number of arrays of one dtype. The kernel gets an array of their addresses.

    In a kernel `x[number]` is where an array begins; `at` and `put` (frontend.py) read and write its numbers.

    Attributes
    ----------
    views : tuple of View
        Arrays without gaps.
    """

    __slots__ = ("views",)

    def __init__(self, views):
        self.views = tuple(views)

    @property
    def dtype(self):
        """That of each array."""
        return self.views[0].dtype


class Windows(NamedTuple):
    """Where pixels begin that a `TensorMap` copies together, along rows and columns of an image; all are places of y.

    The first begins so far from the first pixel of the image, the last so far from its last one.
    """

    lower: tuple[int, int]
    upper: tuple[int, int]
    steps: tuple[int, int]            # from one to the next


class TensorMap:
    """An argument of a kernel: how parts of an array are copied to shared memory, by compute capability 9.0.

    The kernel gets where the map lies, which is made when it is known where the array does.

    Attributes
    ----------
    view : View
        An array without gaps.
    kind : {"tf32", "bf16"}
        What its numbers become on the way: float32 is rounded to tf32; numbers of 16 bits stay as they are.
    box : tuple of int
        How many numbers are copied together along each axis; the last are 128 bytes. With windows: how many pixels, and
        how many channels of each.
    windows : Windows, optional
        If a copy is of pixels at places that follow each other, in rows, and images (N, H, W, C).
    """

    __slots__ = ("box", "kind", "view", "windows")
    dtype = np.dtype(np.float32)      # of sums of products of these numbers

    def __init__(self, view, kind, box, windows=None):
        self.view, self.kind, self.box, self.windows = view, kind, tuple(box), windows

    def of(self, array):
        """Return the map of an array that is there, for the simulator."""
        return TensorMap(array, self.kind, self.box, self.windows)


class Primitive:
    """A function of one number that has another name for each floating dtype.

    Parameters
    ----------
    double : str
        Its name in cuda.libdevice for float64; that for float32 has an f behind it.
    twin : callable
        What does the same in the simulator.
    """

    def __init__(self, double, twin):
        self.double, self.twin = double, twin

    def of(self, dtype):
        """Return the function for a dtype."""
        if SIMULATED:
            return self.twin
        return getattr(cuda.libdevice, self.double if dtype is np.float64 else f"{self.double}f")


class Device:
    """A function that kernels call; it becomes a part of them."""

    def __init__(self, function):
        self.function, self.made = function, {}
        functools.update_wrapper(self, function)

    def of(self, dtype):
        """Return the function that computes in a floating dtype."""
        if dtype not in self.made:
            made = typed(self.function, dtype)
            self.made[dtype] = made if SIMULATED else cuda.jit(device=True, forceinline=True)(made)
        return self.made[dtype]


def device(function):
    """Make a function one that kernels call, on single numbers or arrays."""
    return Device(function)


class Kernel:
    """A kernel: a Python function, how its arguments are arranged, and how many threads run it.

    Attributes
    ----------
    arrange : callable
        From views and numbers of the contract, the list of arguments that the kernel gets.
    raises : callable, optional
        From the first item that was not as it must be, its value, and the arguments, the exception.
    """

    def __init__(self, function, items, blocks, block, arrange, shared, raises, wide):
        self.function, self.arrange, self.raises, self.wide, self.made = function, arrange, raises, wide, {}
        functools.update_wrapper(self, function)
        given = list(inspect.signature(function).parameters)
        self.items, self.blocks, self.shared = (
            by_name(question, function, given) for question in (items, blocks, shared))
        self.block = by_name(block, function, given) if callable(block) else lambda *arguments: block
        self.same_block = not callable(block)            # whether all launches have as many threads in a block
        self.place = function.__module__, function.__name__
        if self.place in kernels:
            raise TypeError(f"kernel: there are two with the name {function.__name__} in {function.__module__}; they "
                            "are found by their names")
        kernels[self.place] = self

    def launch_size(self, arguments):
        """Return how many blocks, of how many threads."""
        threads = self.block(*arguments)
        if self.items is not None:
            return -(-self.items(*arguments) // threads), threads
        return self.blocks(*arguments), threads

    def of(self, dtype):
        """Return the Python function that computes in a floating dtype."""
        dtype = np.float64 if self.wide else dtype
        if dtype not in self.made:
            self.made[dtype] = typed(self.function, dtype)
        return self.made[dtype]


def kernel(items=None, blocks=None, block=BLOCK, arrange=physical, shared=None, raises=None, wide=False):
    """Make a kernel of a function `(*arrays, *numbers[, fault, launch])` that one thread of CUDA runs.

    Parameters
    ----------
    items : callable, optional
        From arguments of the kernel, asked for by name, how many threads are needed: thread `cuda.grid(1)` computes
        that item, if there is one.
    blocks : callable, optional
        In place of items: in the same way, how many blocks of threads.
    block : int or callable
        Threads of a block: a multiple of 32.
    arrange : callable
        From views, as the user sees the arrays, and numbers: the list of arguments that the kernel gets. The default
        is each array as it lies. An argument may also be a tuple of ints, a NumPy array: a table, which is uploaded
        when the plan is made, `Pointers` to arrays, or a `TensorMap`.
    shared : callable, optional
        In the same way as items, bytes of dynamic shared memory.
    raises : callable, optional
        The kernel has two more parameters and calls `fail(fault, launch, item, value)` (fault.py) for items that are
        not as they must be. In their place it writes something harmless: kernels that run later rely on it. For the
        first one `raises(item, value, *arguments)` is called, with views of arrays, and returns the exception.
    wide : bool
        Whether constants and numbers are float64 also if arrays are float32.
    """
    def decorate(function):
        return Kernel(function, items, blocks, block, arrange, shared, raises, wide)
    return decorate


def by_name(question, function, given):
    """Return a function of all arguments given to a kernel that asks `question` about those it names."""
    if question is None:
        return None
    names = list(inspect.signature(question).parameters)
    for name in names:
        if name not in given:
            raise TypeError(f"kernel: questions about {function.__name__} are about its arguments, which are "
                            f"{', '.join(given)}: there is no {name}")
    positions = [given.index(name) for name in names]
    return lambda *arguments: question(*[arguments[position] for position in positions])


# --- constants of the right dtype -----------------------------------------------------------------------------------

def typed(function, dtype):
    """Return a function with the same code, whose floating constants, and functions it calls, are of a dtype."""
    code = function.__code__
    constants = tuple(exchanged(value, dtype) for value in code.co_consts)
    known = {name: exchanged(function.__globals__[name], dtype) for name in code.co_names
             if name in function.__globals__}
    cells = tuple(types.CellType(exchanged(cell.cell_contents, dtype)) for cell in function.__closure__ or ())
    made = types.FunctionType(code.replace(co_consts=constants), {"__name__": function.__module__, **known},
                              function.__name__, function.__defaults__, cells)
    made.__qualname__ = function.__qualname__
    return made


def exchanged(value, dtype):
    """Return what takes the place of a constant or of something a function refers to."""
    if type(value) is float:
        return dtype(value)
    if value is real:
        return dtype
    if isinstance(value, tuple):
        return tuple(exchanged(each, dtype) for each in value)
    return value.of(dtype) if isinstance(value, Device | Primitive) else value


def floating(arguments):
    """Return the dtype that a kernel computes in: float64, unless one of its arrays is float32 or bfloat16."""
    narrow = any(getattr(argument, "dtype", None) in NARROW for argument in arguments)
    return np.float32 if narrow else np.float64


# --- what a function is, and what it uses ---------------------------------------------------------------------------

def referred(function):
    """Return the values that a typed function refers to, by their names, and those that it encloses."""
    code = function.__code__
    found = [(name, function.__globals__[name]) for name in code.co_names if name in function.__globals__]
    return found + [(name, cell.cell_contents)
                    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True)]


def functions_of(function):
    """Return a typed function and all functions of ours that it calls."""
    found = [function]
    for _, value in referred(function):
        inner = getattr(value, "py_func", value)
        if isinstance(inner, types.FunctionType):
            found += functions_of(inner)
    return found


@functools.cache
def names_of(function):
    """Return all names that a typed function, or one it calls, mentions."""
    return frozenset(name for each in functions_of(function)
                     for name in each.__code__.co_names + each.__code__.co_freevars)


@functools.cache
def digest_of(function):
    """Return a digest of all that a typed function is made of: code, constants, and what it calls."""
    made = hashlib.blake2b(digest_size=16)
    for each in functions_of(function):
        code = each.__code__
        values = [(name, getattr(value, "line", value)) for name, value in referred(each)
                  if isinstance(value, int | float | str | tuple | np.generic | type) or hasattr(value, "line")]
        made.update(repr((code.co_code.hex(), code.co_consts[1:] if each.__doc__ else code.co_consts, code.co_names,
                          code.co_varnames, [(name, type(value).__name__, value) for name, value in values])).encode())
    return made.hexdigest()


def signature_of(kernel, arguments):
    """Return the types of a kernel's arguments, as frontend.py names them."""
    number = "float64" if kernel.wide else floating(arguments).__name__
    return tuple(type_name(argument, number) for argument in arguments)


def type_name(argument, number):
    """Return the name of an argument's type; floats have the type `number`."""
    if isinstance(argument, View | np.ndarray):
        contiguous = argument.contiguous if isinstance(argument, View) else argument.flags.c_contiguous
        return f"{argument.dtype.name}[{argument.ndim}]{'C' if contiguous else 'A'}"
    if isinstance(argument, Pointers):
        return f"{argument.dtype.name}*[1]C"
    if isinstance(argument, TensorMap):
        return "tensor_map"
    if isinstance(argument, tuple):
        return f"int64x{len(argument)}"
    return number if isinstance(argument, float) else "int64"


def views_of(argument):
    """Return the views in an argument."""
    if isinstance(argument, Pointers):
        return argument.views
    if isinstance(argument, TensorMap):
        return (argument.view,)
    return (argument,) if isinstance(argument, View) else ()
