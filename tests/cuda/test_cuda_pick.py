"""Parts, copies and indices where the op table does not reach: many blocks, many equal indices, sorted ones."""
import importlib

import numpy as np
import pytest
import reference
import simulated
from simulated import run

pytestmark = simulated.only
gather, sort, take = (importlib.import_module(f"numbacnn_cuda.{name}") for name in ("gather", "sort", "take"))
DTYPES = ["float64", "float32", "int64", "int32", "uint8", "bool"]


def made(shape, dtype, seed=0):
    values = np.random.default_rng(seed).permutation(int(np.prod(shape))).reshape(shape)
    return (values % 2 if dtype == "bool" else values % 200).astype(dtype)


def check(op, inputs, outputs, arguments=(), tolerance=0.0):
    """Compare with the reference."""
    want = [np.zeros(size, dtype) for size, dtype in outputs]
    getattr(reference, op)(*inputs, *want, *arguments)
    for have, right in zip(run(op, inputs, outputs, arguments), want, strict=True):
        np.testing.assert_allclose(have, right, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("size", "axes"), [
    ((5, 40, 9, 11), (0, 2, 3, 1)), ((5, 40, 9, 11), (1, 0, 2, 3)), ((70, 33), (1, 0)), ((2, 3, 4, 5), (3, 2, 1, 0)),
    ((2, 40, 5, 7, 9), (0, 4, 2, 3, 1)), ((2, 34, 3, 65), (2, 3, 0, 1)), ((31, 2, 33), (2, 1, 0)), ((1, 40, 1, 50),
    (0, 3, 2, 1)), ((3, 64, 8, 8), (0, 1, 2, 3))])
def test_axes_in_any_order(size, axes, dtype):
    check("permute", [made(size, dtype)], [(tuple(size[axis] for axis in axes), dtype)], axes)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("size", "other"), [
    ((2, 40, 6, 7), (2, 40, 42)), ((2, 40, 42), (2, 40, 6, 7)), ((2, 40, 6, 7), (2, 35, 6, 8)), ((3, 70), (70, 3)),
    ((2, 33, 5, 8), (66, 40)), ((4, 50, 1, 1), (10, 20))])
def test_shapes(size, other, dtype):
    check("reshape", [made(size, dtype)], [(other, dtype)])


def test_indices_out_of_range_are_told():
    for dtype in np.int64, np.int32:
        index = np.arange(-3, 700).astype(dtype) % 5
        index[[400, 300, 600]] = 5, -6, 9
        with pytest.raises(IndexError, match=r"^index: must be from -5 to 4, got -6$"):
            run("wrap_index", [index], [(index.shape, "int64")], (5, 1))
        index[300] = -1
        with pytest.raises(IndexError, match=r"^index: must be from 0 to 4, got -1$"):
            run("wrap_index", [index], [(index.shape, "int64")], (5, 0))


@pytest.mark.parametrize("dtype", DTYPES)
def test_parts_of_many_blocks(dtype):
    x, part, starts = made((3, 9, 10, 11), dtype), made((2, 3, 4, 11), dtype, 1), np.array([2, 1, 7, 0])
    steps = -1, 3, -2, 1
    check("slice", [x, starts], [((2, 3, 4, 11), dtype)], steps)
    check("place", [part, starts], [(x.shape, dtype)], (*steps, 1))
    check("replace", [starts, part, x], [(x.shape, dtype)], steps)
    check("place", [made((2, 9, 10, 11), dtype), np.array([1, 0, 0, 0])], [(x.shape, dtype)], (1, 1, 1, 1, 0))
    check("cat", [x, part[:, :1, :1], x][::2], [((3, 9, 20, 11), dtype)], (2,))
    check("cat", [made((2, 3, 300), dtype), made((2, 3, 1), dtype), made((2, 3, 0), dtype)], [((2, 3, 301), dtype)],
          (2,))


@pytest.mark.parametrize("few", [False, True])
@pytest.mark.parametrize("count", [1, 40, 150])
@pytest.mark.parametrize(("size", "axis"), [((7, 5), 0), ((2, 9, 3), 1), ((3, 5, 4, 2), 1), ((2, 11), 1), ((3, 40), 0)])
def test_indices_of_an_axis(size, axis, count, few, tuned):
    if not few:
        tuned(take, "FEW", 0)
        tuned(sort, "TILE", 64)
    index = np.random.default_rng(5).integers(0, size[axis], count)
    index[::3] = index[0]
    taken = (*size[:axis], count, *size[axis + 1:])
    for dtype in "float64", "bool":
        check("take", [made(size, dtype), index], [(taken, dtype)], (axis,))
        check("assign", [index, made(taken, dtype, 1), made(size, dtype)], [(size, dtype)], (axis,))
    for dtype in "float64", "float32":
        check("take_backward", [made(taken, dtype), index], [(size, dtype)], (axis,))


@pytest.mark.parametrize("by_lines", [False, True])
@pytest.mark.parametrize(("size", "shorter", "axis"), [
    ((7, 5), (90, 4), 0), ((2, 9, 3), (2, 70, 3), 1), ((3, 5, 4, 2), (2, 30, 4, 1), 1), ((2, 11), (2, 3), 1),
    ((2, 4, 5, 3), (1, 3, 90, 2), 2), ((300,), (270,), 0)])
def test_indices_of_numbers(size, shorter, axis, by_lines, tuned):
    tuned(gather, "SHORT", 1000 if by_lines else 0)
    tuned(sort, "TILE", 32)
    index = np.random.default_rng(6).integers(0, size[axis], shorter)
    for dtype in "float32", "uint8":
        check("gather", [made(size, dtype), index], [(shorter, dtype)], (axis,))
        check("scatter", [made(size, dtype), index, made(shorter, dtype, 1)], [(size, dtype)], (axis,))
    for dtype in "float64", "float32":
        check("scatter_add", [made(shorter, dtype), index], [(size, dtype)], (axis,))
