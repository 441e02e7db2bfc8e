"""The dtypes of tensors: names, which of them are floating point, what comes of two.

bfloat16 is a way to store numbers: what is computed with them is computed in float32, and rounded where it is stored.
"""
from typing import Any

import ml_dtypes  # noqa: F401  # so that NumPy knows bfloat16 by its name
import numpy as np

ORDER = ("bool", "uint8", "int32", "int64", "bfloat16", "float32", "float64")      # of two dtypes, the later wins
DTYPES = ("float32", "float64", "bfloat16", "int64", "int32", "uint8", "bool")
FLOATING = ("float32", "float64", "bfloat16")
ANY_FLOATING = "float32, float64 or bfloat16"
RANK = {name: rank for rank, name in enumerate(ORDER)}
NAMES = {np.dtype(name): name for name in DTYPES}       # of dtypes in the machine's order of bytes: `.name` is slow
EPS = {"float32": 2.0**-23, "float64": 2.0**-52, "bfloat16": 2.0**-7}       # from 1 to the next number
LARGEST = {"float32": (2 - 2.0**-23) * 2.0**127, "float64": (2 - 2.0**-52) * 2.0**1023,
           "bfloat16": (2 - 2.0**-7) * 2.0**127}


def is_floating(dtype: "np.dtype[Any]") -> bool:
    """Whether numbers have a point: NumPy does not count bfloat16 as such."""
    return dtype.kind == "f" or dtype.name == "bfloat16"


def is_real(dtype: "np.dtype[Any]") -> bool:
    """Whether these are numbers of one part: bool, whole, or with a point."""
    return dtype.kind in "biu" or is_floating(dtype)


def converted(values: "np.ndarray[Any, Any]", dtype: str) -> "np.ndarray[Any, Any]":
    """Numbers in another dtype: too large ones become infinite, and NaN stays NaN, without a warning."""
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype(dtype)


def computed(dtype: str) -> str:
    """In which dtype numbers of this one are computed with."""
    return "float32" if dtype == "bfloat16" else dtype
