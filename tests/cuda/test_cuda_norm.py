"""Kernels of normalisation in the simulator: shapes that cross borders of blocks and parts, and how exact they are."""
import numpy as np
import pytest
import simulated
from numbacnn_cuda import columns
from simulated import run

pytestmark = simulated.only
PRECISION = {"float32": 2.0 ** -24, "float64": 2.0 ** -53}
EPS = 1e-9


@pytest.fixture
def few_blocks(monkeypatch):
    """Make parts large, so that threads go round several times."""
    for name in "SUMS", "WRITES":
        for module in ("norm", "norm_forward", "group_norm", "activation"):
            monkeypatch.setattr(f"numbacnn_cuda.{module}.{name}", 3, raising=False)
    monkeypatch.setattr(columns.cut_of, "__defaults__", (False, 3))
    monkeypatch.setattr(columns.cut, "__defaults__", (1, 3))


def numbers(*shape, dtype="float64", seed=0, center=0):
    """Normal numbers around a center."""
    return (center + np.random.default_rng(seed).standard_normal(shape)).astype(dtype)


def by_channel(values, ndim):
    """Channels along axis 1."""
    return np.asarray(values).reshape(1, -1, *[1] * (ndim - 2))


def axes_of(x):
    return tuple(axis for axis in range(x.ndim) if axis != 1)


def statistics(x):
    """Mean, variance (from rstd) and new running variance, of the kernels; in float64."""
    channels = np.zeros(x.shape[1], x.dtype)
    mean, rstd, _, running = (found.astype("float64") for found in run(
        "batch_norm_statistics", [x, channels, channels], [(channels.shape, x.dtype)] * 4, (1.0, EPS)))
    return mean, 1 / rstd ** 2 - EPS, running


# Channels in one and several tiles, that fill a block and do not; runs short and long; one number, many images.
SHAPES = [(300, 17), (2, 64, 10, 13), (2, 65, 5, 3), (3, 130, 3, 2), (3, 3, 15, 10), (900, 1), (5, 300), (3, 5, 7),
          (2, 3, 700), (2, 2, 3, 4, 5), (40, 3, 1), (70, 2, 3), (2, 1)]
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "x".join(map(str, shape)))


@each_shape
@pytest.mark.parametrize("center", [0, -1e5])
def test_statistics_are_right_to_rounding(shape, center):
    check_statistics(shape, center)


@pytest.mark.usefixtures("few_blocks")
@pytest.mark.parametrize("shape", [(4000, 3), (2, 20, 33, 31), (2, 2, 3000)])
def test_statistics_of_large_parts(shape):
    check_statistics(shape, 1e3)


def check_statistics(shape, center):
    """However far numbers are from zero: a mean to its last bit, a variance to its last few."""
    for dtype, precision in PRECISION.items():
        x = numbers(*shape, dtype=dtype, center=center)
        exact = x.astype(np.longdouble)
        true_mean, true_variance = exact.mean(axes_of(x)), exact.var(axes_of(x))
        mean, variance, running = statistics(x)
        size = precision * (np.abs(true_mean) + 4)
        assert np.all(np.abs(mean - true_mean) <= size * (1 if dtype == "float32" else 4))
        bound = 32 * precision if dtype == "float32" else 1e-12 * max(1, abs(center) / 1e3) + EPS * 1e-6
        assert np.all(np.abs(variance / true_variance - 1) <= bound)
        assert np.all(np.abs(running / exact.var(axes_of(x), ddof=1) - 1) <= bound)


def test_a_pivot_far_away_costs_what_is_said():
    """The pivot of the only part is the worst that it can be: (1 + z^2) times the precision, z standard deviations."""
    x = numbers(120, 3, dtype="float32")
    x[60] = 1000
    z = (1000 - x.astype("float64").mean(0)) / x.astype("float64").std(0)
    _, variance, _ = statistics(x)
    assert np.all(np.abs(variance / x.astype("float64").var(0) - 1) <= (1 + z ** 2) * 8 * PRECISION["float32"])


def test_equal_numbers_have_no_variance():
    assert np.array_equal(statistics(np.full((500, 3), 1e7 / 3, np.float32))[2], [0, 0, 0])


