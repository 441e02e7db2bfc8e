"""Modules that are indexed as a list: the attributes "0", "1", ... of one kind."""
from collections.abc import Iterable, Iterator
from operator import index
from typing import Any, TypeVar

from numbacnn.errors import DTypeError
from numbacnn.nn.module import Module

L = TypeVar("L", bound="Listing")


class Listing(Module):
    """A list of attributes."""

    kind: Any = Module                                   # of what is listed

    def _entries(self) -> dict[str, Any]:
        """What is listed, by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, self.kind)}

    def _checked(self, value: Any) -> Any:
        """What is to be listed."""
        if not isinstance(value, self.kind):
            raise DTypeError(f"{type(self).__name__}: every part must be a {self.kind.__name__}, got "
                             f"{type(value).__name__}")
        return value

    def _sliced(self, part: dict[str, Any]) -> Any:
        """The list of a part of the entries."""
        raise NotImplementedError

    def _replace(self, values: Iterable[Any]) -> None:
        """List these in place of all others, numbered."""
        checked = [self._checked(value) for value in values]
        for name in self._entries():
            delattr(self, name)
        for i, value in enumerate(checked):
            setattr(self, str(i), value)

    def _place(self, i: Any, length: int) -> int:
        """An index that may be negative, as one that is not."""
        try:
            place = index(i)
        except TypeError:
            raise DTypeError(f"{type(self).__name__}: an index must be an integer or a slice, got {i!r}") from None
        if not -length <= place < length:
            raise IndexError(f"{type(self).__name__}: an index must be in [{-length}, {length}), got {place}")
        return place % length

    def __len__(self) -> int:
        return len(self._entries())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._entries().values())

    def __contains__(self, value: Any) -> bool:
        return any(value is each for each in self)

    def __getitem__(self, i: Any) -> Any:
        entries = list(self._entries().items())
        if isinstance(i, slice):
            return self._sliced(dict(entries[i]))
        return entries[self._place(i, len(entries))][1]

    def __setitem__(self, i: Any, value: Any) -> None:
        names = list(self._entries())
        if isinstance(i, slice):
            places, values = names[i], list(value)
            if len(places) != len(values):
                raise ValueError(f"{type(self).__name__}: a slice of {len(places)} must be given so many, got "
                                 f"{len(values)}")
        else:
            places, values = [names[self._place(i, len(names))]], [value]
        for name, each in zip(places, [self._checked(each) for each in values], strict=True):
            setattr(self, name, each)

    def __delitem__(self, i: Any) -> None:
        values = list(self)
        del values[i if isinstance(i, slice) else self._place(i, len(values))]
        self._replace(values)

    def __iadd__(self: L, other: Iterable[Any]) -> L:
        return self.extend(other)

    def append(self: L, value: Any) -> L:
        """Add one at the end; returns the list."""
        entries, value = self._entries(), self._checked(value)
        name = str(len(entries))
        if name in entries:                              # the names are not numbers in order
            self._replace([*entries.values(), value])
        else:
            setattr(self, name, value)
        return self

    def extend(self: L, values: Iterable[Any]) -> L:
        """Add several at the end; returns the list."""
        if not isinstance(values, Iterable) or isinstance(values, str):
            raise DTypeError(f"{type(self).__name__}: only an iterable can be added, got {type(values).__name__}")
        for value in [self._checked(value) for value in values]:
            self.append(value)
        return self

    def insert(self: L, index: int, value: Any) -> L:
        """Add one before a place, and number all anew; returns the list."""
        values = list(self)
        length = len(values)
        place = length if index == length else self._place(index, length)
        self._replace([*values[:place], self._checked(value), *values[place:]])
        return self

    def pop(self, key: Any = -1) -> Any:
        """Take one out, and return it."""
        value = self[self._place(key, len(self))]
        del self[key]
        return value
