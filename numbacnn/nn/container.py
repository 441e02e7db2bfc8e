"""Modules made of modules."""
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from numbacnn.errors import DTypeError
from numbacnn.nn.listing import Listing
from numbacnn.nn.module import Module
from numbacnn.nn.naming import Naming

S = TypeVar("S", bound="Sequential")


class Sequential(Listing):
    """Apply modules one after the other.

    Parameters
    ----------
    *modules : Module, or one mapping of str to Module
        Named "0", "1", ... or as in the mapping.

    Notes
    -----
    It is indexed as a list; a slice is a `Sequential` of the same modules. Deleting and inserting numbers all anew.
    """

    kind = Module

    def __init__(self, *modules: Any) -> None:
        named = modules[0] if len(modules) == 1 and isinstance(modules[0], Mapping) else dict(enumerate(modules))
        for name, module in named.items():
            if not isinstance(module, Module):
                raise DTypeError(f"Sequential: every part must be a Module, got {type(module).__name__} at {name}")
            setattr(self, str(name), module)

    def forward(self, x: Any) -> Any:
        """Apply the modules in order."""
        for module in vars(self).values():
            if isinstance(module, Module):
                x = module(x)
        return x

    def _sliced(self, part: dict[str, Any]) -> "Sequential":
        return Sequential(part)

    def __add__(self, other: "Sequential") -> "Sequential":
        self._check_other(other)
        return Sequential(*self, *other)

    def __mul__(self, times: int) -> "Sequential":
        if not isinstance(times, int) or isinstance(times, bool) or times < 1:
            raise DTypeError(f"Sequential: can be repeated a positive number of times, got {times!r}")
        return Sequential(*list(self) * times)

    __rmul__ = __mul__

    def __imul__(self: S, times: int) -> S:
        self._replace(list(self * times))
        return self

    def _check_other(self, other: Any) -> None:
        if not isinstance(other, Sequential):
            raise DTypeError(f"Sequential: only a Sequential can be added, got {type(other).__name__}")


class ModuleList(Listing):
    """Modules in a list: they belong to the network, and are called one by one by whoever owns the list.

    Parameters
    ----------
    modules : iterable of Module, optional
        The modules.
    """

    kind = Module

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        self.extend([] if modules is None else modules)

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Refused: a list does not say in which way its modules are applied."""
        raise NotImplementedError("ModuleList: cannot be called; call its modules one by one, or use Sequential")

    def _sliced(self, part: dict[str, Any]) -> "ModuleList":
        return ModuleList(part.values())

    def __add__(self, other: Iterable[Module]) -> "ModuleList":
        return ModuleList(self).extend(other)

    def _shown_children(self) -> list[tuple[str, str]]:
        """Equal neighbours are shown once, with their number."""
        groups: list[list[Any]] = []
        for i, module in enumerate(self):
            if groups and groups[-1][2] == repr(module):
                groups[-1][1] = i
            else:
                groups.append([i, i, repr(module)])
        return [(str(a), text) if a == b else (f"{a}-{b}", f"{b - a + 1} x {text}") for a, b, text in groups]


class ModuleDict(Naming):
    """Modules by name: they belong to the network, and are called one by one by whoever owns the dict.

    Parameters
    ----------
    modules : mapping of str to Module, or iterable of pairs, optional
        The modules.
    """

    def __init__(self, modules: Any = None) -> None:
        super().__init__(modules)

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Refused: a dict does not say in which way its modules are applied."""
        raise NotImplementedError("ModuleDict: cannot be called; call its modules one by one")

    def _give(self, key: str, value: Any) -> None:
        if not isinstance(value, Module):
            raise DTypeError(f"ModuleDict: every value must be a Module, got {type(value).__name__} at {key!r}")
        self.register_module(key, value)


class Identity(Module):
    """Return the input; arguments are accepted and ignored, so that it can take the place of any layer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ignore everything."""

    def forward(self, input: Any) -> Any:
        """Return the input."""
        return input
