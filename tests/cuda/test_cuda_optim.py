"""Optimisers, averages and clipping: many arrays in one launch, whatever their sizes and where they lie."""
import itertools
import math

import numpy as np
import pytest
import reference_backend
import simulated
from numbacnn_cuda import pieces
from numbacnn_cuda.program import lower_all
from numbacnn_cuda.simulator import cuda
from optim_cases import each_of_ours
from simulated import run

import numbacnn as nb
from numbacnn import nn, optim
from numbacnn.kernels import Place

SHAPES = [(2, 3, 7, 5), (pieces.SHORT + 3,), (0, 4), (), (300,), (pieces.SHORT * 2,)]


@pytest.fixture(params=[(1 << 20, "forwards"), (1, "backwards")], ids=["short", "long"])
def ways(request, monkeypatch):
    """Short pieces, and long ones with threads in the other order."""
    monkeypatch.setattr(pieces, "MANY", request.param[0])
    monkeypatch.setattr(cuda, "order", request.param[1])
    nb.graph.thread.plans.clear()


def values(seed, dtype="float64"):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(dtype) for shape in SHAPES]


def trained(name, options, device=None):
    given = [nn.Parameter(nb.tensor(x, device=device)) for x in values(0)]
    optimizer = getattr(optim, name)(given, **options)
    for step in 1, 2, 3:
        for i, (p, g) in enumerate(zip(given, values(step), strict=True)):
            p.grad = None if (step, i) == (2, 0) else nb.tensor(g, device=device)     # the others' state goes on
        optimizer.step()
    return [p.numpy() for p in given]


@simulated.only
@each_of_ours
def test_pieces_of_parameters(name, options, ways):
    for got, wanted in zip(trained(name, options), trained(name, options, reference_backend.DEVICE), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-11, atol=1e-11)


@simulated.only
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("order", [1.0, 2.0, 2.5, math.inf])
def test_norms(order, dtype, ways):
    given = values(0, dtype)
    flat = np.abs(np.concatenate([x.ravel() for x in given]).astype("float64"))
    expected = flat.max() if order == math.inf else (flat ** order).sum() ** (1 / order)
    norm, = run("gradient_norm", given, [((), dtype)], (order,))
    np.testing.assert_allclose(norm, expected, rtol=1e-7 if dtype == "float32" else 1e-14)


@simulated.only
def test_norms_that_squares_in_float32_would_not_give():
    big = np.full(3000, 1e30, "float32")
    np.testing.assert_allclose(run("gradient_norm", [big], [((), "float32")], (2.0,))[0], 1e30 * 3000 ** 0.5, rtol=1e-6)
    assert run("gradient_norm", [big[:0]], [((), "float32")], (2.0,))[0] == 0
    big[2999] = np.nan
    for order in 1.0, 2.0, 3.0, math.inf:
        assert np.isnan(run("gradient_norm", [big], [((), "float32")], (order,))[0])


@simulated.only
def test_averages_and_clipping(ways):
    x, y = values(0), values(1)
    outputs = [(each.shape, "float64") for each in x]
    for n, decay, weight in (0, 0.9, 1.0), (3, 0.9, 0.1), (3, -1.0, 0.25):
        count, *found = run("average", [np.array(decay), *x, np.array(n), *y], [((), "int64"), *outputs])
        assert count == n + 1
        for got, new, old in zip(found, x, y, strict=True):
            np.testing.assert_allclose(got, old + weight * (new - old), rtol=1e-12, atol=1e-12)
    for norm, scale in (0.1, 1.0), (8.0, 0.5 / (8 + 1e-6)):
        found = run("clip_by_norm", [np.array(0.5), np.array(norm), *x], outputs)
        for got, old in zip(found, x, strict=True):
            np.testing.assert_allclose(got, scale * old, rtol=1e-14)
    for got, old in zip(run("clip_by_value", [np.array(0.5), *x], outputs), x, strict=True):
        np.testing.assert_array_equal(got, old.clip(-0.5, 0.5))


@pytest.mark.parametrize("many", [1, 1 << 20])
def test_the_table_covers_every_number_once(many, monkeypatch):
    monkeypatch.setattr(pieces, "MANY", many)
    sizes, offsets = [5, 0, 1024, 1025, 9000, 1], [7, 0, 100, 2000, 4000, 20000]
    found = pieces.pieces_of(sizes, offsets)
    assert (found[:, 2] > 0).all() and (found[:, 2] <= (pieces.LONG if many == 1 else pieces.SHORT)).all()
    seen = [(which, number) for which, begin, count, _ in found.tolist() for number in range(begin, begin + count)]
    assert seen == [(which, number) for which, size in enumerate(sizes) for number in range(size)]
    np.testing.assert_array_equal(found[:, 3], found[:, 1] + np.array(offsets)[found[:, 0]])


def test_a_step_is_two_launches_for_any_number_of_parameters():
    slots = itertools.count()

    def places(shapes, dtype="float32"):
        return [Place(next(slots), 0, shape, dtype) for shape in shapes]

    shapes = [(8, 3, 3, 3), (8,)] * 50
    hyper, gradients, steps = places([(7,)], "float64"), places(shapes), places([(100,)], "float64")
    changing = [*steps, *places([(11200,), (11200,)]), *places(shapes)]
    numbers = [*range(100), *itertools.accumulate([216, 8] * 50, initial=0)][:200]
    assert len(lower_all([("adam", [*hyper, *gradients, *changing, *changing, *numbers])])) == 2
    moved = [place._replace(slot=next(slots)) for place in changing]
    assert len(lower_all([("adam", [*hyper, *gradients, *changing, *moved, *numbers])])) == 6    # states, parameters
