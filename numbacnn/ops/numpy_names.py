"""NumPy's names of arguments, which PyTorch understands, too: `axis` for `dim`, `keepdims` for `keepdim`."""
from collections.abc import Callable
from functools import wraps
from typing import Any


def with_numpy_names(op: Callable[..., Any]) -> Callable[..., Any]:
    """Make the form of an operation that takes these names, too."""
    @wraps(op)
    def function(*arguments: Any, **options: Any) -> Any:
        if options and ("axis" in options or "keepdims" in options):
            for theirs, ours in (("axis", "dim"), ("keepdims", "keepdim")):
                if theirs in options:
                    if ours in options:
                        raise TypeError(f"{op.__name__}: {ours} and {theirs} are one argument, got both")
                    options[ours] = options.pop(theirs)
        return op(*arguments, **options)

    function.__module__ = "numbacnn.ops"                 # where it is found under its name
    return function
