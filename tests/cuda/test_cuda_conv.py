"""Convolution on a GPU: what places read, tiles and their borders, parts, and groups of one channel."""
import numpy as np
import pytest
import simulated
from numbacnn_cuda import conv, sweep
from numbacnn_cuda.tiles import LARGE, MIDDLE, NARROW, SMALL

pytestmark = simulated.only
RNG = np.random.default_rng(6)
CASES = [((2, 5, 6, 7), (9, 5, 3, 3), (1, 1, 1, 1, 1, 1, 1)), ((2, 20, 5, 6), (36, 10, 2, 3), (2, 1, 0, 1, 1, 2, 2)),
         ((1, 3, 9, 8), (5, 3, 3, 2), (3, 2, 2, 0, 2, 3, 1)), ((1, 2, 7, 7), (3, 2, 1, 1), (2, 2, 0, 0, 1, 1, 1)),
         ((3, 17, 1, 5), (4, 17, 1, 3), (1, 2, 0, 1, 1, 1, 1))]
SINGLES = [((2, 5, 7, 9), (5, 1, 3, 3), (1, 1, 1, 1, 1, 1, 5)), ((1, 3, 8, 6), (3, 1, 5, 5), (1, 1, 2, 0, 1, 1, 3)),
           ((1, 3, 6, 6), (6, 1, 3, 3), (1, 1, 0, 1, 1, 1, 3)), ((2, 3, 9, 8), (3, 1, 3, 3), (2, 2, 1, 1, 1, 1, 3)),
           ((1, 35, 5, 4), (35, 1, 3, 2), (3, 2, 0, 2, 2, 1, 35)), ((1, 2, 9, 9), (2, 1, 7, 7), (1, 1, 3, 3, 1, 1, 2)),
           ((7, 2, 30, 3), (2, 1, 2, 2), (1, 1, 0, 0, 1, 1, 2))]


def expected(x, weight, bias, dy, sh, sw, ph, pw, dh, dw, groups):
    """Return y, dx and dweight in float64."""
    x, weight, dy = x.astype("f8"), weight.astype("f8"), dy.astype("f8")
    (n, c, h, w), (each, tall, wide), (rows, columns) = x.shape, weight.shape[1:], dy.shape[2:]
    padded, dpadded = (np.pad(image, ((0, 0), (0, 0), (ph, ph), (pw, pw))) for image in (x, np.zeros_like(x)))
    filters, slopes = weight.reshape(groups, -1, each, tall, wide), dy.reshape(n, groups, -1, rows, columns)
    y, dweight = np.zeros_like(slopes), np.zeros_like(filters)
    for t in range(tall):
        for u in range(wide):
            at = (slice(None), slice(None), slice(t * dh, t * dh + sh * (rows - 1) + 1, sh),
                  slice(u * dw, u * dw + sw * (columns - 1) + 1, sw))
            seen = padded[at].reshape(n, groups, each, rows, columns)
            y += np.einsum("ngcpq,goc->ngopq", seen, filters[..., t, u])
            dweight[..., t, u] = np.einsum("ngcpq,ngopq->goc", seen, slopes)
            dpadded[at] += np.einsum("ngopq,goc->ngcpq", slopes, filters[..., t, u]).reshape(n, c, rows, columns)
    return y.reshape(dy.shape) + bias[:, None, None], dpadded[:, :, ph:ph + h, pw:pw + w], dweight.reshape(weight.shape)


def check(x_shape, weight_shape, numbers, dtype):
    """Compare the three kernels of a convolution with what is expected."""
    sh, sw, ph, pw, dh, dw, _ = numbers
    size = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in
            zip(x_shape[2:], weight_shape[2:], (sh, sw), (ph, pw), (dh, dw), strict=True)]
    y_shape = x_shape[0], weight_shape[0], *size
    x, weight, bias, dy = (RNG.uniform(-1, 1, shape).astype(dtype)
                           for shape in (x_shape, weight_shape, weight_shape[:1], y_shape))
    found = [simulated.run(op, given, [(shape, dtype)], numbers)[0] for op, given, shape in (
        ("conv2d", [x, weight, bias], y_shape), ("conv2d_backward_input", [dy, weight], x_shape),
        ("conv2d_backward_weight", [x, dy], weight_shape))]
    terms = np.prod(weight_shape[1:]), weight_shape[0] * np.prod(weight_shape[2:]), dy.size // weight_shape[0]
    for got, wanted, count in zip(found, expected(x, weight, bias, dy, *numbers), terms, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=(count + 8) * np.finfo(dtype).eps)


