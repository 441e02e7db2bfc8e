"""Checks of arguments that samplers, datasets and the loader share."""
from typing import Any

from numbacnn.errors import DTypeError


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
