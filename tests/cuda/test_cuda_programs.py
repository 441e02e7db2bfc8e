"""Whole programs in the simulator: networks learn there what they learn on the CPU, and the examples run."""
import importlib.util
from pathlib import Path

import numpy as np
import pytest
import simulated
from models import SmallResNet, batch, randomise
from test_chapter import LISTING, write_idx

import numbacnn as nb
from numbacnn import datasets, nn, optim
from numbacnn.nn import functional as F

pytestmark = simulated.only
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


class Small(nn.Module):
    """A convolution, a pooling and a dense layer."""

    def __init__(self, dtype="float32"):
        self.conv, self.fc = nn.Conv2d(1, 5, 3, dtype=dtype), nn.Linear(45, 10, dtype=dtype)

    def forward(self, x):
        return self.fc(F.max_pool2d(F.relu(self.conv(x)), 2).flatten(1))


class Dropping(nn.Module):
    """Some of everything: groups, strides, means, dropout, layer norm."""

    def __init__(self, dtype="float32"):
        self.layers = nn.Sequential(
            nn.Conv2d(3, 6, 3, stride=2, padding=1, groups=3, dtype=dtype), nn.GroupNorm(2, 6, dtype=dtype), nn.GELU(),
            nn.Dropout(0.3), nn.AvgPool2d(2), nn.Conv2d(6, 8, 1, dtype=dtype), nn.SiLU(), nn.AdaptiveMaxPool2d(2),
            nn.Flatten(), nn.LayerNorm(32, dtype=dtype), nn.Linear(32, 10, dtype=dtype))

    def forward(self, x):
        return self.layers(x)


def trained(make, optimizer, device, dtype, steps=3, **images):
    """Return losses and final weights of a few steps."""
    nb.set_default_device(device)
    try:
        nb.manual_seed(0)
        model = randomise(make(dtype=dtype))
        optimizer = optimizer(model.parameters())
        x, y = batch(dtype=dtype, **images)
        losses = []
        for _ in range(steps):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(nb.tensor(x)), nb.tensor(y))
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses, {name: value.numpy() for name, value in model.state_dict().items()}
    finally:
        nb.set_default_device(None)


NETWORKS = {"convolution, SGD": (Small, lambda p: optim.SGD(p, lr=0.05, momentum=0.9), {"n": 3, "size": 8}),
            "SmallResNet, Adam": (SmallResNet, lambda p: optim.Adam(p, lr=0.01), {"n": 3, "size": 8}),
            "everything, AdamW": (Dropping, lambda p: optim.AdamW(p, lr=0.01), {"n": 2, "size": 8, "channels": 3})}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-9), ("float32", 2e-3)])
def test_training_is_that_of_the_cpu(name, dtype, bound):
    make, optimizer, images = NETWORKS[name]
    losses, weights = trained(make, optimizer, "cuda", dtype, **images)
    expected, known = trained(make, optimizer, "cpu", dtype, **images)
    np.testing.assert_allclose(losses, expected, rtol=bound)
    for key, values in known.items():
        np.testing.assert_allclose(weights[key], values, rtol=bound, atol=bound * max(1e-3, np.abs(values).max()))


@pytest.mark.parametrize("name", NETWORKS)
def test_graphs_and_packed_arguments_change_no_bit(name, gpus):
    make, optimizer, images = NETWORKS[name]
    expected, known = trained(make, optimizer, "cuda", "float32", **images)
    nb.graph.thread.plans.clear()
    fake = gpus(memory=1 << 32)
    losses, weights = trained(make, optimizer, "cuda", "float32", **images)
    assert losses == expected
    assert fake.started
    for key, values in known.items():
        np.testing.assert_array_equal(weights[key], values)


def test_a_captured_step_is_replayed():
    nb.set_default_device("cuda")
    try:
        model = nn.Linear(4, 3)
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        x, y = nb.randn(5, 4), nb.tensor([0, 1, 2, 0, 1])

        def step(x, y):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            return loss

        replay = nb.capture(step, [model, optimizer])
        losses = [replay(x, y).item() for _ in range(5)]
    finally:
        nb.set_default_device(None)
    assert losses == sorted(losses, reverse=True)


@pytest.fixture
def few_digits(monkeypatch):
    """The digits of the package are a few."""
    class Few(datasets.Digits):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self.data, self.targets = self.data[:12], self.targets[:12]

    monkeypatch.setattr(datasets, "Digits", Few)
    nb.set_default_device("cuda")
    yield
    nb.set_default_device(None)


@pytest.mark.parametrize("name", ["three_heads", "mlp_beside_cnn", "text_cnn"])
def test_an_example_runs(name, few_digits, monkeypatch, capsys):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    monkeypatch.setattr(example, "EPOCHS", 1)
    if hasattr(example, "WIDTHS"):
        monkeypatch.setattr(example, "WIDTHS", (4,) * len(example.WIDTHS))
    for names in "THINGS", "BEGINNINGS", "PRAISE":       # of the sentences
        if hasattr(example, names):
            monkeypatch.setattr(example, names, getattr(example, names)[:1])
    example.main()
    assert "%" in capsys.readouterr().out


def test_the_chapter_runs(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "data"
    folder.mkdir()
    digits = datasets.Digits(train=True)
    for name in "train", "t10k":
        write_idx(folder / f"{name}-images-idx3-ubyte", np.pad(np.kron(digits.data[:3], np.ones((1, 3, 3), np.uint8)),
                                                               ((0, 0), (2, 2), (2, 2))))
        write_idx(folder / f"{name}-labels-idx1-ubyte", digits.targets[:3])
    monkeypatch.chdir(tmp_path)
    nb.set_default_device("cuda")
    try:
        exec(compile(LISTING.read_text(encoding="utf-8"), LISTING, "exec"), {"__name__": "__main__"})
    finally:
        nb.set_default_device(None)
    assert "Train Batch: 0, Loss: " in capsys.readouterr().out