@pytest.mark.parametrize(("tile", "parts", "cases", "dtype"), [
    (SMALL, 1, CASES[1:], "float32"), (SMALL, 3, CASES[:2], "float64"), (NARROW, 2, CASES[:1], "float32"),
    (MIDDLE, 2, CASES[:1], "float64")])
def test_tiles(monkeypatch, tile, parts, cases, dtype):
    monkeypatch.setattr(conv, "SLIM", 0)
    monkeypatch.setattr(conv, "needs_tiles", lambda *sizes: True)
    monkeypatch.setattr(conv, "tile_for", lambda *given: (tile if tile in given[-1] else MIDDLE, parts))
    for case in cases:
        check(*case, dtype)


def test_large_tiles(monkeypatch):
    monkeypatch.setattr(conv, "needs_tiles", lambda *sizes: True)
    monkeypatch.setattr(conv, "tile_for", lambda *given: (LARGE, 1))
    check((1, 9, 3, 44), (9, 9, 1, 1), (1, 1, 0, 0, 1, 1, 1), "float32")


@pytest.mark.parametrize("parts", [1, 2])
def test_tiles_see_no_more_than_windows(monkeypatch, parts):
    monkeypatch.setattr(conv, "needs_tiles", lambda *sizes: True)
    monkeypatch.setattr(conv, "tile_for", lambda *given: (SMALL, parts))
    x, weight = np.ones((1, 5, 8, 8), "f4"), np.ones((9, 5, 3, 3), "f4")
    x[0, 2, 4, 3] = np.inf
    y, = simulated.run("conv2d", [x, weight, np.zeros(9, "f4")], [((1, 9, 6, 6), "float32")], (1, 1, 0, 0, 1, 1, 1))
    wanted = np.full((1, 9, 6, 6), 45.0)
    wanted[:, :, 2:5, 1:4] = np.inf
    np.testing.assert_array_equal(y, wanted)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES[:3])
def test_a_thread_for_each_number(monkeypatch, case, dtype):
    monkeypatch.setattr(conv, "needs_tiles", lambda *sizes: False)
    check(*case, dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", SINGLES)
def test_groups_of_one_channel(case, dtype):
    check(*case, dtype)


def test_gradients_of_single_channels_in_parts():
    check((3, 34, 20, 3), (34, 1, 3, 3), (1, 1, 1, 1, 1, 1, 34), "float32")


@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 2])
@pytest.mark.parametrize("stride", [1, 2, 3, 6])
@pytest.mark.parametrize("taps", [1, 3, 4])
@pytest.mark.parametrize("length", [1, 5, 13])
def test_places_and_taps(length, taps, stride, padding, dilation):
    places = (length + 2 * padding - dilation * (taps - 1) - 1) // stride + 1
    if places < 1:
        return
    wanted = {(p, tap, p * stride - padding + tap * dilation) for p in range(places) for tap in range(taps)}
    wanted = {(p, tap, i) for p, tap, i in wanted if 0 <= i < length}
    assert reads(sweep.forward(places, taps, stride, padding, dilation), places, length) == wanted
    back = sweep.backward(length, taps, stride, padding, dilation)
    for axis in back, back.forwards():
        assert {(p, tap, i) for i, tap, p in reads(axis, length, places)} == wanted


def reads(axis, places, length):
    """Return which place reads which number through which tap; each place is in one phase."""
    found, seen = set(), []
    scale, spread, reach, tap_step = axis.steps
    for many, offset, first, taps, start in axis.table.tolist():
        for p in range(many):
            seen.append(p * spread + offset)
            found |= {(p * spread + offset, first + t * tap_step, p * scale + start + t * reach) for t in range(taps)}
    assert sorted(seen) == list(range(places))
    return {(p, tap, i) for p, tap, i in found if 0 <= i < length}
