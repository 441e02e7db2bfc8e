"""Modules that are indexed as a dict: attributes of one kind, by name."""
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from numbacnn.errors import DTypeError
from numbacnn.nn.module import Module


class Naming(Module):
    """Attributes by name."""

    kind: Any = Module                                   # of what is named

    def __init__(self, given: Any = None) -> None:
        if given is not None:
            self.update(given)

    def _give(self, key: str, value: Any) -> None:
        """Make a value an attribute, or say why it cannot be one."""
        raise NotImplementedError

    def __getitem__(self, key: str) -> Any:
        value = vars(self).get(key)
        if not isinstance(value, self.kind):
            raise KeyError(f"{type(self).__name__}: there is no {key!r}; there are {', '.join(self) or 'none'}")
        return value

    def __setitem__(self, key: str, value: Any) -> None:
        self._give(key, value)

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

    def values(self) -> list[Any]:
        """Return what is named."""
        return [value for _, value in self.items()]

    def items(self) -> list[tuple[str, Any]]:
        """Return names and what they name."""
        return [(name, value) for name, value in vars(self).items() if isinstance(value, self.kind)]

    def pop(self, key: str) -> Any:
        """Take one out, and return it."""
        value = self[key]
        del self[key]
        return value

    def clear(self) -> None:
        """Take all out."""
        for key in self.keys():
            del self[key]

    def update(self, given: Any) -> None:
        """Add several, or replace those of the same names."""
        name, what = type(self).__name__, f"{self.kind.__name__.lower()}s"
        if not isinstance(given, Mapping | Naming | Iterable):
            raise DTypeError(f"{name}: {what} must be a mapping or pairs, got {type(given).__name__}")
        pairs = list(given.items() if isinstance(given, Mapping | Naming) else given)
        for pair in pairs:
            if not (isinstance(pair, tuple | list) and len(pair) == 2):
                raise DTypeError(f"{name}: {what} must be a mapping or pairs of names and values, got {pair!r}")
        for key, value in pairs:
            self[key] = value
