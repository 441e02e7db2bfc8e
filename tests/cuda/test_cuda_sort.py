"""Sorting: tiles, merges of runs, first numbers, ties, NaN, the largest and smallest of whole numbers."""
import importlib

import numpy as np
import pytest
import reference
import simulated
from simulated import run

pytestmark = simulated.only
sort = importlib.import_module("numbacnn_cuda.sort")


@pytest.fixture(params=["one tile", "tiles"])
def tiles(request, tuned):
    """Sort in small tiles, so that there are many runs to merge."""
    if request.param == "tiles":
        tuned(sort, "FEW", 4)
        tuned(sort, "TILE", 16)


def check(x, axis, count, descending):
    shape = (*x.shape[:axis], count, *x.shape[axis + 1:])
    y, places = np.empty(shape, x.dtype), np.empty(shape, np.int64)
    reference.sort(x, y, places, axis, descending)
    found = run("sort", [x], [(shape, x.dtype), (shape, "int64")], (axis, descending))
    np.testing.assert_array_equal(found[0], y)
    np.testing.assert_array_equal(found[1], places)


@pytest.mark.parametrize("descending", [0, 1])
@pytest.mark.parametrize(("shape", "axis"), [
    ((70,), 0), ((3, 65), 1), ((129, 2), 0), ((2, 3, 5, 2), 2), ((2, 80, 2, 1), 1), ((1, 200), 1), ((2, 16), 1)])
def test_lines_of_any_length(shape, axis, descending, tiles):
    rng = np.random.default_rng(0)
    few = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5, -1.5, 2.0])[rng.integers(0, 8, shape)]
    for x, most in ((rng.standard_normal(shape), 200), (few, 20), (few.astype(np.float32), 200),
                    (rng.integers(0, 5, shape).astype(np.uint8), 5), (rng.integers(-3, 3, shape).astype(np.int32), 1),
                    (rng.integers(0, 2, shape).astype(bool), 16)):
        check(x, axis, min(most, shape[axis]), descending)


@pytest.mark.parametrize("descending", [0, 1])
def test_the_largest_and_smallest_whole_numbers(descending, tiles):
    ends = np.iinfo(np.int64)
    check(np.tile(np.array([ends.max, ends.min, 0, ends.max - 1, ends.min + 1, ends.max]), 15), 0, 90, descending)


def test_more_than_one_tile_as_it_is():
    check(np.random.default_rng(1).integers(0, 700, 1500).astype(np.float32), 0, 1500, 0)
