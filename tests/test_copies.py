"""Copies that go run by run or block by block, and rows whose largest number is found among whole ones."""
import itertools

import numpy as np
import pytest

import numbacnn

DTYPES = "float32", "float64", "int64", "uint8"


def numbers(shape, dtype="float32"):
    """Numbers of which no two neighbours are alike."""
    return (np.arange(np.prod(shape)) * 37 % 251).reshape(shape).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("inner", [(), (3,), (70,)])
@pytest.mark.parametrize("index", [
    [*range(40, 90), *range(40)], [3, 2, 1, *range(90), 88, 87], [*range(90)] * 3, [5], [7, 7, 7, 8, 9, 10],
    [*range(0, 90, 2), *range(1, 90, 2)],
])
def test_indices_that_count_up(index, inner, dtype):
    x = numbers((7, 11, 90, *inner), dtype)
    for rows in x, x[0, :1]:                            # more rows than one worker has, and only one
        found = numbacnn.tensor(rows).index_select(rows.ndim - 1 - len(inner), numbacnn.tensor(np.array(index)))
        np.testing.assert_array_equal(found.numpy(), np.take(rows, index, rows.ndim - 1 - len(inner)))


@pytest.mark.parametrize("shape", [(3, 2, 70, 2), (2, 45, 3, 91), (5, 3, 2, 8200), (4, 1, 31, 33)])
def test_permuted(shape):
    x = numbers(shape)
    for order in itertools.permutations(range(4)):
        np.testing.assert_array_equal(numbacnn.tensor(x).permute(order).numpy(), x.transpose(order))
        flat = numbers((np.prod(shape[:2]), *shape[2:]))
        np.testing.assert_array_equal(numbacnn.tensor(flat).permute(2, 0, 1).numpy(), flat.transpose(2, 0, 1))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_zeros_and_nan_of_lines(dtype):
    nan = np.copysign(np.nan, [1.0, -1.0])
    lines = np.array([[-0.0, 0.0, -1.0], [0.0, -0.0, -0.0], [-1.0, -0.0, 0.0], [1.0, 0.0, -0.0], [2.0, nan[1], nan[0]],
                      [nan[0], np.inf, nan[1]], [-np.inf, -np.inf, -np.inf], [np.inf, 1e-44, -1e-44]], dtype)
    for name in "max", "min":
        values, places = getattr(numbacnn.tensor(lines), name)(1)
        np.testing.assert_array_equal(values.numpy(), getattr(lines, name)(1))
        np.testing.assert_array_equal(places.numpy(), getattr(np, f"arg{name}")(lines, 1))
        np.testing.assert_array_equal(getattr(numbacnn.tensor(lines), f"a{name}")(1).numpy(), getattr(lines, name)(1))


def test_sign_of_zero_stays():
    assert np.signbit(numbacnn.tensor(np.full((2, 9), -0.0)).amax(1).numpy()).all()


@pytest.mark.parametrize("shape", [(70, 1), (70, 9), (65, 1000), (3, 40, 64)])
def test_long_and_short_lines(shape):
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    for name in "sum", "mean", "prod", "amax", "amin":
        expected = getattr(x.astype(np.float64), name.replace("am", "m"))(-1)
        np.testing.assert_allclose(getattr(numbacnn.tensor(x), name)(-1).numpy(), expected, rtol=1e-5, atol=1e-6)
    whole = np.full(shape, 2**53 + 1)
    np.testing.assert_array_equal(numbacnn.tensor(whole).sum(-1).numpy(), whole.sum(-1))
