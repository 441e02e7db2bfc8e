"""Kernels of reductions against the reference: any shape, axes, dtype; rounding, special numbers, ties; same bits."""
import math

import numpy as np
import pytest
import reference
from cases import WAYS, Case, check
from hypothesis import given, settings
from hypothesis import strategies as st
from numbacnn_cpu import program

from numbacnn.dtypes import DTYPES, computed

many = settings(max_examples=300, deadline=None, derandomize=True)
shapes = st.lists(st.integers(1, 5), min_size=1, max_size=5).map(tuple)
dtypes = st.sampled_from([dtype for dtype in DTYPES if computed(dtype) == dtype])   # the CPU's kernels have these
ways, seeds = st.sampled_from(["launch", "program"]), st.integers(0, 2**32 - 1)
LARGE = [(70, 300), (300, 70), (3, 9, 40, 41), (9, 64, 12, 13), (5000,), (1, 70000), (2, 3, 4, 5, 60), (40000, 2)]


def made(shape, dtype, seed):
    """Small whole numbers, many of which are equal; in floating point NaN and infinities among them, now and then."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 4, shape)
    if not dtype.startswith("float"):
        return x.astype(dtype)
    x = x.astype(dtype) - 2
    if rng.random() < 0.3:
        x[rng.random(shape) < 0.1] = rng.choice([np.nan, np.inf, -np.inf])
    return x


def compare(op, inputs, outputs, way, *numbers, tolerance=0.0):
    """Run a case in the dtypes given, and compare."""
    spaces = [np.full(shape, 77).astype(dtype) for shape, dtype in outputs]
    found = WAYS[way](Case(op, [], [], numbers), inputs, spaces)
    wide = [np.full(shape, 77).astype("float64" if dtype == "float32" else dtype) for shape, dtype in outputs]
    with np.errstate(all="ignore"):
        getattr(reference, op)(*[x.astype("float64") if x.dtype == "float32" else x for x in inputs], *wide, *numbers)
    for have, want in zip(found, wide, strict=True):
        np.testing.assert_allclose(have, want, rtol=tolerance, atol=tolerance)


@many
@given(st.data(), shapes, dtypes, ways, seeds)
def test_any_axes(data, shape, dtype, way, seed):
    x = made(shape, dtype, seed)
    axes = data.draw(st.sets(st.sampled_from(range(len(shape)))))
    kept = tuple(1 if a in axes else n for a, n in enumerate(shape))
    for op in "amax", "amin":
        compare(op, [x], [(kept, dtype)], way)
    compare("prod", [x], [(kept, dtype if dtype.startswith("float") else "int64")], way)
    if dtype.startswith("float"):
        tolerance = 1e-6 if dtype == "float32" else 1e-14
        for p in 1.0, 2.0, 3.0, 0.5, -2.0:
            compare("p_norm", [x], [(kept, dtype)], way, p, tolerance=10 * tolerance)
        compare("var", [x], [(kept, dtype), (kept, dtype)], way, data.draw(st.sampled_from([0.0, 1.0, 7.0])),
                tolerance=10 * tolerance)


@many
@given(st.data(), shapes, dtypes, ways, seeds)
def test_any_axis(data, shape, dtype, way, seed):
    x, axis = made(shape, dtype, seed), data.draw(st.sampled_from(range(len(shape))))
    kept = (*shape[:axis], 1, *shape[axis + 1:])
    dropped = shape[:axis] + shape[axis + 1:]
    for op in "argmax", "argmin":
        compare(op, [x], [(dropped, "int64")], way, axis)
    for op in "max_along", "min_along":
        compare(op, [x], [(kept, dtype), (kept, "int64")], way, axis)
    index = np.expand_dims(x.argmax(axis), axis)
    compare("spread_along", [made(kept, dtype, seed + 1), index], [(shape, dtype)], way, axis)
    if dtype.startswith("float"):
        compare("prod_backward", [made(kept, dtype, seed + 1), x], [(shape, dtype)], way, axis)


@pytest.mark.parametrize("shape", LARGE)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_ones(shape, dtype):
    """Of several blocks and tiles."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape)
    for axes in [(axis,) for axis in range(len(shape))] + [tuple(range(len(shape)))]:
        kept = tuple(1 if a in axes else n for a, n in enumerate(shape))
        for way in "launch", "program":
            for op, exact in ("amax", True), ("amin", True), ("prod", False):
                check(Case(op, [np.exp(x / 100) if op == "prod" else x], [kept]), dtype, way, exact)
            for p in 1.0, 2.0, 1.5:
                check(Case("p_norm", [x], [kept], (p,)), dtype, way)
            check(Case("var", [x], [kept, kept], (float(max(1, math.prod(shape) // math.prod(kept) - 1)),)), dtype, way)
            if len(axes) == 1 and dtype == "float32":
                few = np.round(x)
                for op in "max_along", "min_along":
                    check(Case(op, [few], [kept, (kept, "int64")], axes), dtype, way, exact=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_variance_far_from_zero(dtype):
    """A sum of squares would lose all digits."""
    rng = np.random.default_rng(0)
    x = (1e4 + 0.01 * rng.standard_normal((500, 3))).astype(dtype)
    exact = x.astype(np.longdouble).var(axis=0, keepdims=True)
    for way in WAYS.values():
        y, mean = way(Case("var", [], [], (500.0,)), [x], [np.empty((1, 3), dtype)] * 2)
        np.testing.assert_allclose(y, exact.astype("float64"), rtol=1e-6 if dtype == "float32" else 1e-9)
        np.testing.assert_allclose(mean, x.mean(axis=0, dtype="float64", keepdims=True), rtol=1e-7)


@pytest.mark.parametrize("shape", LARGE)
def test_bits_do_not_depend_on_tiles(shape, monkeypatch):
    """Nor on the number of threads, then: a thread computes whole tiles."""
    x = np.random.default_rng(0).standard_normal(shape).astype("float32")
    for axis in range(len(shape)):
        kept = (*shape[:axis], 1, *shape[axis + 1:])
        for op, numbers, outputs in (("prod", (), 1), ("p_norm", (2.0,), 1), ("p_norm", (1.0,), 1), ("var", (3.0,), 2)):
            case, spaces = Case(op, [], [], numbers), [np.empty(kept, "float32")] * outputs
            found = []
            for nbytes in 64, 1 << 40:
                with monkeypatch.context() as patched:
                    patched.setattr(program, "TILE_BYTES", nbytes)
                    found.append(WAYS["program"](case, [x], spaces)[0].tobytes())
            assert found[0] == found[1]
