"""Pickles of numbers and text, read without running what they say.

A pickle is a program. The files of CIFAR are such programs, written by Python 2: a dict of text, lists of numbers, and
an array. Here only these can be made; any other name in the program is an error, and an array is one of uint8 whose
size is compared with the bytes that are there.
"""
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np


def read_pickle(path: Path) -> Any:
    """What a file of numbers, text, lists, dicts and uint8 arrays holds. Text of Python 2 becomes str (latin-1)."""
    content = path.read_bytes()
    try:
        return _arrays(_Unpickler(io.BytesIO(content), encoding="latin-1").load())
    except _Refused:
        raise
    except Exception as error:                           # damage shows as almost any exception
        raise ValueError(f"{path.name} must be a whole pickle of Python 2, got a damaged one: "
                         f"{type(error).__name__}: {error}") from error


class _Refused(ValueError):
    """What the file says is understood, and not done."""


class _Unpickler(pickle.Unpickler):
    """Knows three names, and none of them is what it says."""

    def find_class(self, module: str, name: str) -> Any:
        known = {("numpy.core.multiarray", "_reconstruct"): _Array, ("numpy._core.multiarray", "_reconstruct"): _Array,
                 ("numpy", "ndarray"): "ndarray", ("numpy", "dtype"): _DType}
        if (module, name) not in known:
            raise _Refused(f"a pickle must hold numbers, text, lists and uint8 arrays only, got {module}.{name}, "
                             "which could run anything; the file is not what was published")
        return known[module, name]

    def persistent_load(self, pid: Any) -> Any:
        raise _Refused(f"a pickle must hold no reference to something outside, got {pid!r}")


class _DType:
    """Stands for numpy.dtype: uint8 or nothing."""

    def __init__(self, name: Any, *flags: Any) -> None:
        self.name = name

    def __setstate__(self, state: Any) -> None:
        pass                                             # the order of bytes, of which uint8 has one


class _Array:
    """Stands for numpy.ndarray until its bytes are known."""

    array: np.ndarray

    def __init__(self, *arguments: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, content = state
        if not isinstance(dtype, _DType) or dtype.name not in ("u1", "|u1", "uint8"):
            raise _Refused(f"an array must be of uint8, got {getattr(dtype, 'name', dtype)!r}")
        data = content.encode("latin-1") if isinstance(content, str) else bytes(content)
        self.array = np.frombuffer(data, np.uint8).reshape(shape, order="F" if fortran else "C")


def _arrays(value: Any) -> Any:
    """The dict that was read, with arrays in it."""
    if isinstance(value, dict):
        return {key: item.array if isinstance(item, _Array) else item for key, item in value.items()}
    return value
