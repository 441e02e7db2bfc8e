"""Pooling, resampling and unpooling in the simulator, where blocks and long sums meet their borders."""
import numpy as np
import pytest
import reference
import simulated
from numbacnn_cuda.division import divider, quotient
from numbacnn_cuda.planes import BLOCK, LONG
from numbacnn_cuda.unpool import EACH

from numbacnn.geometry.upsampling import ANTIALIASED_LINEAR, LINEAR

pytestmark = simulated.only
random = np.random.default_rng(0)
TOLERANCE = {"float32": 2e-5, "float64": 1e-12}


def check(op, inputs, outputs, numbers=(), dtype="float32"):
    """Compare with the reference, in float64, of rounded inputs."""
    inputs = [each.astype(dtype) if each.dtype.kind == "f" else each for each in inputs]
    specs = [each if isinstance(each[-1], str) else (each, dtype) for each in outputs]
    found = simulated.run(op, inputs, specs, numbers)
    expected = [np.zeros(shape) for shape, _ in specs]
    with np.errstate(all="ignore"):
        getattr(reference, op)(*[each.astype("float64") if each.dtype.kind == "f" else each for each in inputs],
                               *expected, *numbers)
    for have, want in zip(found, expected, strict=True):
        scale = np.abs(want[np.isfinite(want)]).max(initial=1e-30) if have.dtype.kind == "f" else 0
        np.testing.assert_allclose(have, want, TOLERANCE[dtype] * (scale > 0), TOLERANCE[dtype] * scale)


def values(fill, *shape):
    """Return numbers, ties, or numbers with NaN and infinities."""
    if fill == "numbers":
        return random.standard_normal(shape)
    found = random.integers(-2, 3, shape).astype(float)
    if fill == "special":
        for step, number in ((7, np.nan), (5, np.inf), (3, -np.inf)):
            found.flat[step::4 * step] = number
    return found


def argmax_of(op, x, y, *numbers):
    """Return where the maxima of a pooling are."""
    argmax = np.zeros(y, np.int32)
    getattr(reference, op)(x, np.zeros(y), argmax, *numbers)
    return argmax


@pytest.mark.parametrize("n", [1, 2, 3, 5, 7, 8, 9, 2**31 - 1, 2**31, 2**31 + 1, 3 * 2**40 + 1])
def test_quotients_are_exact(n):
    by = divider(n)
    assert max(by) < 2**63                                               # an argument of a kernel
    for multiple in (0, 1, 2, 3, 2**60 // n - 1, 2**59 // n, 2**60 // n):
        for i in range(max(multiple * n - 1, 0), min(multiple * n + 2, 2**60)):
            assert quotient.of(np.float64)(i, by) == i // n


@pytest.mark.parametrize("fill", ["numbers", "ties", "special"])
@pytest.mark.parametrize(("x", "window", "y"), [
    ((2, 35, 7, 6), (3, 3, 2, 2, 1, 1, 1, 1), (4, 3)),                   # several blocks, all borders
    ((1, 3, 9, 8), (2, 2, 2, 2, 0, 0, 1, 1), (4, 4)),                    # a row that is in no window
    ((1, 2, 8, 9), (2, 2, 3, 1, 1, 1, 1, 1), (3, 10)),
    ((1, 2, 2, 2), (3, 3, 1, 1, 1, 1, 1, 1), (2, 2)),                    # windows larger than the image
    ((1, 2, 9, 9), (2, 3, 1, 2, 1, 1, 3, 2), (8, 4)),                    # gaps
    ((1, 300, 3, 3), (3, 2, 1, 1, 0, 0, 1, 1), (1, 2)),                  # a pixel is longer than a block
])
def test_max_pool2d(x, window, y, fill):
    y = (*x[:2], *y)
    image = values(fill, *x)
    check("max_pool2d", [image], [y, (y, "int32")], window)
    argmax = argmax_of("max_pool2d", image, y, *window)
    check("max_pool2d_backward", [values("numbers", *y), argmax], [x], window)
    check("max_pool_backward", [values("numbers", *y), argmax], [x])


@pytest.mark.parametrize("options", [(1, 0), (0, 0), (0, 7)])
@pytest.mark.parametrize(("x", "window", "y"), [
    ((2, 35, 7, 6), (3, 3, 2, 2, 1, 1), (4, 3)), ((1, 3, 9, 8), (2, 2, 2, 2, 0, 0), (4, 4)),
    ((1, 2, 5, 7), (2, 4, 2, 3, 1, 2), (3, 3)), ((1, 300, 3, 3), (3, 2, 1, 1, 0, 0), (1, 2))])
def test_avg_pool2d(x, window, y, options):
    y = (*x[:2], *y)
    check("avg_pool2d", [values("numbers", *x)], [y], (*window, *options))
    check("avg_pool2d_backward", [values("numbers", *y)], [x], (*window, *options))


LONG_WINDOWS = [          # x, y, of adaptive pooling: a block makes the results of a place
    ((1, 2, 2 * LONG + 3), (2,)), ((1, 2, 3 * BLOCK + 5), (1,)), ((2, 3, 20, 14), (1, 2)), ((1, 1, 13, 21), (1, 1)),
    ((1, 34, 12, 23), (2, 1)), ((1, 65, 2, 70), (1, 1)), ((1, 2, 6, 5, 9), (1, 1, 2)), ((1, 2, 1, 5, 60), (1, 1, 2)),
    ((3, 5, 129, 1), (1, 1)), ((0, 5, 129, 2), (1, 2))]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("x", "y"), LONG_WINDOWS)
