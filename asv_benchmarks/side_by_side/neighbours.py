"""How much of the machine other processes take: a figure beside every figure, for they move it."""
import os
import time
from pathlib import Path

STAT = Path("/proc/stat")       # Linux; elsewhere nothing is known, and every round counts as quiet
QUIET = 0.05                    # part of the machine that others may take
WAIT = 4                        # seconds, for which it is worth to wait until they do
USER, IDLE, WAITING, GUEST = 0, 3, 4, 8


class Neighbours:
    """Measures from now on, in this process and its threads against all others."""

    def __init__(self):
        self.begin = _seconds()

    def share(self):
        """Return the part of the machine, 0 to 1, that other processes have taken since."""
        (busy, total, own), (busy0, total0, own0) = _seconds(), self.begin
        return max(0.0, busy - busy0 - (own - own0)) / (total - total0) if total > total0 else 0.0


def wait_for_quiet():
    """Sleep until others leave the machine alone, if they do so soon."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        neighbours = Neighbours()
        time.sleep(0.1)
        if neighbours.share() < QUIET:
            break


def _seconds():
    """Seconds of all cores: busy, all, and busy for this process and its ended children."""
    if not STAT.exists():
        return 0.0, 0.0, 0.0
    ticks = [int(each) for each in STAT.read_text().split("\n", 1)[0].split()[1:]][USER:GUEST]
    tick, times = os.sysconf("SC_CLK_TCK"), os.times()
    return (sum(ticks) - ticks[IDLE] - ticks[WAITING]) / tick, sum(ticks) / tick, sum(times[:4])
