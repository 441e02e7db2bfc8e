"""Kernels that cut out, place, join, pick and add up, against the reference: any shape, any dtype."""
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
shapes = st.lists(st.integers(0, 5), min_size=1, max_size=5).map(tuple)
dtypes = st.sampled_from([dtype for dtype in DTYPES if computed(dtype) == dtype])   # the CPU's kernels have these
ways = st.sampled_from(["launch", "program"])
seeds = st.integers(0, 2**32 - 1)


def made(shape, dtype, seed):
    """Numbers of which no two are alike, as far as the dtype goes."""
    values = np.random.default_rng(seed).permutation(math.prod(shape)).reshape(shape)
    return (values % 2 if dtype == "bool" else values).astype(dtype)


def compare(op, inputs, shape, way, *numbers, dtype=None):
    """Run a case in a dtype, by default that of its first input, and compare all bits."""
    dtype = dtype or inputs[0].dtype
    found, = WAYS[way](Case(op, [], [], numbers), inputs, [np.full(shape, 77).astype(dtype)])
    expected = np.full(shape, 77).astype(dtype)
    getattr(reference, op)(*inputs, expected, *numbers)
    np.testing.assert_array_equal(found, expected)


@st.composite
def slices(draw, whole):
    """Starts, sizes and steps of a part of an array of that shape."""
    starts, sizes, steps = [], [], []
    for n in whole:
        step = draw(st.sampled_from([1, 1, 2, 3, -1, -2]))
        begin = draw(st.integers(0, max(n - 1, 0)))
        most = len(range(begin, n, step) if step > 0 else range(begin, -1, step)) if n else 0
        if draw(st.booleans()):                          # all of the axis
            begin, step, most = 0, 1, n
            sizes.append(n)
        else:
            sizes.append(draw(st.integers(0, most)))
        starts.append(begin)
        steps.append(step)
    return np.array(starts, np.int64), tuple(sizes), steps


@many
@given(st.data(), shapes, dtypes, ways, seeds)
def test_slice_and_place(data, shape, dtype, way, seed):
    starts, sizes, steps = data.draw(slices(shape))
    compare("slice", [made(shape, dtype, seed), starts], sizes, way, *steps)
    value = data.draw(st.sampled_from([0, 1, 3, 0.5, math.inf] if dtype.startswith("float") else [0, 1]))
    compare("place", [made(sizes, dtype, seed), starts], shape, way, *steps, value)


@many
@given(st.data(), shapes, dtypes, ways, seeds)
def test_cat(data, shape, dtype, way, seed):
    axis = data.draw(st.integers(0, len(shape) - 1))
    sizes = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=4))
    inputs = [made((*shape[:axis], n, *shape[axis + 1:]), dtype, seed + i) for i, n in enumerate(sizes)]
    compare("cat", inputs, (*shape[:axis], sum(sizes), *shape[axis + 1:]), way, axis)


@many
@given(st.data(), shapes, st.integers(0, 9), dtypes, ways, seeds)
def test_take(data, shape, count, dtype, way, seed):
    axis = data.draw(st.integers(0, len(shape) - 1))
    size = shape[axis]
    index = np.random.default_rng(seed).integers(0, max(size, 1), count if size else 0)
    picked = (*shape[:axis], len(index), *shape[axis + 1:])
    compare("take", [made(shape, dtype, seed), index], picked, way, axis)
    if dtype != "bool":
        compare("take_backward", [made(picked, dtype, seed), index], shape, way, axis)


@many
@given(st.data(), shapes, dtypes, ways, seeds)
def test_replace_and_assign(data, shape, dtype, way, seed):
    starts, sizes, steps = data.draw(slices(shape))
    x, rng = made(shape, dtype, seed), np.random.default_rng(seed)
    compare("replace", [starts, made(sizes, dtype, seed + 1), x], shape, way, *steps, dtype=dtype)
    axis = data.draw(st.integers(0, len(shape) - 1))
    index = rng.integers(0, max(shape[axis], 1), rng.integers(0, 9) if shape[axis] else 0)
    rows = made((*shape[:axis], len(index), *shape[axis + 1:]), dtype, seed + 1)
    compare("assign", [index, rows, x], shape, way, axis, dtype=dtype)


@many
@given(st.data(), shapes, dtypes, ways, seeds)
def test_gather_and_scatter(data, shape, dtype, way, seed):
    axis = data.draw(st.integers(0, len(shape) - 1))
    part = [data.draw(st.integers(0, 7 * bool(n) if a == axis else n)) for a, n in enumerate(shape)]
    index = np.random.default_rng(seed).integers(0, max(shape[axis], 1), part)
    x, values = made(shape, dtype, seed), made(tuple(part), dtype, seed + 1)
    compare("gather", [x, index], part, way, axis)
    compare("scatter", [x, index, values], shape, way, axis)
    if dtype != "bool":
        compare("scatter_add", [values, index], shape, way, axis)


