"""Kernels on vectors of channels, at shapes that small cases do not reach: parts of vectors, strips, whole windows."""
import numpy as np
import pytest
import reference_backend

import numbacnn as nb
from numbacnn import ops


def whole(shape, seed, low=-3, high=4):
    """Whole numbers: their sums are exact in any order."""
    return np.random.default_rng(seed).integers(low, high, shape).astype("float64")


def differentiated(op, arrays, dtype, device=None, **options):
    """The value and the gradients."""
    leaves = [nb.tensor(x.astype(dtype), device=device, requires_grad=True) for x in arrays]
    y = getattr(ops, op)(*leaves, **options)
    y.backward(nb.tensor(whole(y.shape, 9).astype(dtype), device=device))
    return [y.numpy(), *[x.grad.numpy() for x in leaves]]


def check(op, arrays, dtype, rtol=0.0, **options):
    expected = differentiated(op, arrays, "float64", reference_backend.DEVICE, **options)
    for got, wanted in zip(differentiated(op, arrays, dtype, **options), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("shape", "kernel", "options"), [
    ((2, 17, 9, 23), 3, {"padding": 1}),                        # fours of pixels, and a part of a vector
    ((2, 17, 9, 23), 3, {"padding": 1, "stride": 2}),
    ((1, 16, 8, 22), 5, {"padding": 2, "stride": 2}),
    ((1, 3, 9, 14), 7, {"padding": 3}),
    ((1, 4, 11, 19), 3, {"padding": 2, "dilation": 2}),
    ((2, 5, 12, 13), 3, {"padding": 1, "stride": 3}),
    ((2, 1030, 6, 30), 3, {"padding": 1}),                      # a row is more than a slab: strips of one
    ((3, 260, 10, 12), 3, {"padding": 1, "stride": (2, 1)}),    # strips of several
])
def test_depthwise(shape, kernel, options, dtype):
    channels = shape[1]
    arrays = [whole(shape, 0), whole((channels, 1, kernel, kernel), 1), whole((channels,), 2)]
    check("conv2d", arrays, dtype, groups=channels, **options)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("options", [
    {"kernel_size": 2}, {"kernel_size": 3}, {"kernel_size": 3, "stride": 2, "padding": 1}, {"kernel_size": (2, 3)},
    {"kernel_size": 2, "stride": 3}])
@pytest.mark.parametrize("op", ["max_pool2d", "sum_pool2d", "avg_pool2d"])
def test_pools(op, options, dtype):
    for channels in 1, 17, 64:
        check(op, [whole((2, channels, 11, 14), channels, -9, 10)], dtype, rtol=1e-6 if op == "avg_pool2d" else 0.0,
              **options)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_wins_and_infinity_is_a_number(dtype):
    x = whole((1, 33, 8, 8), 3)
    x[0, :, 2, 3], x[0, 5], x[0, 6, 4:, 4:] = np.nan, -np.inf, np.inf
    check("max_pool2d", [x], dtype, kernel_size=3, stride=2, padding=1)
    check("max_pool2d", [x], dtype, kernel_size=2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sigmoid_of_any_number(dtype):
    x = np.array([0.0, -0.0, 1e-30, -1.5, 20, -20, 89, -89, 800, -800, np.inf, -np.inf, np.nan, 3, 4, 5, 6.5], dtype)
    with np.errstate(over="ignore"):
        expected = 1 / (1 + np.exp(-x.astype("float64")))
    found = ops.sigmoid(nb.tensor(x)).numpy()
    np.testing.assert_allclose(found, expected, rtol=4 * np.finfo(dtype).eps, atol=np.finfo(dtype).tiny)
