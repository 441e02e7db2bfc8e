"""Dictionaries and lists of tensors, numbers and texts as arrays by name and a text of JSON, and back.

Numbers, texts, True, False, None and lists are JSON's own; all else is an object with one key, which tells what it is.
"""
import json
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.dtypes import is_real
from numbacnn.errors import DTypeError

DEEPEST = 100
ALLOWED = "tensors, arrays, numbers, texts, None, and dictionaries, lists and tuples of these"


def taken_apart(op: str, value: Any) -> tuple[dict[str, np.ndarray], str]:
    """The arrays of a value, by names that tell where they were, and all the rest as JSON."""
    arrays: dict[str, np.ndarray] = {}

    def named(path: tuple[Any, ...], array: np.ndarray) -> str:
        name = wanted = ".".join(map(str, path)) or "value"
        count = 1
        while name in arrays or name == "__metadata__":
            count += 1
            name = f"{wanted}#{count}"
        arrays[name] = array
        return name

    def described(x: Any, path: tuple[Any, ...], above: tuple[int, ...]) -> Any:
        if x is None or isinstance(x, bool | str):
            return x
        if isinstance(x, np.generic) and is_real(x.dtype) and x.dtype.itemsize <= 8:
            return {"number": [x.dtype.name, described(x.item(), path, above)]}
        if isinstance(x, int):
            return int(x)
        if isinstance(x, float):
            return float(x) if isfinite(x) else {"float": str(float(x))}
        if isinstance(x, Tensor):
            return {"tensor": named(path, x.numpy())}
        if isinstance(x, np.ndarray) and is_real(x.dtype) and x.dtype.itemsize <= 8:
            return {"array": named(path, x)}
        if not isinstance(x, Mapping | list | tuple):
            raise DTypeError(f"{op}: what is saved must be made of {ALLOWED}; got {_kind(x)} at {_place(path)}"
                             f"{_remedy(x)}")
        if id(x) in above or len(above) == DEEPEST:
            raise ValueError(f"{op}: what is saved must not contain itself, nor be nested {DEEPEST} times, but is at "
                             f"{_place(path[:8])}")
        above = (*above, id(x))
        if isinstance(x, Mapping):
            for key in x:
                if not (key is None or isinstance(key, str | int | float)) or isinstance(key, np.generic):
                    raise DTypeError(f"{op}: keys must be texts, numbers or None, got {_kind(key)} at {_place(path)}")
            return {"dict": [[described(key, path, above), described(each, (*path, key), above)]
                             for key, each in x.items()]}
        parts = [described(each, (*path, i), above) for i, each in enumerate(x)]
        return parts if isinstance(x, list) else {"tuple": parts}

    description = described(value, (), ())
    return arrays, json.dumps(description, allow_nan=False)


def put_together(arrays: Mapping[str, np.ndarray], description: str, tensor: Callable[[str, np.ndarray], Tensor]
                 ) -> Any:
    """The value that was taken apart; `tensor` makes a tensor of an array and its name.

    Raises a ValueError, KeyError, TypeError, AttributeError or RecursionError where this is not such a description.
    """
    def made(x: Any) -> Any:
        if isinstance(x, list):
            return [made(each) for each in x]
        if not isinstance(x, dict):
            return x
        (kind, content), = x.items()
        if kind == "dict":
            return {made(key): made(each) for key, each in content}
        return known[kind](content)

    known: dict[str, Callable[[Any], Any]] = {
        "tuple": lambda parts: tuple(made(parts)), "float": float,
        "number": lambda pair: _number_types[pair[0]](made(pair[1])),
        "array": lambda name: arrays[name].copy(), "tensor": lambda name: tensor(name, arrays[name])}
    return made(json.loads(description))


_number_types = {name: np.dtype(name).type for name in (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "bfloat16", "float32",
    "float64")}


def _kind(x: Any) -> str:
    return f"{x.dtype} values" if isinstance(x, np.ndarray | np.generic) else type(x).__name__


def _place(path: tuple[Any, ...]) -> str:
    return "".join([f"[{key!r}]" for key in path]) or "the top"


def _remedy(x: Any) -> str:
    if hasattr(x, "state_dict"):
        return "; save its state_dict()"
    return "; convert it to a list" if isinstance(x, set | frozenset) else ""
