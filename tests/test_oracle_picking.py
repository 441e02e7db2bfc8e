"""What picks, joins, pads and sorts beside PyTorch: shapes and indices that nobody thought of, values and gradients."""
from functools import partial

import beside_torch
import numpy as np
import pytest
from beside_torch import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import numbacnn as nb

pytestmark = pytest.mark.oracle

many = settings(max_examples=150, deadline=None, derandomize=True)
shapes = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)
seeds = st.integers(0, 2**32 - 1)


def compare(function, *arrays):
    """Call a function of a library and of tensors with both libraries."""
    beside_torch.compare(partial(function, nb), partial(function, torch), *arrays)


def normal(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


@many
@given(st.data(), shapes, seeds)
def test_gather_and_scatter_add(data, shape, seed):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    part = [data.draw(st.integers(1, 7 if a == dim % len(shape) else n)) for a, n in enumerate(shape)]
    index = np.random.default_rng(seed).integers(0, shape[dim], part)
    compare(lambda lib, x, index: lib.gather(x, dim, index), normal(seed, *shape), index)
    source = [n + data.draw(st.integers(0, 1)) for n in part]
    compare(lambda lib, x, index, src: lib.scatter_add(x, dim, index, src[tuple(slice(n) for n in part)]),
            normal(seed, *shape), index, normal(seed + 1, *source))


@many
@given(st.data(), shapes, st.integers(0, 9), seeds)
def test_index_select_and_add(data, shape, count, seed):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    index = np.random.default_rng(seed).integers(0, shape[dim], count)
    rows = list(shape)
    rows[dim] = count
    compare(lambda lib, x, index: lib.index_select(x, dim, index), normal(seed, *shape), index)
    compare(lambda lib, x, index, src: lib.index_add(x, dim, index, src), normal(seed, *shape), index,
            normal(seed + 1, *rows))


@many
@given(st.data(), shapes, seeds)
def test_cat_split_and_stack(data, shape, seed):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    sizes = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=4))
    axis = dim % len(shape)
    arrays = [normal(seed + i, *shape[:axis], n, *shape[axis + 1:]) for i, n in enumerate(sizes)]
    compare(lambda lib, *x: lib.cat(x, dim), *arrays)
    compare(lambda lib, *x: lib.split(lib.cat(x, dim), sizes, dim), *arrays)
    number = data.draw(st.integers(1, 6))
    for op in "chunk", "split", "tensor_split":
        compare(lambda lib, x, op=op: getattr(lib, op)(x, number, dim), normal(seed, *shape))
    compare(lambda lib, x: lib.stack(lib.unbind(x, dim), dim), normal(seed, *shape))


@many
@given(st.data(), st.lists(st.integers(2, 6), min_size=3, max_size=5).map(tuple),
       st.sampled_from(["constant", "reflect", "replicate", "circular"]), seeds)
def test_pad(data, shape, mode, seed):
    axes = data.draw(st.integers(len(shape) - 2, min(3, len(shape) - 1)))
    least = -1 if mode == "constant" else 0
    borders = [data.draw(st.integers(least, n - 1)) for n in shape[:-axes - 1:-1] for _ in (0, 1)]
    value = data.draw(st.sampled_from([None, 0.5])) if mode == "constant" else None
    compare(lambda lib, x: lib.nn.functional.pad(x, borders, mode, value), normal(seed, *shape))


@many
@given(st.data(), shapes, st.booleans(), st.booleans(), seeds)
def test_sort_topk_and_cumsum(data, shape, descending, ties, seed):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = normal(seed, *shape)
    compare(lambda lib, x: tuple(lib.sort(x, dim=dim, descending=descending, stable=True)),
            np.round(x) if ties else np.where(x > 1.5, np.nan, x))
    k = data.draw(st.integers(1, shape[dim]))
    compare(lambda lib, x: tuple(lib.topk(x, k, dim, descending)), x)
    compare(lambda lib, x: lib.cumsum(x, dim), x)


@many
@given(st.data(), shapes, seeds)
def test_roll_repeat_and_flip(data, shape, seed):
    axes = st.lists(st.integers(0, len(shape) - 1), max_size=3)
    dims = data.draw(axes)
    shifts = [data.draw(st.integers(-7, 7)) for _ in dims]
    if dims:
        compare(lambda lib, x: lib.roll(x, shifts, dims), normal(seed, *shape))
    compare(lambda lib, x: lib.flip(x, tuple(set(dims))), normal(seed, *shape))
    times = data.draw(st.lists(st.integers(0, 3), min_size=len(shape), max_size=len(shape) + 1))
    compare(lambda lib, x: x.repeat(*times), normal(seed, *shape))
    compare(lambda lib, x: lib.tile(x, times[1:]), normal(seed, *shape))
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    counts = np.random.default_rng(seed).integers(0, 3, shape[dim])
    compare(lambda lib, x, counts: lib.repeat_interleave(x, counts, dim), normal(seed, *shape), counts)


@many
@given(st.data(), shapes, seeds)
def test_masks_and_triangles(data, shape, seed):
    mask = normal(seed + 1, *[data.draw(st.sampled_from([n, 1])) for n in shape]) > 0
    compare(lambda lib, x, mask: x.masked_fill(mask, 0.5), normal(seed, *shape), mask)
    compare(lambda lib, x, mask: lib.masked_select(x, mask), normal(seed, *shape), mask)
    compare(lambda lib, mask: lib.nonzero(mask), mask)
    if len(shape) > 1:
        offset = data.draw(st.integers(-5, 5))
        compare(lambda lib, x: lib.tril(x, offset), normal(seed, *shape))
        compare(lambda lib, x: lib.triu(x, offset), normal(seed, *shape))
        compare(lambda lib, x: lib.diagonal(x, offset, 0, -1), normal(seed, *shape))


@many
@given(st.data(), st.lists(st.integers(1, 5), min_size=2, max_size=4).map(tuple), seeds)
def test_slices_and_positions(data, shape, seed):
    """The keys on which PyTorch and NumPy agree: no negative steps, positions beside each other."""
    key = []
    for n in shape:
        kind = data.draw(st.sampled_from(["slice", "int", "new", "all"]))
        start, stop = data.draw(st.integers(-n, n)), data.draw(st.integers(-n, n + 1))
        key += {"slice": [slice(start, stop, data.draw(st.integers(1, 3)))], "all": [slice(None)],
                "int": [data.draw(st.integers(-n, n - 1))], "new": [None, slice(start, None)]}[kind]
    compare(lambda lib, x: x[tuple(key)], normal(seed, *shape))
    a = data.draw(st.integers(0, len(shape) - 2))
    rng = np.random.default_rng(seed)
    i, j = rng.integers(0, shape[a], (2, 3)), rng.integers(-shape[a + 1], shape[a + 1], 3)
    compare(lambda lib, x, i, j: x[(slice(None),) * a + (i, j)], normal(seed, *shape), i, j)
