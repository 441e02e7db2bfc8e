"""exp of vectors: close to the last bit over the whole range, and right where it ends."""
import numbacnn_cpu as backend
import numpy as np
import pytest
from cases import Case, launched
from numbacnn_cpu.compile import INTERPRETED, kernel
from numbacnn_cpu.exponential import exponential, first, highest
from numbacnn_cpu.simd import fill, lanes, load_part, select, store_part


@kernel(items=lambda x: x.size)
def exponentials(x, y, begin, end):
    for i in range(begin, end, lanes(x)):
        store_part(y, i, exponential(load_part(x, i, end - i)), end - i)


@kernel(items=lambda y: y.size)
def highest_of_first(x, y, begin, end):
    """y[i] = the maximum of x[0 ... i]: at most as many as a vector has."""
    for i in range(begin, end):                         # items: numbers of y
        y[i] = highest(select(first(x, i + 1), load_part(x, 0, lanes(x)), fill(x, -np.inf)))


@pytest.fixture
def run(monkeypatch):
    """Run a kernel, as the op that has its name."""
    def run(made, x, y):
        monkeypatch.setattr(backend, "made", made, raising=False)
        return launched(Case("made", [x], [y]), [x], [y])[0]
    return run


RANGE = {"float32": 100, "float64": 740}                # beyond, results are 0 or infinite


@pytest.mark.skipif(INTERPRETED, reason="NumPy's exp")
@pytest.mark.parametrize("dtype", RANGE)
def test_it_is_exact_to_the_last_place_but_one(dtype, run):
    rng, bound = np.random.default_rng(0), RANGE[dtype]
    x = np.concatenate([rng.uniform(-bound, bound, 3001), rng.uniform(-1, 1, 1000), rng.uniform(-1e-6, 1e-6, 500)])
    x = x.astype(dtype)
    y = run(exponentials, x, np.empty_like(x))
    with np.errstate(all="ignore"):
        exact = np.exp(x.astype(np.longdouble))
        rounded = exact.astype(dtype)
    usual = np.isfinite(rounded) & (rounded >= np.finfo(dtype).tiny)
    assert usual.sum() > 4000
    assert np.all(np.abs(y[usual] - exact[usual]) <= 1.5 * np.spacing(rounded[usual]))
    assert np.array_equal(np.isinf(y), np.isinf(rounded))
    small = rounded < np.finfo(dtype).tiny
    np.testing.assert_allclose(y[small], rounded[small], rtol=0, atol=2 * np.finfo(dtype).smallest_subnormal)


@pytest.mark.parametrize("dtype", RANGE)
def test_where_numbers_end(dtype, run):
    x = np.array([-np.inf, np.inf, np.nan, 0.0, -0.0, 1e30, -1e30, -np.nan], dtype)
    np.testing.assert_array_equal(run(exponentials, x, np.empty_like(x)), [0, np.inf, np.nan, 1, 1, np.inf, 0, np.nan])


@pytest.mark.parametrize("dtype", RANGE)
def test_highest_of_the_first_numbers(dtype, run):
    x = np.random.default_rng(1).standard_normal(64).astype(dtype)
    count = lanes(x)
    np.testing.assert_array_equal(run(highest_of_first, x, np.empty(count, dtype)), np.maximum.accumulate(x[:count]))
