"""Kernels that cut out, place, join, pick and add up, against the reference: any shape, any dtype."""
import math

import numpy as np
import pytest
import reference
from cases import WAYS, Case, check
from hypothesis import given, settings
from hypothesis import strategies as st

from numbacnn.graph import DTYPES

many = settings(max_examples=300, deadline=None, derandomize=True)
shapes = st.lists(st.integers(0, 5), min_size=1, max_size=5).map(tuple)
dtypes = st.sampled_from(DTYPES)
ways = st.sampled_from(["launch", "program"])
seeds = st.integers(0, 2**32 - 1)


def made(shape, dtype, seed):
    """Numbers of which no two are alike, as far as the dtype goes."""
    values = np.random.default_rng(seed).permutation(math.prod(shape)).reshape(shape)
    return (values % 2 if dtype == "bool" else values).astype(dtype)


def compare(op, inputs, shape, way, *numbers):
    """Run a case in the dtype that its inputs have, and compare all bits."""
    dtype = inputs[0].dtype
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