def test_means_of_long_windows(x, y, dtype):
    y = (*x[:2], *y)
    check("adaptive_avg_pool", [values("numbers", *x)], [y], dtype=dtype)
    check("adaptive_avg_pool_backward", [values("numbers", *y)], [x], dtype=dtype)


@pytest.mark.parametrize("fill", ["ties", "special"])
@pytest.mark.parametrize(("x", "y"), LONG_WINDOWS)
def test_maxima_of_long_windows(x, y, fill):
    y = (*x[:2], *y)
    image = values(fill, *x)
    check("adaptive_max_pool", [image], [y, (y, "int32")])
    check("max_pool_backward", [values("numbers", *y), argmax_of("adaptive_max_pool", image, y)], [x])


def test_long_windows_have_gaps():
    x, y, window = (1, 2, 600), (1, 2, 17), (150, 25, 75, 2)             # size, stride, padding, dilation
    image = values("ties", *x)
    check("max_pool", [image], [y, (y, "int32")], window)
    check("max_pool_backward", [values("numbers", *y), argmax_of("max_pool", image, y, *window)], [x])


@pytest.mark.parametrize("mode", [LINEAR, ANTIALIASED_LINEAR])
@pytest.mark.parametrize(("x", "y"), [((60, 50), (3, 2)), ((3, 2), (60, 50))])
def test_images_of_quite_another_size(x, y, mode):
    for channels in 2, 33:
        shape, other = (1, channels, *x), (1, channels, *y)
        check("interpolate", [values("numbers", *shape)], [other], (mode, 0, 0.0, 0.0))
        check("interpolate_backward", [values("numbers", *other)], [shape], (mode, 0, 0.0, 0.0))


@pytest.mark.parametrize(("x", "y"), [
    ((2, 3, 40), (2, 3, 70)), ((2, 3, 5, 4), (2, 3, 3, 6)), ((1, 2, 3, 4, 2), (1, 2, 2, 2, 2)),
    ((1, 2, 2 * EACH), (1, 2, 5)), ((1, 2, 0), (1, 2, 4))])
def test_gradients_of_any_places(x, y):
    """Also of places that no pooling finds, and several parts of outputs."""
    argmax = random.integers(0, np.prod(y[2:]), x).astype(np.int32)
    check("max_pool_backward", [values("numbers", *x), argmax], [y])


@pytest.mark.parametrize(("x", "y"), [
    ((2, 3, 40), (2, 3, 70)), ((2, 70, 3, 4), (2, 70, 5, 4)), ((1, 2, 3, 4, 2), (1, 2, 2, 3, 4))])
def test_unpooling(x, y):
    """The last of several counts."""
    indices = random.integers(0, np.prod(y[2:]), x)
    check("max_unpool", [values("numbers", *x), indices], [y])
    check("max_unpool_backward", [values("numbers", *y), indices], [x])


@pytest.mark.parametrize("index", [-1, 8, 2**40])
@pytest.mark.parametrize("op", ["max_unpool", "max_unpool_backward"])
def test_an_index_outside_is_refused(op, index):
    indices = np.zeros((1, 2, 3), np.int64)
    indices[0, 1, 1], indices[0, 1, 2] = index, 99                       # the first is told
    x, y = ((1, 2, 3), (1, 2, 8))[::1 if op == "max_unpool" else -1]
    with pytest.raises(IndexError, match=f"max_unpool: indices must be from 0 to 7, got {index}$"):
        simulated.run(op, [values("numbers", *x), indices], [(y, "float64")])


@pytest.mark.parametrize("beta", [0.75, 0.6])
@pytest.mark.parametrize(("x", "window"), [((2, 7, 3, 4), (2, 2)), ((1, 300, 1, 2), (3, 2)), ((2, 3, 1, 1), (4, 4))])
def test_local_response_norm(x, window, beta):
    check("local_response_norm", [values("numbers", *x)], [x], (*window, 0.3, beta, 2.0))
    dy = values("numbers", *x)
    check("local_response_norm_backward", [dy, values("numbers", *x)], [x], (*window, 0.3, beta, 1.0))
