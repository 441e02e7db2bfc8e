"""The door to numba.cuda: no other module imports it.

`cuda` is what kernels are written with: numba.cuda, or the simulator (simulator.py) where NUMBA_ENABLE_CUDASIM=1.
Either way nothing touches a device here.
"""
import functools
import os
import re
import threading
from typing import NamedTuple

from numbacnn.errors import BackendError

SIMULATED = os.environ.get("NUMBA_ENABLE_CUDASIM", "").strip() not in ("", "0")
OLDEST = (7, 5)           # the oldest compute capability that kernels are made for
REMEDY = "pip install 'numbacnn[cuda13]', or for drivers from 525 to 579 'numbacnn[cuda12]'"

if SIMULATED:
    from .simulator import cuda
else:
    try:
        import numba_cuda  # noqa: F401  (Numba has an older numba.cuda of its own, which is not meant)
        from numba import cuda  # noqa: F401
    except ImportError as error:
        raise BackendError(f"cuda: the package numba-cuda is needed and cannot be imported ({error}); {REMEDY}"
                           ) from error


def to_ltoir(function, signature, capability, threads):
    """Compile a function to LTO-IR.

    Parameters
    ----------
    function : callable
        A kernel.
    signature : sequence of str
        The types of its arguments: "float32[2]C" is an array of two axes, C-ordered, "float32[2]A" one with strides,
        "float32*[1]C" one of addresses of arrays, "tensor_map" where a map lies, "int64x3" a tuple, "int64" a number.
    capability : tuple of int
        The compute capability, such as (9, 0).
    threads : int
        How many a block has at most.
    """
    with compiling:
        return bytes(lowered(function, tuple(signature), threads).get_ltoir(cc=capability))


@functools.lru_cache(maxsize=1)
def lowered(function, signature, threads):
    """Return what Numba makes of a function, for all capabilities; the last is kept, as they mostly come in a row."""
    from numba.cuda import compiler, dispatcher
    from numba.cuda.np import arrayobj
    from numba.cuda.typing import arraydecl

    from .bfloat16 import read_as_float32

    found = dispatcher.get_current_device, arrayobj.fix_integer_index, arraydecl.get_array_index_type
    dispatcher.get_current_device = lambda: Target(OLDEST)       # functions that it calls ask for the device
    arrayobj.fix_integer_index = counted_from_the_beginning
    arraydecl.get_array_index_type = read_as_float32
    try:
        return compiler._compile_pyfunc_with_fixup(
            function, tuple(map(numba_type, signature)), device=False, abi="numba", cc=OLDEST, launch_bounds=threads,
            lto=True)[0]
    finally:
        dispatcher.get_current_device, arrayobj.fix_integer_index, arraydecl.get_array_index_type = found


def counted_from_the_beginning(context, builder, kind, index, size):
    """Return an index as Numba wants it, without asking whether it is negative: the simulator refuses those."""
    from numba.cuda import types

    return context.cast(builder, index, kind, types.intp if kind.signed else types.uintp)


class Target(NamedTuple):
    """What numba.cuda wants to know of a device for which it compiles."""

    compute_capability: tuple


def intrinsic(define):
    """Register a function for kernels, given how it is typed and generated; see numba.cuda.extending."""
    from numba.cuda.extending import _Intrinsic

    made = _Intrinsic(define.__name__, define, prefer_literal=True)      # the decorator there forgets this option
    made._register()
    return made


def memory_of(context, builder, array_type, array):
    """Return the pointer to the first number of an array, while code is generated."""
    from numba.cuda.np.arrayobj import make_array

    return make_array(array_type)(context, builder, array).data


@functools.cache
def numba_type(name):
    """Return the type of that name in a signature."""
    from numba.cuda import types

    from .bfloat16 import bfloat16

    array = re.fullmatch(r"(\w+)(\*?)\[(\d+)\]([CA])", name)
    if array:
        dtype = {"bool": types.boolean, "bfloat16": bfloat16}.get(array[1]) or getattr(types, array[1])
        return types.Array(types.CPointer(dtype) if array[2] else dtype, int(array[3]), array[4])
    several = re.fullmatch(r"(\w+)x(\d+)", name)
    if several:
        return types.UniTuple(getattr(types, several[1]), int(several[2]))
    return types.uint64 if name == "tensor_map" else getattr(types, name)


compiling = threading.Lock()

if SIMULATED:
    def at(pointer, i):
        """Return the i-th number of an array that `Pointers` point to."""
        return pointer[i]

    def put(pointer, i, value):
        """Write it."""
        pointer[i] = value
else:
    from llvmlite import ir
    from numba.cuda import types
    from numba.cuda.extending import intrinsic

    from .bfloat16 import bfloat16

    @intrinsic
    def at(typing, pointer, i):
        """Return the i-th number of an array that `Pointers` point to."""
        def code(context, builder, signature, arguments):
            dtype = signature.args[0].dtype
            return context.unpack_value(builder, dtype, in_global_memory(context, builder, dtype, *arguments))
        return value_of(pointer.dtype)(pointer, types.int64), code

    @intrinsic
    def put(typing, pointer, i, value):
        """Write it."""
        def code(context, builder, signature, arguments):
            dtype, (*place, value) = signature.args[0].dtype, arguments
            context.pack_value(builder, dtype, value, in_global_memory(context, builder, dtype, *place))
            return context.get_dummy_value()
        return types.void(pointer, types.int64, value_of(pointer.dtype)), code

    def value_of(dtype):
        """Return the type of a number of an array when it is read."""
        return types.float32 if dtype == bfloat16 else dtype

    def in_global_memory(context, builder, dtype, pointer, i):
        """Return the pointer to the i-th number, which lies in global memory: the compiler cannot know that."""
        kind = ir.PointerType(context.get_data_type(dtype), addrspace=1)
        return builder.gep(builder.addrspacecast(pointer, kind), [i])
