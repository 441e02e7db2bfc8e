"""What only a process of its own can show: peak memory, and the time until the first step is done."""
import itertools
import os
import tempfile

from benchmarks import first_step

from . import goals, table
from .neighbours import Neighbours, wait_for_quiet

SETUPS = list(itertools.product(("channels-first", "channels-last"), ("default", "fused")))


def memory(name):
    """Compare the peak memory of training steps."""
    first_step.run("numbacnn", name)                    # compiled code is on disk from now on
    ours = first_step.run("numbacnn", name)["peak"]
    theirs = {setup: first_step.run("torch", name, *setup)["peak"] for setup in SETUPS}
    best = min(theirs, key=theirs.get)
    yield table.Row(f"{name}, training step, peak memory", table.size(ours), table.size(theirs[best]), " ".join(best),
                    theirs[best] / ours, *goals.MEMORY, 0.0)


def cold(name):
    """Hold the time from the import to the first step against its limits: with nothing compiled, and with all."""
    pytorch = min(first_step.run("torch", name)["first"] for _ in range(2))
    with tempfile.TemporaryDirectory() as folder:        # the bytecode of all modules is on disk from now on
        first_step.run("numbacnn", "SimpleCNN", environment={**os.environ, "NUMBACNN_CACHE_DIR": folder})
    with tempfile.TemporaryDirectory() as folder:
        for cache, limit in zip(("empty", "filled"), goals.FIRST_STEP[name], strict=True):
            wait_for_quiet()
            neighbours = Neighbours()
            environment = {**os.environ, "NUMBACNN_CACHE_DIR": folder}
            ours = min(first_step.run("numbacnn", name, environment=environment)["first"]
                       for _ in range(1 if cache == "empty" else 2))          # as often as PyTorch
            yield table.Row(f"{name}, import to first step, {cache} compile cache", table.duration(ours),
                            table.duration(limit), f"the limit; PyTorch {table.duration(pytorch)}", limit / ours, 1, 1,
                            neighbours.share())
