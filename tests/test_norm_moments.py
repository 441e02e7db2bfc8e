"""Statistics of batch normalisation: how exact they are, and parts that other kernels write."""
import numbacnn_cpu as backend
import numpy as np
import pytest
from cases import Case, blocks, download, launched
from numbacnn_cpu.compile import kernel
from numbacnn_cpu.norm_moments import ROWS, moments_of, moments_of_columns, parts_of, parts_shape

from numbacnn.kernels import Place

PRECISION = {"float32": 2.0 ** -24, "float64": 2.0 ** -53}
EPS = 1e-9


def statistics(x):
    """Mean, variance (from rstd) and new running variance, of the kernels; in float64."""
    channels = np.zeros(x.shape[1], x.dtype)
    case = Case("batch_norm_statistics", [x, channels, channels], [], (1.0, EPS))
    mean, rstd, _, running = (found.astype("float64") for found in launched(
        case, case.inputs, [np.empty_like(channels) for _ in range(4)]))
    return mean, 1 / rstd ** 2 - EPS, running


def exactly(x):
    """The same in the best precision that NumPy has."""
    x = x.astype(np.longdouble)
    axes = tuple(axis for axis in range(x.ndim) if axis != 1)
    return x.mean(axes), x.var(axes), x.var(axes, ddof=1)


@pytest.mark.parametrize("shape", [(3000, 17), (2, 64, 40, 33), (5, 3, 150, 30), (70000, 1), (37, 300)])
@pytest.mark.parametrize("center", [0, 1e3, -1e5])
def test_statistics_are_right_to_rounding(shape, center):
    """However far float32 numbers are from zero: a mean to its last bit, a variance to its last few."""
    numbers = center + np.random.default_rng(0).standard_normal(shape)
    for dtype, precision in PRECISION.items():
        x = numbers.astype(dtype)
        (mean, variance, running), (true_mean, true_variance, true_running) = statistics(x), exactly(x)
        if dtype == "float32":
            assert np.all(np.abs(mean - true_mean) <= precision * (np.abs(true_mean) + 2))
            assert np.all(np.abs(variance / true_variance - 1) <= 32 * precision)
            assert np.all(np.abs(running / true_running - 1) <= 32 * precision)
        else:                                            # sums have the same precision as x
            np.testing.assert_allclose(mean, true_mean.astype(dtype), rtol=1e-15, atol=1e-14)
            np.testing.assert_allclose(variance, true_variance.astype(dtype), rtol=1e-12)
            np.testing.assert_allclose(running, true_running.astype(dtype), rtol=1e-12)


@pytest.mark.parametrize("dtype", PRECISION)
def test_a_pivot_far_away_costs_what_is_said(dtype):
    """Each part's pivot is the worst that it can be: all other numbers of the part lie elsewhere, side by side."""
    x = np.random.default_rng(0).standard_normal((16384, 16)).astype(dtype)
    size = -(-len(x) // parts_of(x).shape[0])
    x[size // 2::size] = 1000
    inside = x[:size].astype("float64")
    z = (1000 - inside.mean(0)) / inside.std(0)
    _, variance, _ = statistics(x)
    assert np.all(z > 20)
    assert np.all(np.abs(variance / exactly(x)[1] - 1) <= (1 + z ** 2) * ROWS * PRECISION[dtype])


def test_equal_numbers_have_no_variance():
    assert np.array_equal(statistics(np.full((500, 3), 1e7 / 3, np.float32))[2], [0, 0, 0])


@kernel(items=lambda: 1)
def whole_parts(x, counts, parts, channels, columns, begin, end):
    first = 0
    for part in range(counts.size):
        moments_of(x, first, counts[part], channels, parts, part)
        first += counts[part]


@kernel(items=lambda: 1)
def parts_by_columns(x, counts, parts, channels, columns, begin, end):
    first = 0
    for part in range(counts.size):
        for column in range(0, channels, columns):
            at, size = first * channels + column, min(columns, channels - column)
            moments_of_columns(x, at, counts[part], channels, size, parts, part, column)
        first += counts[part]


def run(op, inputs, outputs, *numbers):
    """Run a kernel in a program; return its outputs."""
    arrays = [*inputs, *outputs]
    memories = blocks(arrays)
    places = [Place(slot, 0, array.shape, array.dtype.name) for slot, array in enumerate(arrays)]
    backend.Program([(op, [*places, *numbers])]).run([backend.address(memory) for memory in memories])
    return download(memories[len(inputs):], [(array.shape, array.dtype.name) for array in outputs])


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize(("channels", "columns"), [(16, 16), (5, 16), (40, 16), (48, 32), (1, 16)])
def test_parts_of_other_kernels(dtype, channels, columns):
    """Parts of any number of rows, written whole or some vectors of channels at a time, are joined."""
    counts = np.array([1, 9, 700, 8, 2])
    x = (100 + 10 * np.random.default_rng(0).standard_normal((counts.sum(), channels))).astype(dtype)
    memory = np.full(parts_shape(counts.size, channels, dtype), np.nan)
    [parts], [again] = (run(op, [x.ravel(), counts], [memory], channels, columns)
                        for op in (whole_parts, parts_by_columns))
    assert np.array_equal(parts[:, :, :channels], again[:, :, :channels])
    assert parts[:, 0, channels].tolist() == again[:, 0, channels].tolist() == counts.tolist()
    one = np.ones(channels, dtype)
    found = run("batch_norm_join", [parts, one, one], [one] * 4, 0.25, EPS)
    mean, variance, running = exactly(x)
    expected = mean, 1 / np.sqrt(variance + EPS), 0.75 + 0.25 * mean, 0.75 + 0.25 * running
    for have, want in zip(found, expected, strict=True):
        np.testing.assert_allclose(have, want.astype("float64"), rtol=32 * PRECISION[dtype])
