"""Hooks: functions of the user's that are called on the way, and how one is taken away again."""
import itertools
from collections import OrderedDict
from typing import Any

from numbacnn.errors import DTypeError
from numbacnn.graph import setting_changed

_keys = itertools.count()
watched = False      # whether calls of modules are looked at: one has hooks, or a function was captured


class RemovableHandle:
    """Takes a hook away: by `remove`, or at the end of a ``with`` block.

    Parameters
    ----------
    hooks : OrderedDict
        Where the hook is.
    """

    def __init__(self, hooks: "OrderedDict[int, Any]") -> None:
        self.hooks, self.key = hooks, next(_keys)

    def remove(self) -> None:
        """Take the hook away; nothing happens if it is gone."""
        self.hooks.pop(self.key, None)
        setting_changed()

    def __enter__(self) -> "RemovableHandle":
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def register(op: str, hooks: "OrderedDict[int, Any]", hook: Any, prepend: bool = False, entry: Any = None
             ) -> RemovableHandle:
    """Add a hook (or an entry that holds it) behind the others, or before them."""
    if not callable(hook):
        raise DTypeError(f"{op}: hook must be a function, got {type(hook).__name__}")
    handle = RemovableHandle(hooks)
    hooks[handle.key] = hook if entry is None else entry
    if prepend:
        hooks.move_to_end(handle.key, last=False)
    setting_changed()
    return handle
