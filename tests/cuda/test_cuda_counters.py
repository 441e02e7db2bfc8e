"""Dropout and random numbers in the simulator: the very bits of the CPU; PReLU and softmax across borders of blocks."""
import sys

import numpy as np
import pytest
import simulated
from simulated import run

import numbacnn as nb

pytestmark = simulated.only
DTYPES = "float32", "float64"
SIZES = [0, 1, 3, 4, 5, 255, 1023, 1024, 1025, 3001]
STATES = [(0, 0), (12345678901234567, 3), (2**63 - 1, 5 << 40)]


def on_both(function):
    """Return what a function gives on the simulated GPU, and on the CPU, from equal states."""
    found = []
    for device in "cuda", "cpu":
        nb.manual_seed(7)
        found.append([each.numpy() for each in function(device)])
    return zip(*found, strict=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 1 - 2.0 ** -24])
def test_dropout_is_that_of_the_cpu(dtype, p):
    def twice(device):
        x = nb.tensor(np.random.default_rng(0).standard_normal((3, 5, 9, 8)), dtype=dtype, device=device)
        return [nb.ops.dropout(x, p) for _ in range(2)]          # the second has another count

    for cuda, cpu in on_both(twice):
        np.testing.assert_array_equal(cuda, cpu)
        assert cuda.dtype == dtype


@pytest.mark.parametrize("size", SIZES)
def test_random_numbers_are_those_of_the_cpu(size):
    def drawn(device):
        return [nb.rand(size, device=device), nb.rand(size, dtype="float64", device=device),
                nb.randint(-2**40, 2**62, (size,), device=device), nb.randint(0, 10, (size,), device=device)]

    for cuda, cpu in on_both(drawn):
        np.testing.assert_array_equal(cuda, cpu)


@pytest.mark.parametrize("size", SIZES)
def test_normal_numbers_are_those_of_the_cpu(size):
    def drawn(device):
        return [nb.randn(size, device=device), nb.randn(size, dtype="float64", device=device)]

    (single, same), (double, near) = on_both(drawn)
    assert np.count_nonzero(single != same) <= 1                 # one in 10^8 is rounded the other way
    np.testing.assert_allclose(double, near, rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("state", STATES)
def test_the_counter_counts(state):
    for op in "random_uniform", "random_normal":
        _, new = run(op, [np.array(state)], [((5,), "float32"), ((2,), "int64")])
        assert new.tolist() == [state[0], state[1] + 1]
    y, new = run("dropout", [np.ones(2000), np.array(state)], [((2000,), "float64"), ((2,), "int64")], (0.5,))
    assert new.tolist() == [state[0], state[1] + 1]
    assert set(np.unique(y)) == {0, 2}


# --- prelu ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("shape", "slopes"), [((2, 130, 3, 3), 130), ((2, 3, 31, 30), 1), ((300, 7), 7), ((1500,), 1),
                                               ((2, 5, 7, 3), 5)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_prelu(shape, slopes, dtype):
    rng = np.random.default_rng(0)
    x, dy = (rng.standard_normal(shape).astype(dtype) for _ in range(2))
    weight = rng.standard_normal(slopes).astype(dtype)
    slope = weight.reshape(1, -1, *[1] * (len(shape) - 2)) if slopes > 1 else weight
    np.testing.assert_array_equal(run("prelu", [x, weight], [(shape, dtype)])[0], np.where(x > 0, x, slope * x))
    np.testing.assert_array_equal(run("prelu_backward_input", [dy, x, weight], [(shape, dtype)])[0],
                                  np.where(x > 0, dy, slope * dy))
    axes = tuple(axis for axis in range(len(shape)) if axis != 1) if slopes > 1 else None
    terms = np.where(x > 0, 0, x.astype("float64") * dy)
    np.testing.assert_allclose(run("prelu_backward_weight", [dy, x], [((slopes,), dtype)])[0],
                               terms.sum(axes).reshape(slopes), rtol=0,
                               atol=4 * np.finfo(dtype).eps * np.abs(terms).sum(axes).max())


# --- softmax ----------------------------------------------------------------------------------------------------------

VECTORS = [((3, 5), 1), ((3, 33), 1), ((2, 700), 1), ((1, 1030), 1), ((40, 3, 2, 2), 1), ((2, 37, 3, 2), 1),
           ((2, 3, 40, 5), 2), ((50, 7), 0), ((2, 3, 41), 1), ((1, 1), 0)]


@pytest.mark.parametrize(("shape", "axis"), VECTORS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("many", [1, 16384])
def test_softmax(shape, axis, dtype, many, monkeypatch):
    monkeypatch.setattr(sys.modules["numbacnn_cuda.softmax"], "MANY", many)
    rng = np.random.default_rng(0)
    x, dy = 5 * rng.standard_normal(shape).astype(dtype), rng.standard_normal(shape).astype(dtype)
    wide = x.astype("float64")
    powers = np.exp(wide - wide.max(axis, keepdims=True))
    total = powers.sum(axis, keepdims=True)
    y, logarithms = powers / total, wide - wide.max(axis, keepdims=True) - np.log(total)
    expected = {"softmax": ([x], y), "log_softmax": ([x], logarithms),
                "softmax_backward": ([dy, y.astype(dtype)], y * (dy - (dy * y).sum(axis, keepdims=True))),
                "log_softmax_backward": ([dy, logarithms.astype(dtype)],
                                         dy - y * dy.astype("float64").sum(axis, keepdims=True))}
    for op, (inputs, want) in expected.items():
        [found] = run(op, inputs, [(shape, dtype)], (axis,))
        np.testing.assert_allclose(found, want, rtol=64 * np.finfo(dtype).eps, atol=64 * np.finfo(dtype).eps)


@pytest.mark.parametrize("size", [5, 70, 600])
def test_softmax_of_what_is_not_finite(size):
    x = np.zeros((4, size))
    x[0, 2], x[1, 3], x[2, 4], x[3] = np.nan, np.inf, -np.inf, -np.inf
    [y] = run("softmax", [x], [(x.shape, "float64")], (1,))
    assert np.isnan(y[[0, 1, 3]]).all()
    np.testing.assert_allclose(y[2], np.where(np.isinf(x[2]), 0, 1 / (size - 1)))
    [y] = run("log_softmax", [x], [(x.shape, "float64")], (1,))
    assert np.isnan(y[[0, 1, 3]]).all()
    np.testing.assert_allclose(y[2], np.where(np.isinf(x[2]), -np.inf, -np.log(size - 1)))
