"""Checks of arguments that samplers, datasets and the loader share."""
from typing import Any

import numpy as np

from numbacnn.errors import DTypeError, ShapeError


def whole(op: str, name: str, value: Any, least: int) -> int:
    """A whole number that is not too small; True and 2.0 are none."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        raise DTypeError(f"{op}: {name} must be an integer, got {value!r}")
    if value < least:
        raise ShapeError(f"{op}: {name} must be at least {least}, got {value}")
    return int(value)


def flag(op: str, name: str, value: Any) -> bool:
    """True or False, and nothing that merely counts as one."""
    if not isinstance(value, bool | np.bool_):
        raise DTypeError(f"{op}: {name} must be True or False, got {value!r}")
    return bool(value)


def function(op: str, name: str, value: Any) -> Any:
    """Something to call, or None."""
    if value is not None and not callable(value):
        raise DTypeError(f"{op}: {name} must be callable or None, got {value!r}")
    return value


def sized(op: str, name: str, value: Any) -> int:
    """The length of something that has one."""
    try:
        return len(value)
    except TypeError as error:
        raise DTypeError(f"{op}: {name} must have a length, got {type(value).__name__} without __len__") from error
