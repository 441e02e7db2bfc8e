"""Ctrl-C waits: an evaluation is never torn in half."""
import threading
from _signal import getsignal, signal  # `signal` wraps these in enums: 8 us a pair
from collections.abc import Callable
from signal import SIGINT
from types import FrameType
from typing import Any


class deferred:
    """A block that Ctrl-C interrupts only when it is done."""

    __slots__ = ("caught", "handler")

    def __enter__(self) -> None:
        self.caught: list[tuple[int, FrameType | None]] = []
        self.handler: Callable[..., Any] | None = None
        if threading.current_thread() is threading.main_thread():
            handler = getsignal(SIGINT)
            if callable(handler):                        # not where Ctrl-C is ignored, or handled outside Python
                self.handler = handler
                signal(SIGINT, self._catch)

    def _catch(self, number: int, frame: FrameType | None) -> None:
        self.caught.append((number, frame))

    def __exit__(self, *error: object) -> None:
        if self.handler is not None:
            signal(SIGINT, self.handler)
            if self.caught:
                self.handler(*self.caught[0])

