"""Modules made of modules."""
from collections.abc import Iterator, Mapping
from typing import Any

from numbacnn.errors import DTypeError
from numbacnn.nn.module import Module


class Sequential(Module):
    """Apply modules one after the other.

    Parameters
    ----------
    *modules : Module, or one mapping of str to Module
        Named "0", "1", ... or as in the mapping.
    """

    def __init__(self, *modules: Any) -> None:
        named = modules[0] if len(modules) == 1 and isinstance(modules[0], Mapping) else dict(enumerate(modules))
        for name, module in named.items():
            if not isinstance(module, Module):
                raise DTypeError(f"Sequential: every part must be a Module, got {type(module).__name__} at {name}")
            setattr(self, str(name), module)

    def forward(self, x: Any) -> Any:
        """Apply the modules in order."""
        for module in self.children():
            x = module(x)
        return x

    def __len__(self) -> int:
        return len(list(self.children()))

    def __iter__(self) -> Iterator[Module]:
        return self.children()

    def __getitem__(self, index: int) -> Module:
        return list(self.children())[index]


class Identity(Module):
    """Return the input."""

    def forward(self, x: Any) -> Any:
        """Return x."""
        return x
