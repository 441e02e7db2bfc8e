"""Where the time of a training step goes: the kernels of numbacnn.explain, each timed on the device."""
from collections import Counter

from side_by_side import data

from . import networks, plans
from .results import arguments

SLOWEST = 10


def row(line):
    """Return what is known of a call."""
    return {"op": line.op, "stands_for": list(line.sources), "output": line.shapes, "algorithm": line.algorithm,
            "microseconds": line.seconds * 1e6, "gigabytes_per_second": line.nbytes / line.seconds / 1e9,
            "teraflops": line.flops / line.seconds / 1e12}


def main():
    """Profile networks."""
    options = arguments("profile", ("--network", {"nargs": "+", "choices": networks.ALL, "default": ["SimpleCNN"]}))
    known = networks.TINY if options.rehearse else networks.ALL
    for name in options.network:
        network = known[name]
        try:
            step = networks.our_step(network, data.state_of(networks.model_of(network)), captured=False)
            for _ in range(2):
                step()
            lines = plans.timed(step)
            by_op, calls = Counter(), Counter()
            for line in lines:
                by_op[line.op] += line.seconds * 1e6
                calls[line.op] += 1
            options.results.add(
                "profile", network=name, batch=network.training_batch, calls=len(lines),
                microseconds=sum(line.seconds for line in lines) * 1e6, by_op=dict(by_op.most_common()),
                calls_by_op=dict(calls), slowest=[row(line) for line in sorted(
                    lines, key=lambda line: -line.seconds)[:SLOWEST]])
            options.results.add("lines", network=name, rows=[row(line) for line in lines])
        except Exception as error:
            options.results.add("profile", network=name, error=repr(error)[:800])


if __name__ == "__main__":
    main()
