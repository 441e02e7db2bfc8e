"""Runs that a device has begun and that may still fail: what they replaced is kept until they have not.

A device may note in the background that a value is not as it must be. Then it leaves what is updated in place as it
was; all else is given back here, so that for the user nothing of that run, or of those after it, has happened.
"""
from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple
from weakref import ref

from numbacnn.memory import Storage
from numbacnn.plan import Plan

BEHIND = 3                # runs that the host may be ahead of the device, where these may fail


class Run(NamedTuple):
    """A run.

    Attributes
    ----------
    started : object
        The backend's: `failure()` waits for its end and returns its exception or None.
    results : list of weak reference to an array
        Those that it gave values.
    replaced : list of (memory, that from before)
        Of results that are, by their meaning, updates.
    rebound : list of (weak reference to a tensor, its new memory, its old array)
        Those whose new value does not lie where the old one does.
    """

    started: Any
    plan: Plan
    results: list[ref[Any]]
    replaced: list[tuple[Storage, Storage]]
    rebound: list[tuple[ref[Any], Storage, Any]]


class Pending:
    """The runs of one thread on one device that may still fail."""

    def __init__(self) -> None:
        self.runs: deque[Run] = deque()

    def note(self, started: Any, plan: Plan, leaves: list[Storage], arrays: Iterable[tuple[Any, int]],
             results: list[Storage], rebound: Iterable[tuple[ref[Any], Any, Any]]) -> None:
        """Note a run: arrays with the number of their result, tensors with what was replaced.

        `started` is None if it cannot fail by itself; it does with those before it.
        """
        if started is None:
            if not self.runs:
                return
            started = self.runs[-1].started
        self.runs.append(Run(
            started, plan, [ref(array) for array, _ in arrays if array is not None],
            [(results[n], leaves[leaf]) for n, leaf in plan.successors],
            [(weak, new, old) for weak, new, old in rebound if new is not old.storage]))

    def failure(self, behind: int) -> Exception | None:
        """Wait for all but the last so many runs; return the exception of the first that failed, if one did."""
        runs = self.runs
        while runs and (len(runs) > behind or runs[0].started.failed()):
            error: Exception | None = runs[0].started.failure()
            if error is not None:
                return runs[0].plan.explained(error)
            done = runs.popleft().started
            while runs and runs[0].started is done:
                runs.popleft()
        return None

    def replaced(self) -> dict[Storage, Storage]:
        """Return what was, before all these runs, in place of the memory of results."""
        before: dict[Storage, Storage] = {}
        for run in self.runs:
            before |= {new: before.get(old, old) for new, old in run.replaced}
        return before

    def undo(self) -> None:
        """Give back what all these runs replaced; their other results have no value."""
        before = self.replaced()
        runs, self.runs = self.runs, deque()
        for run in reversed(runs):
            for weak, new, old in reversed(run.rebound):
                tensor = weak()
                if tensor is not None and tensor.array.storage is new:
                    tensor.array = old
        for run in runs:
            for known in run.results:
                array = known()
                if array is not None:
                    array.storage = before.get(array.storage)
