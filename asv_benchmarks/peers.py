"""numbacnn and PyTorch side by side: the same networks, in one process, taking turns. Prints a table of medians.

PyTorch runs in each of its set-ups (images channels first or last; Adam plain or fused), and its best one counts.
`pip install -e ".[oracle]"`, then `python asv_benchmarks/peers.py`.
"""
import itertools
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import torch

import numbacnn

sys.path.insert(0, str(Path(__file__).parent))
from benchmarks.model import MODELS

ROUNDS, PAUSE = 30, 0.01               # the pause lets threads of the other side fall asleep


def torch_models():
    """The same networks in PyTorch."""
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(),
                nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))
            self.shortcut = nn.Sequential() if stride == 1 and inputs == outputs else nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

        def forward(self, x):
            return torch.relu(self.body(x) + self.shortcut(x))

    simple = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(5408, 10))
    resnet = nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), Block(16, 16, 1),
                           Block(16, 32, 2), Block(32, 64, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    return {"SimpleCNN": simple, "small ResNet": resnet}


def torch_steps(name, x, targets):
    """Training steps of PyTorch, by set-up."""
    steps = {}
    for layout, fused in itertools.product((torch.contiguous_format, torch.channels_last), (False, True)):
        model = torch_models()[name].to(memory_format=layout)
        images = torch.from_numpy(x).to(memory_format=layout)
        optimizer, labels = torch.optim.Adam(model.parameters(), fused=fused), torch.from_numpy(targets)

        def step(model=model, images=images, optimizer=optimizer, labels=labels):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(images), labels).backward()
            optimizer.step()

        steps[f"{'last' if layout is torch.channels_last else 'first'}, {'fused' if fused else 'plain'}"] = step
    return steps


def our_step(name, x, targets):
    """A training step of numbacnn, as users write it."""
    model = MODELS[name][0]()
    optimizer, criterion = numbacnn.optim.Adam(model.parameters()), numbacnn.nn.CrossEntropyLoss()
    images, labels = numbacnn.tensor(x), numbacnn.tensor(targets)

    def step():
        optimizer.zero_grad()
        criterion(model(images), labels).backward()
        optimizer.step()

    return step


def inference(name, x):
    """Inference of both, from an image in memory to logits in memory."""
    model = MODELS[name][0]().eval()
    runs = {"numbacnn": numbacnn.no_grad()(lambda: model(numbacnn.tensor(x)).numpy())}
    for layout in (torch.contiguous_format, torch.channels_last):
        peer = torch_models()[name].eval().to(memory_format=layout)
        images = torch.from_numpy(x).to(memory_format=layout)
        runs[str(layout)] = torch.inference_mode()(lambda peer=peer, images=images: peer(images).numpy())
    return runs


def compare(title, runs):
    """Time all in turns; print the medians of ours and of the best other."""
    times = {name: [] for name in runs}
    for run in runs.values():
        for _ in range(3):
            run()
    for _ in range(ROUNDS):
        for name, run in runs.items():
            time.sleep(PAUSE)
            run()
            for _ in range(5):
                begin = time.perf_counter()
                run()
                times[name].append(time.perf_counter() - begin)
    medians = {name: statistics.median(found) * 1e3 for name, found in times.items()}
    ours = medians.pop("numbacnn")
    best = min(medians, key=medians.get)
    print(f"| {title} | {ours:.2f} ms | {medians[best]:.2f} ms | {medians[best] / ours:.1f} |")


def main():
    """Print the table."""
    threads = int(numbacnn.default_device().backend.info()["threads"])
    torch.set_num_threads(threads)
    print(f"| {threads} threads, float32 | numbacnn | PyTorch {torch.__version__} | ratio |\n|---|---|---|---|")
    rng = np.random.default_rng(0)
    for name, (_, shape) in MODELS.items():
        x, targets = rng.standard_normal((64, *shape), dtype=np.float32), rng.integers(0, 10, 64)
        compare(f"{name}, training step, batch 64",
                {"numbacnn": our_step(name, x, targets)} | torch_steps(name, x, targets))
        for batch in (1, 64):
            compare(f"{name}, inference, batch {batch}", inference(name, x[:batch]))


if __name__ == "__main__":
    main()
