"""Products of matrices by tiles: every size of tile, borders of tiles, parts, transposed factors."""
import numpy as np
import pytest
import simulated
from numbacnn_cuda import product
from numbacnn_cuda.parts import MOST, THREADS, parts_for
from numbacnn_cuda.tile_rules import tile_for
from numbacnn_cuda.tiles import LARGE, MIDDLE, NARROW, SMALL

pytestmark = simulated.only
RNG = np.random.default_rng(5)
SIZES = [(SMALL, 1, 35, 37, 33), (SMALL, 3, 33, 50, 40), (NARROW, 2, 130, 18, 5), (MIDDLE, 1, 66, 17, 5),
         (LARGE, 1, 3, 18, 9)]                    # tile, parts, rows, depth, columns


def uniform(*shape, dtype="float32"):
    return RNG.uniform(-1, 1, shape).astype(dtype)


def tiles_of(monkeypatch, tile, parts):
    """Let all products be made of such tiles."""
    monkeypatch.setattr(product, "needs_tiles", lambda *sizes: True)
    monkeypatch.setattr(product, "tile_for", lambda *sizes: (tile, parts))


def assert_near(actual, expected, terms):
    unit = np.finfo(actual.dtype).eps
    np.testing.assert_allclose(actual, expected, rtol=0, atol=(terms + 8) * unit)


@pytest.mark.parametrize(("tile", "parts", "rows", "depth", "columns"), SIZES)
def test_dense_layers_by_tiles(monkeypatch, tile, parts, rows, depth, columns):
    dtype = "float64" if parts > 1 else "float32"
    tiles_of(monkeypatch, tile, parts)
    x, weight = uniform(rows, depth, dtype=dtype), uniform(columns, depth, dtype=dtype)
    bias, dy = uniform(columns, dtype=dtype), uniform(rows, columns, dtype=dtype)
    y, = simulated.run("linear", [x, weight, bias], [((rows, columns), dtype)])
    assert_near(y, x.astype("f8") @ weight.T + bias, depth)
    dx, = simulated.run("linear_backward_input", [dy, weight], [(x.shape, dtype)])
    assert_near(dx, dy.astype("f8") @ weight, columns)
    dweight, = simulated.run("linear_backward_weight", [x, dy], [(weight.shape, dtype)])
    assert_near(dweight, dy.T.astype("f8") @ x, rows)


@pytest.mark.parametrize("turn_b", [0, 1])
@pytest.mark.parametrize("turn_a", [0, 1])
@pytest.mark.parametrize("batch", [(2, 2), (2, 1), (1, 2)])
def test_matrices_by_tiles(monkeypatch, batch, turn_a, turn_b):
    tiles_of(monkeypatch, SMALL, 2)
    a, b = uniform(batch[0], 9, 40), uniform(batch[1], 40, 34)
    given = [each.transpose(0, 2, 1) if turn else each for each, turn in ((a, turn_a), (b, turn_b))]
    y, = simulated.run("matmul", given, [((2, 9, 34), "float32")], (turn_a, turn_b))
    assert_near(y, a.astype("f8") @ b, 40)


def test_nothing_to_add_up(monkeypatch):
    tiles_of(monkeypatch, SMALL, 1)
    bias = uniform(3)
    y, = simulated.run("linear", [np.zeros((2, 0), "f4"), np.zeros((3, 0), "f4"), bias], [((2, 3), "float32")])
    np.testing.assert_array_equal(y, [bias, bias])


def test_which_tiles():
    kernels = product.TILED
    assert tile_for(4096, 4096, 1, 4096, np.float32, kernels) == (LARGE, 1)
    assert tile_for(4096, 4096, 1, 4096, np.float64, kernels) == (MIDDLE, 1)
    assert tile_for(1 << 20, 16, 1, 64, np.float32, kernels) == (NARROW, 1)
    tile, parts = tile_for(128, 1152, 1, 1 << 17, np.float32, kernels)
    assert tile == LARGE
    assert 128 <= 9 * parts <= THREADS // tile.threads
    assert tile_for(32, 10, 1, 100, np.float32, kernels)[0] == SMALL


def test_no_thread_adds_up_too_much():
    for blocks in 1, 100, 10**6:
        for terms in 0, 1, 1000, 10**7:
            parts = parts_for(blocks, terms)
            assert parts >= 1
            assert terms <= parts * MOST
