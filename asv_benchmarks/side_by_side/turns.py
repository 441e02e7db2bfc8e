"""Timing by turns: every run of a comparison sees the same minutes of a machine that others use, too."""
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

from .neighbours import QUIET, Neighbours, wait_for_quiet

PAUSE = 0.012           # seconds before each block, in which waiting threads of the other side fall asleep
BLOCK, LONGEST = 0.03, 50  # a block lasts so many seconds, and has at most so many runs
HOPELESS = 1.4          # who takes so many times as long as the best of its side, twice, is not asked again
PATIENCE = 3            # so many times the rounds are tried, to find quiet ones

Run = Callable[[], object]


class Measured(NamedTuple):
    """Median seconds of each run in each round, and the part of the machine that others took meanwhile."""

    times: dict[str, list[float]]
    others: float

    def best(self, names):
        """Return the fastest of these runs."""
        return min((name for name in names if name in self.times), key=self.median)

    def median(self, name):
        """Return the median seconds of a run."""
        return statistics.median(self.times[name])

    def ratio(self, ours, other):
        """Return the median over the rounds of how many times as fast ours was."""
        return statistics.median(b / a for a, b in zip(self.times[ours], self.times[other], strict=True))


def take_turns(ours: dict[str, Run], others: list[dict[str, Run]], rounds: int) -> Measured:
    """Time runs by turns, in the quietest rounds; set-ups of others that are far behind their best are dropped."""
    runs = {name: run for side in (ours, *others) for name, run in side.items()}
    wait_for_quiet()
    lengths = {name: _length(run) for name, run in runs.items()}
    found: list[tuple[float, dict[str, float]]] = []
    while len(found) < PATIENCE * rounds and sum(share < QUIET for share, _ in found) < rounds:
        wait_for_quiet()
        neighbours = Neighbours()
        order = list(runs)[::-1 if len(found) % 2 else 1]        # nobody always comes after the same one
        times = {name: _block(runs[name], lengths[name]) for name in order}
        found.append((neighbours.share(), times))
        if len(found) == 2:
            for name in _hopeless(others, [times for _, times in found]):
                del runs[name]
    kept = sorted(found, key=lambda each: each[0])[:rounds]
    return Measured({name: [times[name] for _, times in kept] for name in runs},
                    statistics.median(share for share, _ in kept))


def _hopeless(others, found):
    for side in others:
        best = {name: min(times[name] for times in found) for name in side}
        yield from [name for name in side if best[name] > HOPELESS * min(best.values())]


def _seconds(run: Run) -> float:
    """Time one run, without what it wants to be done before each (`renew`)."""
    if hasattr(run, "renew"):
        run.renew()
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def _length(run: Run) -> int:
    """How many runs make a block; the first ones compile and allocate."""
    return max(1, min(LONGEST, round(BLOCK / [_seconds(run) for _ in range(3)][-1])))


def _block(run: Run, length: int) -> float:
    time.sleep(PAUSE)
    if length > 1:
        run()
    return statistics.median([_seconds(run) for _ in range(length)])
