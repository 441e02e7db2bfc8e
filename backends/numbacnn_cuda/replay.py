"""A sequence of launches: started one by one, or captured as a CUDA graph and replayed.

A graph holds the addresses of its arrays. A training loop uses the same ones again and again; so the second run on the
same addresses is captured, and later ones are one call of the driver.
"""
from collections import OrderedDict

GRAPHS = 32               # addresses of so many runs are remembered: memory of results goes round


class Sequence:
    """Launches that run one after the other.

    Parameters
    ----------
    device : Device
    launches : list of Launch
    """

    def __init__(self, device, launches):
        self.device = device
        self.launches = [launch for launch in launches if launch.grid]
        self.seen = OrderedDict()                        # addresses -> graph, None after the first run

    def run(self, bases):
        """Start them all."""
        with self.device.lock, self.device.current():
            self.device.collect()
            self.start(bases)

    def start(self, bases):
        """Start them, from the second run on these addresses on as a graph."""
        device, key = self.device, tuple(bases)
        graph = self.seen.get(key)
        if graph is not None:
            self.seen.move_to_end(key)
            device.driver.cuGraphLaunch(graph.executable, device.compute)
            device.ran(graph.addresses)
            return
        tables = [launch.prepare(bases) for launch in self.launches]
        again = key in self.seen
        graph = self.seen[key] = Graph(device, self.launches, bases, tables) if again else None
        if len(self.seen) > GRAPHS:
            self.seen.popitem(last=False)
        if graph:
            device.driver.cuGraphLaunch(graph.executable, device.compute)
        else:
            start(self.launches, bases, device.compute)
        device.ran(graph.addresses if graph else frozenset(bases))


def start(launches, bases, stream):
    """Start launches one by one."""
    for launch in launches:
        launch.start(bases, stream)


class Graph:
    """A sequence as a CUDA graph."""

    def __init__(self, device, launches, bases, tables):
        driver, api = device.driver, device.driver.api
        self.tables = tables                             # memory that it reads
        self.addresses = frozenset(bases)
        driver.cuStreamBeginCapture(device.compute, api.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL)
        try:
            start(launches, bases, device.compute)
        finally:
            graph = driver.cuStreamEndCapture(device.compute)
        self.executable = driver.cuGraphInstantiate(graph, 0)
        driver.cuGraphDestroy(graph)
        self.destroy = driver.cuGraphExecDestroy

    def __del__(self):
        if hasattr(self, "executable"):
            self.destroy(self.executable)
