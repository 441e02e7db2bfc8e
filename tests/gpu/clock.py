"""Time on the device: between events of a stream, in turns. Without a device the same code runs by the wall clock."""
import statistics
import time

SHORT = 0.03              # seconds that a block of runs lasts
MOST = 200                # runs of a block, at most


class Wall:
    """Time of work that is done when the call returns."""

    def synchronize(self):
        """Wait for nothing."""

    def span(self, run, count):
        """Return the seconds of so many runs."""
        begin = time.perf_counter()
        for _ in range(count):
            run()
        return time.perf_counter() - begin


class Ours:
    """Time between events of the stream in which numbacnn computes.

    Parameters
    ----------
    device : numbacnn_cuda.driver.Device
    """

    def __init__(self, device):
        self.device, flag = device, device.driver.api.CUevent_flags.CU_EVENT_DEFAULT
        device.enter()
        self.begin, self.end = (device.driver.cuEventCreate(flag) for _ in range(2))

    def synchronize(self):
        """Wait until everything has run."""
        self.device.synchronize()

    def span(self, run, count):
        """Return the seconds of so many runs, on the device."""
        device, driver = self.device, self.device.driver
        device.synchronize()
        driver.cuEventRecord(self.begin, device.compute)
        for _ in range(count):
            run()
        device.enter()
        driver.cuEventRecord(self.end, device.compute)
        driver.cuEventSynchronize(self.end)
        return driver.cuEventElapsedTime(self.begin, self.end) / 1e3


class Theirs:
    """Time between events of PyTorch's current stream."""

    def __init__(self, torch):
        self.torch = torch
        self.begin, self.end = (torch.cuda.Event(enable_timing=True) for _ in range(2))

    def synchronize(self):
        """Wait until everything has run."""
        self.torch.cuda.synchronize()

    def span(self, run, count):
        """Return the seconds of so many runs, on the device."""
        self.torch.cuda.synchronize()
        self.begin.record()
        for _ in range(count):
            run()
        self.end.record()
        self.end.synchronize()
        return self.begin.elapsed_time(self.end) / 1e3


def ours():
    """Return the clock of numbacnn's device."""
    from numbacnn_cuda.runtime import runtime

    device = runtime().device(0)
    return Ours(device) if hasattr(device, "compute") else Wall()


def theirs(torch):
    """Return the clock of PyTorch's device."""
    return Theirs(torch) if torch.cuda.is_available() else Wall()


def length(clock, run, seconds=SHORT):
    """Return how many runs make a block; the first ones compile, allocate and capture."""
    for _ in range(3):
        run()
    return max(1, min(MOST, round(seconds / max(clock.span(run, 1), 1e-7))))


def alone(clock, run, rounds=5, seconds=SHORT):
    """Return the median seconds of a run."""
    count = length(clock, run, seconds)
    return statistics.median(clock.span(run, count) / count for _ in range(rounds))


def turns(runs, rounds=7, seconds=SHORT):
    """Time runs in turns, every other round in the other order.

    Parameters
    ----------
    runs : dict of str to (clock, callable)

    Returns
    -------
    dict of str to list of float
        Seconds of a run in each round.
    """
    counts = {name: length(clock, run, seconds) for name, (clock, run) in runs.items()}
    times = {name: [] for name in runs}
    for number in range(rounds):
        for name in list(runs)[::-1 if number % 2 else 1]:
            clock, run = runs[name]
            times[name].append(clock.span(run, counts[name]) / counts[name])
    return times


def ratio(times, mine, other):
    """Return how many times as fast `mine` is: the median over the rounds."""
    return statistics.median(b / a for a, b in zip(times[mine], times[other], strict=True))
