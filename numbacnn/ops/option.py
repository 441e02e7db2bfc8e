"""Checks of options: of optimisers, schedules and initialisers. Each names the option and what came."""
from collections.abc import Mapping
from math import inf, isfinite
from numbers import Integral, Real
from typing import Any

from numbacnn.errors import DTypeError, ShapeError


def real(owner: str, name: str, value: Any, least: float = -inf, most: float = inf, below: float = inf) -> float:
    """Read a finite number in [least, most], and less than `below`."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise DTypeError(f"{owner}: {name} must be a number, got {value!r}")
    number = float(value)
    if not isfinite(number) or not least <= number <= most or not number < below:
        if below < inf:
            limits = f"in [{least:g}, {below:g})"
        elif most < inf:
            limits = f"in [{least:g}, {most:g}]"
        else:
            limits = f"at least {least:g}" if least > -inf and number < inf else "finite"
        raise ShapeError(f"{owner}: {name} must be {limits}, got {number:g}")
    return number


def whole(owner: str, name: str, value: Any, least: int = 0) -> int:
    """Read a whole number, at least so large."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise DTypeError(f"{owner}: {name} must be an integer, got {value!r}")
    if value < least:
        raise ShapeError(f"{owner}: {name} must be at least {least}, got {value}")
    return int(value)


def reals(owner: str, options: Mapping[str, Any], *names: str) -> None:
    """Check options that must be numbers from zero."""
    for name in names:
        real(owner, name, options[name], 0.0)


def switches(owner: str, options: Mapping[str, Any], *names: str) -> None:
    """Check options that must be true or false."""
    for name in names:
        if not isinstance(options[name], bool):
            raise DTypeError(f"{owner}: {name} must be True or False, got {options[name]!r}")


def betas(owner: str, options: Mapping[str, Any]) -> None:
    """Check the option ``betas``, which says how slowly two averages forget."""
    given = options["betas"]
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise DTypeError(f"{owner}: betas must be two numbers in [0, 1), got {given!r}")
    for i, beta in enumerate(given):
        real(owner, f"betas[{i}]", beta, 0.0, below=1.0)


def choice(owner: str, name: str, value: Any, *known: str) -> str:
    """Check an option that must be one of some words."""
    if value not in known:
        raise ValueError(f"{owner}: {name} must be one of {', '.join(map(repr, known))}, got {value!r}")
    return str(value)
