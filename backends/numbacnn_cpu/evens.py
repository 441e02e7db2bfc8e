"""Every other number of an array as a vector: what windows two apart see at one place."""
import numpy as np
from numba.core import types
from numba.extending import lower_builtin, type_callable

from .emit import INT32, VectorType, indices, place, read
from .simd import lanes


def load_evens(array, i):
    """Return the numbers at positions i, i + 2 ... as a vector. Two vectors are loaded, maybe past the end."""
    found = np.zeros(lanes(array), array.dtype)
    part = array[i:i + 2 * len(found):2]
    found[:len(part)] = part
    return found


@type_callable(load_evens)
def type_load_evens(context):
    return lambda array, i: VectorType(array.dtype)


@lower_builtin(load_evens, types.Array, types.Integer)
def lower_load_evens(context, build, sig, arguments):
    kind, pointer = sig.return_type, place(context, build, sig, arguments)
    vectors = [read(build, build.gep(pointer, [INT32(n * kind.lanes)]), kind.llvm) for n in (0, 1)]
    return build.shuffle_vector(*vectors, indices(range(0, 2 * kind.lanes, 2)))
