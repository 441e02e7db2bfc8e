"""Functions of vectors: close to the last bit wherever they can be, right where numbers end."""
import math

import numbacnn_cpu as backend
import numpy as np
import pytest
from cases import Case, launched
from numbacnn_cpu import vector_math, vector_parts
from numbacnn_cpu.compile import INTERPRETED, kernel
from numbacnn_cpu.simd import lanes, load_part, store_part


def kernel_of(function):
    """A kernel that applies a function of vectors."""
    def apply(x, y, begin, end):
        for i in range(begin, end, lanes(x)):
            store_part(y, i, function(load_part(x, i, end - i)), end - i)

    apply.__name__ = apply.__qualname__ = f"every_{function.__name__}"
    return kernel(items=lambda x: x.size)(apply)


def wide_erf(x):
    return np.array([math.erf(each) for each in x.astype("float64")])


EXACT = {"expm1": np.expm1, "log": np.log, "log1p": np.log1p, "tanh": np.tanh, "erf": wide_erf}
MATHEMATICS = {name: kernel_of(getattr(vector_math, name)) for name in EXACT}
PARTS = {name: kernel_of(getattr(vector_parts, name)) for name in (
    "exponent", "significand", "nearest", "below", "toward_zero")}
ULPS = {"expm1": 2, "log": 1.5, "log1p": 1.5, "tanh": 2.5, "erf": 3.5}       # math.erf itself is off by half of one


def run(made, x, monkeypatch):
    """Run a kernel, as the op that has its name."""
    monkeypatch.setattr(backend, "made", made, raising=False)
    return launched(Case("made", [x], [x]), [x], [np.empty_like(x)])[0]


def numbers(name, dtype):
    """Numbers of all sizes at which a function is no constant yet."""
    rng, wide = np.random.default_rng(0), {"expm1": 80, "tanh": 30, "erf": 8}.get(name, 1)
    x = np.concatenate([rng.uniform(-wide, wide, 5000), rng.uniform(-1, 1, 5000), rng.uniform(-1e-3, 1e-3, 1000),
                        10 ** rng.uniform(-37, 37, 2000), 10 ** rng.uniform(-44, -30, 500)]).astype(dtype)
    return np.abs(x) if name == "log" else x[x > -1] if name == "log1p" else x


@pytest.mark.skipif(INTERPRETED, reason="what NumPy's exp makes of it")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", EXACT)
def test_they_are_exact_to_the_last_places(name, dtype, monkeypatch):
    x = numbers(name, dtype)
    y = run(MATHEMATICS[name], x, monkeypatch)
    with np.errstate(all="ignore"):
        exact = EXACT[name](x.astype(np.longdouble))
        rounded = exact.astype(dtype)
    usual = np.isfinite(rounded) & (np.abs(rounded) > np.finfo(dtype).tiny)
    assert usual.sum() > 9000
    assert np.all(np.abs(y[usual] - exact[usual]) <= ULPS[name] * np.spacing(np.abs(rounded[usual])))
    assert np.array_equal(np.isfinite(y), np.isfinite(rounded))
    np.testing.assert_allclose(y[~usual], rounded[~usual], rtol=0, atol=2 * np.finfo(dtype).tiny)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", EXACT)
def test_where_numbers_end(name, dtype, monkeypatch):
    x = np.array([0, -0.0, np.inf, -np.inf, np.nan, -1, 1, -2, 3e38, -3e38, 700, -700, 89, 88.7, 710, 709.7], dtype)
    y = run(MATHEMATICS[name], x, monkeypatch)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(y, EXACT[name](x.astype("float64")).astype(dtype), rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", PARTS)
def test_parts_are_those_of_numpy(name, dtype, monkeypatch):
    rng = np.random.default_rng(1)
    x = np.concatenate([2.0 ** rng.uniform(-120, 120, 500), 2.0 ** np.arange(-20, 20),
                        [0.5 ** 0.5, 2 ** 0.5, 0.5, 1.5, 2.5]])
    if name in ("nearest", "below", "toward_zero"):
        x = np.concatenate([x, -x, [0.0, -0.0, np.inf, -np.inf, np.nan], rng.uniform(-9, 9, 500)])
    x = x.astype(dtype)
    y, expected = run(PARTS[name], x, monkeypatch), getattr(vector_parts, name)(x)
    np.testing.assert_array_equal(y, expected)


def test_a_significand_and_its_exponent_make_the_number(monkeypatch):
    x = 2.0 ** np.random.default_rng(2).uniform(-300, 300, 1000)
    k, m = run(PARTS["exponent"], x, monkeypatch), run(PARTS["significand"], x, monkeypatch)
    assert np.array_equal(np.ldexp(m, k.astype(int)), x)
    assert np.all((m >= 0.5 ** 0.5 * (1 - 1e-15)) & (m < 2 ** 0.5 * (1 + 1e-15)))
