"""Reductions, searches and scans where the op table does not reach: many blocks, parts, sizes beside powers of two."""
import numpy as np
import pytest
import reference
import simulated
from numbacnn_cuda import reduce, scan
from simulated import run

pytestmark = simulated.only

# Axes that stay have their size, the others 1.
REDUCED = [
    ((3, 70, 5), (1, 70, 1)), ((3, 70, 5), (3, 1, 5)), ((2, 5, 9, 3), (1, 5, 1, 1)), ((2, 5, 9, 3), (2, 1, 1, 3)),
    ((7, 130), (7, 1)), ((130, 7), (1, 7)), ((33, 40), (1, 40)), ((2, 3000), (2, 1)), ((500, 2), (1, 2)),
    ((1, 1), (1, 1)), ((0, 3), (1, 3)), ((3, 0), (3, 1)), ((2, 0, 3), (2, 0, 1)), ((300, 3), (300, 1)),
]


@pytest.fixture
def many_parts(monkeypatch):
    """Cut small reductions and scans, too."""
    monkeypatch.setattr(reduce, "LEAST", 1)
    monkeypatch.setattr(scan, "LEAST", 40)


def numbers(shape, dtype, seed=0):
    """Small whole numbers; in floating point NaN and infinities among them."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2 if dtype == "bool" else 4, shape).astype(dtype)
    if dtype.startswith("float"):
        x[rng.random(shape) < 0.02] = rng.choice([np.nan, np.inf, -np.inf])
    return x


def expected(op, inputs, outputs, arguments=()):
    """What the reference computes, in float64."""
    wide = [np.zeros(shape, "float64" if dtype == "float32" else dtype) for shape, dtype in outputs]
    with np.errstate(all="ignore"):
        getattr(reference, op)(*[x.astype("float64") if x.dtype == "float32" else x for x in inputs], *wide, *arguments)
    return wide


def check(op, inputs, outputs, arguments=(), tolerance=0.0):
    """Compare with the reference."""
    for have, want in zip(run(op, inputs, outputs, arguments), expected(op, inputs, outputs, arguments), strict=True):
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(have, want.astype(have.dtype), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("parts", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "bool"])
@pytest.mark.parametrize(("shape", "kept"), REDUCED)
def test_reductions_over_any_axes(shape, kept, dtype, parts, request):
    if parts:
        request.getfixturevalue("many_parts")
    x, real = numbers(shape, dtype), dtype.startswith("float")
    total = dtype if real else "int64"
    check("sum", [x], [(kept, total)], (1.0,), 1e-6 if real else 0)
    check("prod", [x], [(kept, total)], (), 1e-5 if real else 0)
    if 0 not in shape:
        check("amax", [x], [(kept, dtype)])
        check("amin", [x], [(kept, dtype)])
    if real:
        if 0 not in shape:
            check("var", [x], [(kept, dtype), (kept, dtype)], (3.0,), 1e-5)
        for p in 1.0, 2.0, 3.0:
            check("p_norm", [x], [(kept, dtype)], (p,), 1e-5)


def test_large_whole_numbers_are_added_exactly(many_parts):
    x = np.full((600, 2), 2**53 + 1)
    assert (run("sum", [x], [((1, 2), "int64")], (1.0,))[0] == 600 * (2**53 + 1)).all()


def test_long_sums_of_float32_round_little(many_parts):
    x = np.full((1, 20000), 0.1, np.float32)
    y, = run("sum", [x], [((1, 1), "float32")], (1.0,))
    assert abs(y.item() - 20000 * np.float64(np.float32(0.1))) < 1e-3


@pytest.mark.parametrize("parts", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "uint8"])
@pytest.mark.parametrize(("shape", "axis"), [
    ((3, 300), 1), ((300, 3), 0), ((2, 5, 7, 3), 1), ((2, 5, 7, 3), 2), ((2, 41, 5), 1), ((4, 1), 1)])
def test_searches_find_the_first(shape, axis, dtype, parts, request):
    if parts:
        request.getfixturevalue("many_parts")
    x = numbers(shape, dtype, 1)
    kept = (*shape[:axis], 1, *shape[axis + 1:])
    for op in "max_along", "min_along":
        check(op, [x], [(kept, dtype), (kept, "int64")], (axis,))
    for op in "argmax", "argmin":
        check(op, [x], [(shape[:axis] + shape[axis + 1:], "int64")], (axis,))
    index = np.expand_dims(x.argmax(axis), axis)
    check("spread_along", [numbers(kept, dtype, 2), index], [(shape, dtype)], (axis,))


@pytest.mark.parametrize("parts", [False, True])
@pytest.mark.parametrize(("shape", "axis"), [
    ((2, 300), 1), ((300, 2), 0), ((2, 5, 40, 3), 2), ((3, 31), 1), ((3, 33), 1), ((1, 1000), 1)])
def test_scans(shape, axis, parts, request):
    if parts:
        request.getfixturevalue("many_parts")
    rng = np.random.default_rng(3)
    for dtype, out in ("float32", "float32"), ("bool", "int64"):
        x = rng.integers(0, 2, shape).astype(dtype)
        for backwards in 0, 1:
            check("cumsum", [x], [(shape, out)], (axis, backwards), 1e-6 if out != "int64" else 0)
    x = rng.uniform(0.9, 1.1, shape)
    x[rng.random(shape) < 0.002] = 0
    kept = (*shape[:axis], 1, *shape[axis + 1:])
    if shape[axis] < 1000:
        check("prod_backward", [rng.random(kept), x], [(shape, "float64")], (axis,), 1e-12)


def test_many_lines_have_a_thread_each():
    x = np.random.default_rng(4).integers(0, 3, (33, 4096)).astype("float32")
    check("cumsum", [x], [(x.shape, "float32")], (0, 1))
