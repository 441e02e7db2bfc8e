"""DLPack's capsules, written and read with ctypes: https://dmlc.github.io/dlpack/latest/c_api.html.

A capsule to give away is NumPy's, of an array over the address, in which the device is exchanged: so what frees it,
whoever asks for that, from whichever thread, while Python ends maybe, is NumPy's C.
"""
import ctypes

import numpy as np

CUDA, VERSION = 2, (1, 0)
BFLOAT = 4                # the code of bfloat16
READ_ONLY, COPIED = 1, 2
FRESH, USED = b"dltensor", b"used_dltensor"              # names of capsules; CPython keeps the pointers
FRESH_VERSIONED, USED_VERSIONED = b"dltensor_versioned", b"used_dltensor_versioned"
VERSIONS = np.lib.NumpyVersion(np.__version__) >= "2.1.0"        # NumPy 2.0 knows DLPack before its version 1 only


class Tensor(ctypes.Structure):
    """A DLTensor; strides count numbers, and none means C order."""

    _fields_ = [("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
                ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
                ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64)),
                ("strides", ctypes.POINTER(ctypes.c_int64)), ("byte_offset", ctypes.c_uint64)]


class Managed(ctypes.Structure):
    """A DLManagedTensor."""

    _fields_ = [("tensor", Tensor), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p)]


class Versioned(ctypes.Structure):
    """A DLManagedTensorVersioned."""

    _fields_ = [("major", ctypes.c_uint32), ("minor", ctypes.c_uint32), ("context", ctypes.c_void_p),
                ("deleter", ctypes.c_void_p), ("flags", ctypes.c_uint64), ("tensor", Tensor)]


def python_function(name, result, *arguments):
    """Return a function of CPython; ctypes.pythonapi's own are everybody's, types and all."""
    return ctypes.PYFUNCTYPE(result, *arguments)((name, ctypes.pythonapi))


pointer_in = python_function("PyCapsule_GetPointer", ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
is_capsule = python_function("PyCapsule_IsValid", ctypes.c_int, ctypes.py_object, ctypes.c_char_p)
rename = python_function("PyCapsule_SetName", ctypes.c_int, ctypes.py_object, ctypes.c_char_p)
Deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def capsule(lent, versioned, copied, index, kind=CUDA, narrow=False):
    """Return a capsule for memory of a device.

    Parameters
    ----------
    lent : object with __array_interface__
        Of the memory, which is not looked at; the consumer refers to it until it is done.
    versioned : bool
        Whether the consumer knows version 1; else the memory must be one that may be written to.
    copied : bool
        Whether the numbers are the consumer's alone.
    index : int
        Of the device.
    kind : int, optional
        Of the device, as DLPack numbers them.
    narrow : bool, optional
        Whether its numbers of 16 bits are bfloat16, which NumPy has no capsules for.
    """
    made = np.asarray(lent).__dlpack__(**{"max_version": VERSION} if versioned else {})
    if is_capsule(made, FRESH_VERSIONED):
        found = Versioned.from_address(pointer_in(made, FRESH_VERSIONED))
        found.flags |= COPIED * copied
    else:
        found = Managed.from_address(pointer_in(made, FRESH))
    found.tensor.device_type, found.tensor.device_id = kind, index
    if narrow:
        found.tensor.code = BFLOAT
    return made


class Taken:
    """What a capsule holds, which belongs to us from now on; freed when nobody refers to this.

    Attributes
    ----------
    tensor : Tensor
    read_only : bool
    """

    def __init__(self, given):
        self.delete = None
        versioned = bool(is_capsule(given, FRESH_VERSIONED))
        if not versioned and not is_capsule(given, FRESH):
            raise BufferError("__dlpack__ must return a new capsule")
        fresh, used = (FRESH_VERSIONED, USED_VERSIONED) if versioned else (FRESH, USED)
        self.address = pointer_in(given, fresh)
        self.managed = (Versioned if versioned else Managed).from_address(self.address)
        if versioned and self.managed.major != VERSION[0]:
            raise BufferError(f"its capsule is of DLPack {self.managed.major}, known is {VERSION[0]}")
        rename(given, used)                              # the capsule itself frees nothing any more
        self.delete = Deleter(self.managed.deleter) if self.managed.deleter else None
        self.tensor = self.managed.tensor
        self.read_only = versioned and bool(self.managed.flags & READ_ONLY)

    def __del__(self):
        delete, self.delete = self.delete, None
        if delete:
            delete(self.address)

    @property
    def shape(self):
        """Length of each axis."""
        return tuple(self.tensor.shape[:self.tensor.ndim])

    @property
    def strides(self):
        """Strides in numbers, or None for C order."""
        return tuple(self.tensor.strides[:self.tensor.ndim]) if self.tensor.strides else None

    @property
    def data(self):
        """Where the first number lies."""
        return (self.tensor.data or 0) + self.tensor.byte_offset

    @property
    def dtype(self):
        """Name of the dtype."""
        kinds = {0: "int", 1: "uint", 2: "float", BFLOAT: "bfloat", 5: "complex", 6: "bool"}
        kind = kinds.get(self.tensor.code, "dtype ")
        if self.tensor.code == 6 and self.tensor.bits == 8 and self.tensor.lanes == 1:
            return "bool"
        return f"{kind}{self.tensor.bits}" + f"x{self.tensor.lanes}" * (self.tensor.lanes != 1)
