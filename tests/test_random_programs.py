"""Random programs with random lifetimes: whatever is held, dropped, rebound or looked at, values are NumPy's."""
import numbacnn_cpu
import numpy as np
import pytest

from numbacnn import manual_seed, nn, optim, tensor, testing
from numbacnn.graph import Array, evaluate, record

SHAPES = [(24,), (4, 6), (2, 3, 2, 2), (1, 1, 4, 6), (24, 1, 1, 1), (2, 2, 3, 2)]


@pytest.mark.parametrize("seed", range(200))
def test_random_program(seed, monkeypatch):
    monkeypatch.setitem(numbacnn_cpu.UPDATES, "add", 1)  # add may overwrite its last input
    with testing.settings(fuse=seed % 2 == 0):
        _run(np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(10))
def test_random_program_run_directly(seed):
    with testing.settings(eager=True):
        _run(np.random.default_rng(seed))


def _run(rng):
    held = []                                            # (array, its value)
    for _ in range(4):
        value = rng.integers(-9, 9, SHAPES[rng.integers(len(SHAPES))]).astype("float64")
        held.append((Array.of(value), value))
    for _ in range(rng.integers(5, 60)):
        action = rng.integers(8)
        array, value = held[rng.integers(len(held))]
        spec = ((array.shape, array.dtype),)
        if action <= 2:
            same = [pair for pair in held if pair[0].shape == array.shape]
            other, other_value = same[rng.integers(len(same))]
            result, = record("add", (array, other), spec)
            expected = value + other_value
            del other, same
        elif action == 3:
            result, = record("relu", (array,), spec)
            expected = np.maximum(value, 0)
        elif action <= 5:
            shape = SHAPES[rng.integers(len(SHAPES))]
            result, = record("reshape", (array,), ((shape, array.dtype),))
            expected = value.reshape(shape)
        elif action == 6:
            np.testing.assert_array_equal(array.numpy(), value)
            continue
        else:
            evaluate()
            continue
        del array
        if rng.integers(3) == 0:                         # rebind: drop something, often a leaf
            held.pop(rng.integers(len(held)))
        held.append((result, expected))
        del result
    for array, value in held:
        np.testing.assert_array_equal(array.numpy(), value)


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_learn_the_same_fused_unfused_and_directly(seed):
    results = []
    for switches in {}, {"fuse": False}, {"eager": True}:
        manual_seed(seed)
        with testing.settings(**switches):
            results.append(_learn(np.random.default_rng(seed)))
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


def _learn(rng):
    """Train a random network for three steps, looking at and keeping random things; return all that is left."""
    layers, channels, size = [], 2, 8
    for _ in range(rng.integers(2, 6)):
        kind = rng.integers(7)
        if kind <= 2:
            channels, before = int(rng.integers(1, 5)), channels
            layers.append(nn.Conv2d(before, channels, 3, padding=1, bias=bool(rng.integers(2)), dtype="float64"))
        layers.append([nn.ReLU(), nn.ReLU(), nn.ReLU(), nn.LeakyReLU(), nn.Dropout(0.3), nn.Sigmoid(),
                       nn.BatchNorm2d(channels, dtype="float64")][kind])
        if rng.integers(2) and size > 2:
            layers.append([nn.MaxPool2d(2), nn.AvgPool2d(2), nn.SumPool2d(2)][rng.integers(3)])
            size //= 2
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * size * size, 3, dtype="float64"))
    optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.5)
    kept, seen = [], []
    for _ in range(3):
        optimizer.zero_grad()
        x = tensor(rng.standard_normal((4, 2, 8, 8)))
        for layer in model:
            x = layer(x)
            if rng.integers(4) == 0:
                kept.append(x)
            if rng.integers(8) == 0:
                seen.append(x.numpy())
        loss = nn.functional.cross_entropy(x, tensor(rng.integers(0, 3, 4)))
        if rng.integers(4) == 0:
            seen.append(loss.numpy())
        loss.backward()
        optimizer.step()
        seen.append(loss.numpy())
    return [*seen, *[t.numpy() for t in kept], *[t.numpy() for t in model.state_tensors()]]