def test_infinity_and_nan_stay_in_their_channel():
    x = numbers(40, 4)
    x[20, 0], x[3, 1], x[5, 2] = np.inf, -np.inf, np.nan
    channels = np.ones(4)
    mean, rstd, *_ = run("batch_norm_statistics", [x, channels, channels], [((4,), "float64")] * 4, (0.5, EPS))
    np.testing.assert_array_equal(mean[:3], [np.inf, -np.inf, np.nan])
    assert np.isnan(rstd[:3]).all()
    assert np.isfinite([mean[3], rstd[3]]).all()


@each_shape
def test_batch_norm(shape):
    check_batch_norm(shape)


@pytest.mark.usefixtures("few_blocks")
@pytest.mark.parametrize("shape", [(2000, 3), (2, 20, 23, 31), (2, 2, 3000)])
def test_batch_norm_of_large_parts(shape):
    check_batch_norm(shape)


def check_batch_norm(shape):
    x, dy = numbers(*shape, center=2), numbers(*shape, seed=1)
    channels = (shape[1],)
    mean, rstd, weight, bias = (numbers(*channels, seed=seed) for seed in range(2, 6))
    seen = [by_channel(each, x.ndim) for each in (mean, rstd, weight, bias)]
    z = (x - seen[0]) * seen[1]
    [y] = run("batch_norm", [x, mean, rstd, weight, bias], [(shape, "float64")])
    np.testing.assert_allclose(y, z * seen[2] + seen[3], rtol=1e-12, atol=1e-12)
    dweight, dbias = run("batch_norm_backward_weight", [dy, x, mean, rstd], [(channels, "float64")] * 2)
    np.testing.assert_allclose(dweight, (dy * z).sum(axes_of(x)), rtol=1e-12, atol=1e-11)
    np.testing.assert_allclose(dbias, dy.sum(axes_of(x)), rtol=1e-12, atol=1e-11)
    rows = x.size // shape[1]
    for training in 1, 0:
        [dx] = run("batch_norm_backward_input", [dy, x, mean, rstd, weight, dweight, dbias], [(shape, "float64")],
                   (training,))
        moved = (by_channel(dbias, x.ndim) + z * by_channel(dweight, x.ndim)) / rows * training
        np.testing.assert_allclose(dx, seen[1] * seen[2] * (dy - moved), rtol=1e-12, atol=1e-12)


def test_small_kernels():
    var = np.array([0.5, 4.0, 0.0])
    [rstd] = run("batch_norm_rstd", [var], [((3,), "float64")], (0.0,))
    np.testing.assert_allclose(rstd, [2 ** 0.5, 0.5, np.inf], rtol=1e-15)
    assert run("increment", [np.array(2 ** 40)], [((), "int64")])[0] == 2 ** 40 + 1
    average = numbers(3, 2, 2, 2)
    current = numbers(3, 2, 2, 2, seed=1)
    [found] = run("cumulative_average", [average, current, np.array(3)], [(average.shape, "float64")])
    np.testing.assert_allclose(found, average + (current - average) / 3, rtol=1e-15)


# --- groups, rows -----------------------------------------------------------------------------------------------------

GROUPS = [((2, 12, 5, 4), 3), ((2, 130, 3, 3), 10), ((3, 60), 4), ((2, 6, 37), 2), ((2, 4, 700), 2), ((9, 3, 2, 2), 3),
          ((1, 70, 9, 11), 1), ((1, 2, 2, 1, 2), 1)]


