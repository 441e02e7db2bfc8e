"""The argument `inplace` of PyTorch's functions."""
from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Any

from numbacnn.autograd import Tensor


def accepting_inplace(op: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Make the form of an operation that has a last argument `inplace`, which changes nothing.

    Memory is reused wherever nobody can see it.
    """
    parameters = list(signature(op).parameters.values())
    count = len(parameters)

    @wraps(op)
    def function(*arguments: Any, inplace: bool = False, **options: Any) -> Tensor:
        return op(*(arguments if len(arguments) <= count else arguments[:-1]), **options)

    inplace = Parameter("inplace", Parameter.POSITIONAL_OR_KEYWORD, default=False, annotation=bool)
    function.__signature__ = signature(op).replace(parameters=[*parameters, inplace])  # type: ignore[attr-defined]
    return function
