"""Random programs with random lifetimes: whatever is held, dropped, rebound or looked at, values are NumPy's."""
import numbacnn_cpu
import numpy as np
import pytest

from numbacnn import testing
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
