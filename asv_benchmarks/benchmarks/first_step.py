"""A process that trains a network for three steps, and prints what that took, as JSON.

    python -m benchmarks.first_step numbacnn SimpleCNN
    python -m benchmarks.first_step torch ResNet-18 channels-last fused

`first`: seconds from before the first import until the first step is done. `peak`: bytes of memory at the worst moment,
above what the process had after its imports.
"""
import time

BEGIN = time.perf_counter()

# The clock starts before the first import.
import json  # noqa: E402
import os  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402


def run(side, network, *options, environment=None):
    """Run this file in a new process; return what it prints.

    Python may keep bytecode: pip writes it for what it installs, but not for a checkout.
    """
    environment = {**(os.environ if environment is None else environment)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run([sys.executable, "-m", "benchmarks.first_step", side, network, *options], env=environment,
                          cwd=Path(__file__).parents[1], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def numbacnn_step(network):
    """The step of numbacnn."""
    import numbacnn
    from numbacnn import nn, optim

    return nn, optim.Adam, numbacnn.tensor, lambda model: model


def torch_step(network, *options):
    """The step of PyTorch, in the set-up that the options name."""
    import functools

    import torch

    layout = torch.channels_last if "channels-last" in options else torch.contiguous_format
    device = "cuda" if "cuda" in options else "cpu"

    def tensor(values):
        made = torch.from_numpy(values).to(device)
        return made.to(memory_format=layout) if made.ndim == 4 else made

    return (torch.nn, functools.partial(torch.optim.Adam, fused="fused" in options), tensor,
            lambda model: model.to(device, memory_format=layout))


def main(side, name, *options):
    """Train, and print."""
    import numpy as np

    from benchmarks.networks import NETWORKS

    network = NETWORKS[name]
    nn, make_optimizer, tensor, prepared = (numbacnn_step if side == "numbacnn" else torch_step)(network, *options)
    baseline = memory("VmRSS")
    model, criterion = prepared(network.build(nn)), nn.CrossEntropyLoss()
    optimizer = make_optimizer(model.parameters())
    images = tensor(np.random.default_rng(0).standard_normal((network.training_batch, *network.image), np.float32))
    targets = tensor(np.arange(network.training_batch) % network.classes)
    for turn in range(3):
        optimizer.zero_grad()
        loss = criterion(model(images), targets)
        loss.backward()
        optimizer.step()
        assert np.isfinite(loss.item())
        if turn == 0:
            first = time.perf_counter() - BEGIN
    print(json.dumps({"first": first, "peak": memory("VmHWM") - baseline}))


def memory(field):
    """Bytes of this process, now (VmRSS) or at most until now (VmHWM); Linux only."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(field + ":", 1)[1].split()[0]) * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
