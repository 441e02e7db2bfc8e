"""Whether operations remember how to compute gradients, in this thread."""
import inspect
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from numbacnn.errors import DTypeError
from numbacnn.options import flag

F = TypeVar("F", bound=Callable[..., Any])


class _Mode(threading.local):
    enabled = True


mode = _Mode()


def is_grad_enabled() -> bool:
    """Return whether operations remember how to compute gradients, in this thread."""
    return mode.enabled


class set_grad_enabled:
    """Operations remember how to compute gradients, or do not: from now on, in the block, or in the decorated function.

    Parameters
    ----------
    enabled : bool
        Whether they do.

    Raises
    ------
    DTypeError
        If `enabled` is no bool, or what is decorated is no function.

    Examples
    --------
    >>> import numbacnn
    >>> with numbacnn.set_grad_enabled(False):
    ...     numbacnn.is_grad_enabled()
    False
    """

    def __init__(self, enabled: bool) -> None:
        self.enabled, self.before = flag("set_grad_enabled", "enabled", enabled), [mode.enabled]
        mode.enabled = enabled

    def __enter__(self) -> None:
        if not self.before:                              # the block is entered once more
            self.before.append(mode.enabled)
            mode.enabled = self.enabled

    def __exit__(self, *error: object) -> None:
        mode.enabled = self.before.pop()

    def __call__(self, function: F) -> F:
        """Decorate a function, or a generator function: its body runs in this mode."""
        mode.enabled = self.before.pop()                 # the mode is the function's, not that of what follows
        return decorated("set_grad_enabled", lambda: set_grad_enabled(self.enabled), function)


class _Block:
    """A block, or a decorated function, in one mode."""

    enabled = True

    def __new__(cls, function: Any = None) -> Any:
        if function is None:
            return super().__new__(cls)
        return cls()(function)                           # @no_grad, without brackets

    def __init__(self) -> None:
        self.before: list[bool] = []

    def __enter__(self) -> None:
        self.before.append(mode.enabled)
        mode.enabled = self.enabled

    def __exit__(self, *error: object) -> None:
        mode.enabled = self.before.pop()

    def __call__(self, function: F) -> F:
        """Decorate a function, or a generator function: its body runs in this mode."""
        return decorated(type(self).__name__, type(self), function)


class no_grad(_Block):
    """Operations in the block, or in the decorated function, do not remember how to compute gradients.

    Parameters
    ----------
    function : callable, optional
        What is decorated, by ``@no_grad``; without it, ``with no_grad():`` and ``@no_grad()``.
    """

    enabled = False


class enable_grad(_Block):
    """Operations in the block, or in the decorated function, do remember, within `no_grad`, too.

    Parameters are those of `no_grad`.
    """


class inference_mode(_Block):
    """The same as `no_grad`: nothing is saved by forgetting more, and what was computed may be used for training later.

    Parameters
    ----------
    mode : bool or function
        False changes nothing but switches gradients on; a function is decorated.
    """

    def __new__(cls, mode: Any = True) -> Any:
        """Make a block, or decorate a function."""
        return super().__new__(cls, None if isinstance(mode, bool) else mode)

    def __init__(self, mode: Any = True) -> None:
        super().__init__()
        self.enabled = not mode

    def __call__(self, function: F) -> F:
        """Decorate a function, or a generator function: its body runs in this mode."""
        return decorated("inference_mode", lambda: inference_mode(not self.enabled), function)


def decorated(name: str, block: Callable[[], Any], function: F) -> F:
    """The function, or generator function, whose body runs in such a block."""
    if inspect.isclass(function) or not callable(function):
        raise DTypeError(f"{name}: only a function can be decorated, got {function!r}; a class has methods to decorate")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise DTypeError(f"{name}: {function.__name__} is asynchronous, and others would run in its mode while it "
                         f"waits; write `with {name}():` around what computes")

    if inspect.isgeneratorfunction(function):
        @wraps(function)
        def changed(*inputs: Any, **options: Any) -> Any:
            return _steps(block, function(*inputs, **options))
    else:
        @wraps(function)
        def changed(*inputs: Any, **options: Any) -> Any:
            with block():
                return function(*inputs, **options)

    return changed  # type: ignore[return-value]


def _steps(block: Callable[[], Any], inner: Any) -> Any:
    """A generator whose body runs in the block, and whose user does not."""
    step, given = inner.send, None
    try:
        while True:
            with block():
                value = step(given)
            try:
                step, given = inner.send, (yield value)
            except GeneratorExit:
                with block():
                    inner.close()
                raise
            except BaseException as error:
                step, given = inner.throw, error
    except StopIteration as stop:
        return stop.value
