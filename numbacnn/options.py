"""Reading options: numbers, whole numbers, switches, words. The sentence of each mistake is here, once.

What has the wrong type is a DTypeError (a TypeError); a number out of its limits and a word that is not known are a
ShapeError (a ValueError).
"""
import os
from math import inf, isfinite
from numbers import Integral, Real
from typing import Any

import numpy as np

from numbacnn.errors import DTypeError, ShapeError


def number(op: str, name: str, value: Any, least: float = -inf, most: float = inf, *, above: float | None = None,
           below: float | None = None, nonzero: bool = False, infinite: bool = False) -> float:
    """Read a number in [least, most], more than `above`, less than `below`; NaN is none, True neither."""
    if type(value) is float:                             # as nearly all are
        real = value
    else:
        try:
            real = float(operand(op, name, value))
        except OverflowError:                            # a whole number that is too large
            if infinite:
                raise ShapeError(f"{op}: {name} must be a number that float64 holds, got a whole number of "
                                 f"{int(value).bit_length()} bits") from None
            real = inf if value > 0 else -inf
    if (not least <= real <= most or not (infinite or isfinite(real)) or (above is not None and real <= above)
            or (below is not None and real >= below)):
        raise ShapeError(f"{op}: {name} must be {_limits(real, least, most, above, below, infinite)}, got {value}")
    if nonzero and real == 0:
        raise ShapeError(f"{op}: {name} must not be 0, got {value}")
    return real


def operand(op: str, name: str, value: Any, wanted: str = "a number") -> Any:
    """Read a number that is computed with, as it is: a whole one stays whole, NaN and infinities are numbers, too."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise DTypeError(f"{op}: {name} must be {wanted}, got {value!r}")
    return value


def whole(op: str, name: str, value: Any, least: int | None = None, most: int | None = None) -> int:
    """Read a whole number in [least, most]; True and 2.0 are none."""
    if not is_integer(value):
        raise DTypeError(f"{op}: {name} must be an integer, got {value!r}")
    if least is not None and value < least:
        raise ShapeError(f"{op}: {name} must be at least {least}, got {value}")
    if most is not None and value > most:
        raise ShapeError(f"{op}: {name} must be at most {most}, got {value}")
    return int(value)


def switch(variable: str, default: bool) -> bool:
    """Read an environment variable that is 0 or 1."""
    text = os.environ.get(variable, "").strip() or str(int(default))
    if text not in ("0", "1"):
        raise ValueError(f"{variable} must be 0 or 1, got {text!r}; unset it for {int(default)}")
    return text == "1"


def flag(op: str, name: str, value: Any) -> bool:
    """Read True or False, and nothing that merely counts as one."""
    if not isinstance(value, bool | np.bool_):
        raise DTypeError(f"{op}: {name} must be True or False, got {value!r}")
    return bool(value)


def choice(op: str, name: str, value: Any, *known: str | None) -> Any:
    """Read one of some words."""
    if (value is not None and not isinstance(value, str)) or value not in known:
        raise ShapeError(f"{op}: {name} must be one of {', '.join(map(repr, known))}, got {value!r}")
    return value if value is None else str(value)


def is_integer(value: Any) -> bool:
    """Whether an option is a whole number: True and False are none."""
    return type(value) is int or (isinstance(value, Integral) and not isinstance(value, bool))


def _limits(real: float, least: float, most: float, above: float | None, below: float | None, infinite: bool) -> str:
    low, high = least if above is None else above, most if below is None else below
    if -inf < low and high < inf:
        return f"in {'[' if above is None else '('}{low:g}, {high:g}{']' if below is None else ')'}"
    if not infinite and (not isfinite(real) or (low, high) == (-inf, inf)):
        return "finite"
    if -inf < low:
        return f"at least {low:g}" if above is None else f"more than {low:g}"
    if high < inf:
        return f"at most {high:g}" if below is None else f"less than {high:g}"
    return "a number"
