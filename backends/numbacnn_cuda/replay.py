"""A sequence of launches: started one by one, or captured as a CUDA graph and replayed.

A graph holds the addresses of its arrays. A training loop uses the same ones again and again; so the second run on the
same addresses is captured, and later ones are one call of the driver.
"""
from collections import OrderedDict

GRAPHS = 8                # addresses of so many runs are remembered


class Sequence:
    """Launches that run one after the other.

    Parameters
    ----------
    device : Device
    launches : list of Launch
    """

    def __init__(self, device, launches):
        self.device = device
        self.launches = [(number, launch) for number, launch in enumerate(launches) if launch.grid]
        self.seen = OrderedDict()                        # addresses -> graph, None after the first run

    def run(self, bases):
        """Run them all; an exception has the attribute `launch`, the number of the launch."""
        with self.device.lock:
            self.device.enter()
            self.device.collect()
            self.start(bases)

    def start(self, bases):
        """Start them all, and look for faults."""
        device, key = self.device, tuple(bases)
        graph = self.seen.get(key)
        if graph is None:
            tables = [launch.prepare(bases) for _, launch in self.launches]
            again = key in self.seen
            graph = self.seen[key] = Graph(device, self.launches, bases, tables) if again else None
            if len(self.seen) > GRAPHS:
                self.seen.popitem(last=False)
        else:
            self.seen.move_to_end(key)
        for number, part in enumerate(graph.parts if graph else parts(self.launches)):
            if graph:
                part.replay(device)
            else:
                start(part, bases, device.compute)
            self.check(part.last if graph else part[-1], bases, number)
        device.ran(bases)

    def check(self, last, bases, number):
        """Wait for a launch that may have found a fault, and raise its exception."""
        index, launch = last
        if launch.fault is None:
            return
        try:
            launch.found_fault(bases)
        except Exception as error:
            error.launch = index
            raise


def parts(launches):
    """Return launches in parts; each ends with one that may find a fault, or is the last."""
    found = [[]]
    for each in launches:
        found[-1].append(each)
        if each[1].fault is not None:
            found.append([])
    return [part for part in found if part]


def start(part, bases, stream):
    """Start launches one by one."""
    for _, launch in part:
        if launch.fault is not None:
            launch.clear_fault(stream)
        launch.start(bases, stream)


class Part:
    """A part of a sequence as a CUDA graph."""

    def __init__(self, device, part, bases):
        driver, api = device.driver, device.driver.api
        self.last = part[-1]
        driver.cuStreamBeginCapture(device.compute, api.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL)
        try:
            start(part, bases, device.compute)
        finally:
            graph = driver.cuStreamEndCapture(device.compute)
        self.executable = driver.cuGraphInstantiate(graph, 0)
        driver.cuGraphDestroy(graph)
        self.destroy = driver.cuGraphExecDestroy

    def replay(self, device):
        """Start all of it."""
        device.driver.cuGraphLaunch(self.executable, device.compute)

    def __del__(self):
        if hasattr(self, "executable"):
            self.destroy(self.executable)


class Graph:
    """A sequence as CUDA graphs: one, or more if launches may find faults."""

    def __init__(self, device, launches, bases, tables):
        self.tables = tables                             # memory that it reads
        self.parts = [Part(device, part, bases) for part in parts(launches)]
