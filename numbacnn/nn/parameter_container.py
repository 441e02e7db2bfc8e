"""Modules made of parameters."""
from collections.abc import Iterable
from typing import Any

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError
from numbacnn.nn.listing import Listing
from numbacnn.nn.naming import Naming
from numbacnn.nn.parameter import Parameter


class ParameterList(Listing):
    """Parameters in a list; tensors and arrays become parameters.

    Parameters
    ----------
    values : iterable of Parameter, Tensor or array, optional
        The parameters.
    """

    kind = Parameter

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        self.extend([] if values is None else values)

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Refused: parameters compute nothing."""
        raise NotImplementedError("ParameterList: cannot be called; use its parameters")

    def _checked(self, value: Any) -> Parameter:
        return _parameter("ParameterList", value)

    def _sliced(self, part: dict[str, Any]) -> "ParameterList":
        return ParameterList(part.values())

    def _shown_children(self) -> list[tuple[str, str]]:
        return _shown(self._entries().items())


class ParameterDict(Naming):
    """Parameters by name; tensors and arrays become parameters.

    Parameters
    ----------
    parameters : mapping of str to Parameter, or iterable of pairs, optional
        The parameters.
    """

    kind = Parameter

    def __init__(self, parameters: Any = None) -> None:
        super().__init__(parameters)

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Refused: parameters compute nothing."""
        raise NotImplementedError("ParameterDict: cannot be called; use its parameters")

    def _give(self, key: str, value: Any) -> None:
        self.register_parameter(key, _parameter("ParameterDict", value))

    def get(self, key: str, default: Any = None) -> Any:
        """Return a parameter, or the default if there is none of that name."""
        return dict(self.items()).get(key, default)

    def setdefault(self, key: str, default: Any) -> Parameter:
        """Return a parameter, which is made of the default if there is none of that name."""
        if key not in self:
            self[key] = default
        found: Parameter = self[key]
        return found

    def _shown_children(self) -> list[tuple[str, str]]:
        return _shown(self.items())


def _parameter(name: str, value: Any) -> Parameter:
    if not isinstance(value, Tensor | np.ndarray):
        raise DTypeError(f"{name}: every part must be a Parameter, Tensor or array, got {type(value).__name__}")
    return value if isinstance(value, Parameter) else Parameter(value)


def _shown(items: Iterable[tuple[str, Parameter]]) -> list[tuple[str, str]]:
    return [(name, f"Parameter containing: [{p.dtype} of size {'x'.join(map(str, p.shape))}]") for name, p in items]
