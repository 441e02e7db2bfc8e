"""What a step costs besides its arithmetic: recording, the look-up of the plan, and launching.

Every kernel runs, in the same tiles and threads, but is asked for no items: what is measured is everything else.
"""
import timeit

import numpy as np

import numbacnn
from numbacnn import nn, optim
from numbacnn.graph import thread

from . import common
from .networks import NETWORKS

CASES = ["SimpleCNN", "ResNet-20"]


class Overhead:
    """Training steps of SimpleCNN (15 recorded calls) and of a ResNet with batch normalisation."""

    param_names = ("network",)
    params = (CASES,)
    timeout = 120

    def setup(self, name):
        common.skip_without_backend()
        without_items()
        network = NETWORKS[name]
        self.model = network.build(nn)
        self.optimizer, self.criterion = optim.Adam(self.model.parameters()), nn.CrossEntropyLoss()
        self.x, self.targets = common.normal(64, *network.image), numbacnn.tensor(np.arange(64) % 10)
        self.captured = numbacnn.capture(self.step, self.model, self.optimizer)
        for _ in range(20):
            self.time_plain(name)
            self.time_captured(name)

    def step(self, x, targets):
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(x), targets)
        loss.backward()
        self.optimizer.step()
        return loss

    def time_plain(self, name):
        """The loop users write."""
        self.step(self.x, self.targets)

    def time_captured(self, name):
        """The same step, replayed."""
        self.captured(self.x, self.targets)


def without_items():
    """Ask every kernel of the CPU backend for no items, from now on, in this process."""
    from numbacnn_cpu import program

    lower_all = program.lower_all
    if not hasattr(lower_all, "__wrapped__"):
        def idle(calls):
            return [call._replace(items=0) for call in lower_all(calls)]

        idle.__wrapped__ = lower_all
        program.lower_all = idle
        thread.plans.clear()


def main():
    """Print the medians."""
    for name in CASES:
        bench = Overhead()
        bench.setup(name)
        for label in ("plain", "captured"):
            times = timeit.repeat(lambda: getattr(bench, f"time_{label}")(name), number=20, repeat=50)  # noqa: B023
            print(f"{name}, {label}: {np.median(times) / 20 * 1e6:.1f} us per step")


if __name__ == "__main__":
    main()