@many
@given(st.data(), shapes, dtypes, st.booleans(), ways, seeds)
def test_sort_and_cumsum(data, shape, dtype, descending, way, seed):
    axis = data.draw(st.integers(0, len(shape) - 1))
    if data.draw(st.booleans()):                         # long enough for a selection of few
        shape = (*shape[:axis], data.draw(st.integers(8, 70)), *shape[axis + 1:])
    x = np.random.default_rng(seed).integers(0, 6, shape).astype(dtype)
    if dtype.startswith("float"):
        x[x == 5] = np.nan
        x[x == 4] = np.inf
    k = data.draw(st.integers(0, shape[axis]))
    picked = (*shape[:axis], k, *shape[axis + 1:])
    found = WAYS[way](Case("sort", [], [], (axis, int(descending))), [x],
                      [np.full(picked, 77).astype(dtype), np.full(picked, 77)])
    expected = [np.empty(picked, dtype), np.empty(picked, np.int64)]
    reference.sort(x, *expected, axis, descending)
    for have, want in zip(found, expected, strict=True):
        np.testing.assert_array_equal(have, want)
    summed = dtype if dtype.startswith("float") else "int64"
    with np.errstate(invalid="ignore"):
        compare("cumsum", [x], shape, way, axis, int(descending), dtype=summed)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_pixel_shuffle(factor):
    small, large = (2, 3 * factor**2, 4, 5), (2, 3, 4 * factor, 5 * factor)
    for way in "launch", "program":
        compare("pixel_shuffle", [made(small, "float32", 0)], large, way, factor)
        compare("pixel_unshuffle", [made(large, "float32", 0)], small, way, factor)


@pytest.mark.parametrize("shape", [(70, 300), (300, 70), (3, 9, 40, 41), (9, 64, 12, 13), (5000,), (2, 3, 4, 5, 60)])
def test_large_ones(shape):
    """Of several tiles, cut anywhere."""
    rng = np.random.default_rng(0)
    x = rng.integers(-3, 4, shape).astype(float)
    for axis, n in enumerate(shape):
        index = rng.integers(0, n, 2 * n + 1)
        picked = (*shape[:axis], len(index), *shape[axis + 1:])
        dy = rng.integers(-3, 4, picked).astype(float)
        part = [np.array([2 if a == axis else 0 for a in range(len(shape))]), (
            *shape[:axis], n - 3, *shape[axis + 1:]) if n > 4 else shape]
        part = part if n > 4 else [part[0] * 0, shape]
        for case in (Case("take", [x, index], [picked], (axis,)), Case("take_backward", [dy, index], [shape], (axis,)),
                     Case("slice", [x, part[0]], [part[1]], (1,) * len(shape)),
                     Case("place", [x, part[0] * 0 + 1], [tuple(n + 2 for n in shape)], (*(1,) * len(shape), 7)),
                     Case("assign", [index, dy, x], [shape], (axis,)),
                     Case("sort", [x], [shape, (shape, "int64")], (axis, 0)),
                     Case("cumsum", [x], [shape], (axis, 0)),
                     Case("cat", [x, dy, x], [(*shape[:axis], 4 * n + 1, *shape[axis + 1:])], (axis,))):
            for way in "launch", "program":
                check(case, "float32", way, exact=True)


@pytest.mark.parametrize("dtype", ["int64", "int32"])
def test_indices_are_checked(dtype):
    index = np.array([[0, 4, -5], [-1, 2, 3]], dtype)
    for way in WAYS.values():
        found, = way(Case("wrap_index", [], [], (5, 1)), [index], [np.empty((2, 3), np.int64)])
        np.testing.assert_array_equal(found, index % 5)
        for wrong, negative, low in (5, 1, -5), (-6, 1, -5), (5, 0, 0), (-1, 0, 0):
            outside = np.where(index == 4, wrong, index % 5).astype(dtype)
            with pytest.raises(IndexError, match=f"index: must be from {low} to 4, got {wrong}"):
                way(Case("wrap_index", [], [], (5, negative)), [outside], [np.empty((2, 3), np.int64)])


@pytest.mark.parametrize("tile_bytes", [64, 1 << 40])
def test_bits_do_not_depend_on_tiles(tile_bytes, monkeypatch):
    """Nor on the number of threads, then: a thread computes whole tiles."""
    rng = np.random.default_rng(0)
    x, index, dy = rng.standard_normal((6, 40, 5, 7)), rng.integers(0, 40, 90), rng.standard_normal((6, 90, 5, 7))
    one_by_one = rng.integers(0, 40, dy.shape)
    monkeypatch.setattr(program, "TILE_BYTES", tile_bytes)
    for case in (Case("take_backward", [dy, index], [x.shape], (1,)), Case("cumsum", [dy], [dy.shape], (1, 0)),
                 Case("take_backward", [dy[0], index], [x.shape[1:]], (0,)),
                 Case("scatter_add", [dy, one_by_one], [x.shape], (1,)),
                 Case("assign", [index, dy, x], [x.shape], (1,)),
                 Case("sort", [x], [x.shape, (x.shape, "int64")], (1, 1))):
        check(case, "float64", "program", exact=case.op != "cumsum")
