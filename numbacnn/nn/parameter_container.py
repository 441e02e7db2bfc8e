"""Modules made of parameters."""
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError
from numbacnn.nn.listing import Listing
from numbacnn.nn.module import Module
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


class ParameterDict(Module):
    """Parameters by name; tensors and arrays become parameters.

    Parameters
    ----------
    parameters : mapping of str to Parameter, or iterable of pairs, optional
        The parameters.
    """

    def __init__(self, parameters: Any = None) -> None:
        if parameters is not None:
            self.update(parameters)

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Refused: parameters compute nothing."""
        raise NotImplementedError("ParameterDict: cannot be called; use its parameters")

    def __getitem__(self, key: str) -> Parameter:
        parameter = vars(self).get(key)
        if not isinstance(parameter, Parameter):
            raise KeyError(f"ParameterDict: there is no {key!r}; there are {', '.join(self) or 'none'}")
        return parameter

    def __setitem__(self, key: str, value: Any) -> None:
        self.register_parameter(key, _parameter("ParameterDict", value))

    def __delitem__(self, key: str) -> None:
        self[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self.keys())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, key: Any) -> bool:
        return key in self.keys()

    def keys(self) -> list[str]:
        """Return the names."""
        return [name for name, _ in self.items()]

    def values(self) -> list[Parameter]:
        """Return the parameters."""
        return [parameter for _, parameter in self.items()]

    def items(self) -> list[tuple[str, Parameter]]:
        """Return names and parameters."""
        return [(name, value) for name, value in vars(self).items() if isinstance(value, Parameter)]

    def get(self, key: str, default: Any = None) -> Any:
        """Return a parameter, or the default if there is none of that name."""
        return dict(self.items()).get(key, default)

    def setdefault(self, key: str, default: Any) -> Parameter:
        """Return a parameter, which is made of the default if there is none of that name."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str) -> Parameter:
        """Take a parameter out, and return it."""
        parameter = self[key]
        del self[key]
        return parameter

    def clear(self) -> None:
        """Take all parameters out."""
        for key in self.keys():
            del self[key]

    def update(self, parameters: Any) -> None:
        """Add parameters, or replace those of the same names."""
        if not isinstance(parameters, Mapping | ParameterDict | Iterable):
            raise DTypeError(f"ParameterDict: parameters must be a mapping or pairs, got {type(parameters).__name__}")
        for pair in list(parameters.items() if isinstance(parameters, Mapping | ParameterDict) else parameters):
            if not (isinstance(pair, tuple | list) and len(pair) == 2):
                raise DTypeError("ParameterDict: parameters must be a mapping or pairs of names and values, got "
                                 f"{pair!r}")
            self[pair[0]] = pair[1]

    def _shown_children(self) -> list[tuple[str, str]]:
        return _shown(self.items())


def _parameter(name: str, value: Any) -> Parameter:
    if not isinstance(value, Tensor | np.ndarray):
        raise DTypeError(f"{name}: every part must be a Parameter, Tensor or array, got {type(value).__name__}")
    return value if isinstance(value, Parameter) else Parameter(value)


def _shown(items: Iterable[tuple[str, Parameter]]) -> list[tuple[str, str]]:
    return [(name, f"Parameter containing: [{p.dtype} of size {'x'.join(map(str, p.shape))}]") for name, p in items]
