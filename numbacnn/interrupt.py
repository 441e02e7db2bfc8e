"""Ctrl-C waits: an evaluation is never torn in half."""
import threading
from _signal import SIGINT, getsignal, signal  # the module `signal` wraps these in enums, at 8 us a pair
from collections.abc import Callable
from types import FrameType
from typing import Any


class deferred:
    """A block that Ctrl-C interrupts only when it is done. Blocks may be nested: the outermost counts."""

    __slots__ = ("main",)

    def __enter__(self) -> None:
        self.main = threading.current_thread() is threading.main_thread()
        if self.main:
            if _state.depth == 0:
                handler = getsignal(SIGINT)
                _state.handler = handler if callable(handler) else None    # ignored, or handled outside Python
                if _state.handler is not None:
                    signal(SIGINT, _state.catch)
            _state.depth += 1

    def __exit__(self, *error: object) -> None:
        if self.main:
            _state.depth -= 1
            if _state.depth == 0 and _state.handler is not None:
                _state.restore()


class _State:
    """Of the main thread, the only one that runs signal handlers."""

    def __init__(self) -> None:
        self.depth = 0
        self.handler: Callable[..., Any] | None = None
        self.caught: tuple[int, FrameType | None] | None = None

    def catch(self, number: int, frame: FrameType | None) -> None:
        """Remember that Ctrl-C came."""
        self.caught = number, frame

    def restore(self) -> None:
        """Give Ctrl-C back to its handler, and do what would have been done if it came."""
        assert self.handler is not None
        caught, self.caught = self.caught, None
        signal(SIGINT, self.handler)
        if caught is not None:
            self.handler(*caught)


_state = _State()