@pytest.mark.parametrize(("shape", "groups"), GROUPS)
@pytest.mark.parametrize("dtype", PRECISION)
def test_group_norm(shape, groups, dtype):
    x, dy = numbers(*shape, dtype=dtype, center=30), numbers(*shape, dtype=dtype, seed=1)
    weight, bias = (numbers(shape[1], dtype=dtype, seed=seed) for seed in (2, 3))
    n, double, unit = shape[0], "float64", PRECISION[dtype] * (2 if dtype == "float32" else 60)
    seen = x.astype(double).reshape(n, groups, -1)
    mean, rstd = seen.mean(2), 1 / np.sqrt(seen.var(2) + 0.1)
    z = ((seen - mean[:, :, None]) * rstd[:, :, None]).reshape(shape)
    found = run("group_norm", [x, weight, bias], [(shape, dtype), (mean.shape, double), (mean.shape, double)], (0.1,))
    expected = z * by_channel(weight, x.ndim) + by_channel(bias, x.ndim)
    np.testing.assert_allclose(found[0], expected, rtol=40 * unit, atol=40 * unit)
    np.testing.assert_allclose(found[1], mean, rtol=4 * unit)
    np.testing.assert_allclose(found[2], rstd, rtol=32 * unit)
    g = (dy * by_channel(weight.astype(double), x.ndim)).reshape(seen.shape)
    flat = z.reshape(seen.shape)
    dx = rstd[:, :, None] * (g - g.mean(2, keepdims=True) - flat * (g * flat).mean(2, keepdims=True))
    [found] = run("group_norm_backward_input", [dy, x, mean, rstd, weight], [(shape, dtype)])
    np.testing.assert_allclose(found, dx.reshape(shape), rtol=80 * unit, atol=80 * unit)
    found = run("group_norm_backward_weight", [dy, x, mean, rstd], [((shape[1],), dtype)] * 2)
    for have, want in zip(found, ((dy * z).sum(axes_of(x)), dy.astype(double).sum(axes_of(x))), strict=True):
        np.testing.assert_allclose(have, want, rtol=80 * unit, atol=80 * unit * np.abs(dy * z).sum() / shape[1])


@pytest.mark.parametrize("images", [1, 5, 70])
def test_instance_norm_running(images):
    mean, rstd = numbers(images, 13), np.abs(numbers(images, 13, seed=1)) + 0.5
    running_mean, running_var = numbers(13, seed=2), np.abs(numbers(13, seed=3))
    found = run("instance_norm_running", [mean, rstd, running_mean, running_var], [((13,), "float64")] * 2,
                (0.25, 0.01, 8))
    np.testing.assert_allclose(found[0], 0.75 * running_mean + 0.25 * mean.mean(0), rtol=1e-13, atol=1e-15)
    variance = (1 / rstd ** 2 - 0.01).mean(0) * 8 / 7
    np.testing.assert_allclose(found[1], 0.75 * running_var + 0.25 * variance, rtol=1e-13)


ROWS = [(3, 5), (2, 256), (2, 257), (1, 5000), (70, 3), (2, 3, 4, 5), (40, 70)]


@pytest.mark.parametrize("shape", ROWS, ids=lambda shape: "x".join(map(str, shape)))
@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("centered", [1, 0])
def test_layer_norm(shape, dtype, centered):
    own = shape[1:] if len(shape) == 2 else (1, *shape[1:])
    x, dy = numbers(*shape, dtype=dtype, center=30 * centered), numbers(*shape, dtype=dtype, seed=1)
    weight, bias = (numbers(*own, dtype=dtype, seed=seed) for seed in (2, 3))
    double, unit = "float64", PRECISION[dtype] * (2 if dtype == "float32" else 60)
    seen = x.astype(double).reshape(shape[0], -1)
    mean = seen.mean(1) * centered
    rstd = 1 / np.sqrt(((seen - mean[:, None]) ** 2).mean(1) + 0.1)
    z = ((seen - mean[:, None]) * rstd[:, None]).reshape(shape)
    found = run("layer_norm", [x, weight, bias], [(shape, dtype), (mean.shape, double), (mean.shape, double)],
                (0.1, centered))
    np.testing.assert_allclose(found[0], z * weight + bias, rtol=40 * unit, atol=40 * unit)
    np.testing.assert_allclose(found[1], mean, rtol=4 * unit)
    np.testing.assert_allclose(found[2], rstd, rtol=32 * unit)
    g, flat = (dy * weight.astype(double)).reshape(seen.shape), z.reshape(seen.shape)
    dx = rstd[:, None] * (g - centered * g.mean(1, keepdims=True) - flat * (g * flat).mean(1, keepdims=True))
    [found] = run("layer_norm_backward_input", [dy, x, mean, rstd, weight], [(shape, dtype)], (centered,))
    np.testing.assert_allclose(found, dx.reshape(shape), rtol=80 * unit, atol=80 * unit)
    found = run("layer_norm_backward_weight", [dy, x, mean, rstd], [(own, dtype)] * 2)
    for have, want in zip(found, ((dy * z).sum(0), dy.astype(double).sum(0)), strict=True):
        np.testing.assert_allclose(have, want.reshape(own), rtol=80 * unit, atol=80 * unit * shape[0])
