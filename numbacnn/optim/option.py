"""Reading the options of optimisers, several at a time."""
from collections.abc import Mapping
from typing import Any

from numbacnn.errors import DTypeError
from numbacnn.options import flag, number


def reals(owner: str, options: Mapping[str, Any], *names: str) -> None:
    """Check options that must be numbers from zero."""
    for name in names:
        number(owner, name, options[name], 0.0)


def switches(owner: str, options: Mapping[str, Any], *names: str) -> None:
    """Check options that must be true or false."""
    for name in names:
        flag(owner, name, options[name])


def betas(owner: str, options: Mapping[str, Any]) -> None:
    """Check the option ``betas``, which says how slowly two averages forget."""
    given = options["betas"]
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise DTypeError(f"{owner}: betas must be two numbers in [0, 1), got {given!r}")
    for i, beta in enumerate(given):
        number(owner, f"betas[{i}]", beta, 0.0, below=1.0)
