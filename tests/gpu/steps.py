"""Whole training steps of one network, beside PyTorch's: time per step, host time per step, the first step."""
import os
import statistics
import tempfile
import time

import torch
from benchmarks import first_step
from side_by_side import data

import numbacnn

from . import clock, networks
from .results import arguments

ROUNDS, HOST = 7, 40
SECONDS = 0.1             # of a block of steps
LAST_BEFORE_COMPILING = "PyTorch, one graph"             # what is known by then is written: compiling may take too long


class Finished:
    """The wall clock, waiting for the device at both ends: what a user sees of a loop of steps."""

    def __init__(self, wait):
        self.synchronize = wait

    def span(self, run, count):
        """Return the seconds of so many runs."""
        self.synchronize()
        begin = time.perf_counter()
        for _ in range(count):
            run()
        self.synchronize()
        return time.perf_counter() - begin


def wait_for_ours():
    """Wait for all that numbacnn has begun."""
    numbacnn.evaluate()
    clock.ours().synchronize()


def host_time(watch, run, count=HOST):
    """Return the median seconds from the call to the return, the device being idle before it."""
    found = []
    for _ in range(count):
        watch.synchronize()
        begin = time.perf_counter()
        run()
        found.append(time.perf_counter() - begin)
    watch.synchronize()
    return statistics.median(found)


def measure(results, name, network, rehearse, compiled):
    """Write what is known of each side, as soon as it is known."""
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.benchmark = True
    model = networks.model_of(network)
    device = clock.ours()
    mine, yours = Finished(wait_for_ours), Finished(clock.theirs(torch).synchronize)
    runs = {}
    seconds = 1e-4 if rehearse else SECONDS
    for side, make in networks.sides(network, data.state_of(model), model, compiled).items():
        watch = mine if side.startswith("numbacnn") else yours
        try:
            run = make()
            losses = [float(run().item()) for _ in range(3)]
            host = host_time(watch, run, 3 if rehearse else HOST)
            results.add("side", network=name, side=side, losses=losses, host_microseconds=host * 1e6)
            runs[side] = watch, run
        except Exception as error:
            results.add("side", network=name, side=side, error=repr(error)[:800])
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if side == LAST_BEFORE_COMPILING and compiled:
            write(results, name, network, clock.turns(runs, ROUNDS, seconds))
    write(results, name, network, clock.turns(runs, 2 if rehearse else ROUNDS, seconds))
    events = {side: clock.alone(device, run, 3, seconds) for side, (watch, run) in runs.items() if watch is mine}
    results.add("device", network=name, microseconds={side: each * 1e6 for side, each in events.items()})


def write(results, name, network, times):
    """Write times of all sides, and ratios of ours to theirs."""
    peers = [side for side in times if side.startswith("PyTorch")]
    results.add("step", network=name, batch=network.training_batch,
                microseconds={side: statistics.median(each) * 1e6 for side, each in times.items()},
                rounds={side: [each * 1e6 for each in found] for side, found in times.items()},
                ratios={f"{side} : {peer}": clock.ratio(times, side, peer)
                        for side in times if side not in peers for peer in peers})


def first_steps(results, name):
    """Write the seconds from the first import to the first step: nothing compiled, then all of it."""
    folder = tempfile.mkdtemp()
    for cache in "empty", "filled":
        found = first_step.run("numbacnn", name, environment={**os.environ, "NUMBACNN_CACHE_DIR": folder})
        results.add("first", network=name, cache=cache, side="numbacnn", seconds=found["first"])
    if torch.cuda.is_available():
        found = first_step.run("torch", name, "channels-last", "fused", "cuda")
        results.add("first", network=name, side="PyTorch", seconds=found["first"])


def main():
    """Measure one network, or the first steps."""
    options = arguments("steps", ("--network", {"nargs": "+", "choices": networks.ALL, "default": ["SimpleCNN"]}),
                        ("--first", {"action": "store_true"}), ("--no-compile", {"action": "store_true"}))
    known = networks.TINY if options.rehearse else networks.ALL
    for name in options.network:
        if options.first:
            first_steps(options.results, name)
        else:
            measure(options.results, name, known[name], options.rehearse, not options.no_compile)


if __name__ == "__main__":
    main()
