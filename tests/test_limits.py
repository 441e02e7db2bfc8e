"""Numbers that kernels refuse when they are computed; and functions at the limits of what they are defined for."""
import numpy as np
import pytest
import reference
from cases import WAYS, Case

import numbacnn as nb
from numbacnn import ops, testing

KERNELS = {"bernoulli_probabilities": ([0.0, 1.0, 0.5, 1e-45, -0.0], [-1e-3, 1.5, np.nan, np.inf, -np.inf]),
           "normal_deviations": ([0.0, 3.0, 1e30, np.inf], [-1e-3, np.nan, -np.inf]),
           "gaussian_nll_loss_variances": ([0.0, 3.0, np.nan, np.inf], [-1e-3, -np.inf])}
X = [1.0, 2.0, 3.0]
DRAWN = {"bernoulli_probabilities": nb.bernoulli, "normal_deviations": lambda x: nb.normal(0.0, x),
         "gaussian_nll_loss_variances": lambda x: ops.gaussian_nll_loss(x * 0 + 1, x * 0 + 2, x)}
FINE = {"bernoulli_probabilities": ([0.0, 1.0], [0, 1]), "normal_deviations": ([0.0, 1e-30], [0, 0]),
        "gaussian_nll_loss_variances": ([1.0, np.e, np.e], (1 + 2 * (1 + 1 / np.e)) / 6)}    # and what they give
each = pytest.mark.parametrize("kernel", KERNELS)


@each
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("way", WAYS)
def test_kernels_copy_what_fits_and_refuse_the_rest(kernel, dtype, way):
    right, wrong = KERNELS[kernel]
    x = np.array(right * 9, dtype)
    found, = WAYS[way](Case(kernel, [], []), [x], [np.empty_like(x)])
    np.testing.assert_array_equal(found, x)
    for value in wrong:
        bad = x.copy()
        bad[len(x) // 2] = value
        for run in lambda bad: WAYS[way](Case(kernel, [], []), [bad], [np.empty_like(bad)]), lambda bad: getattr(
                reference, kernel)(bad, np.empty_like(bad)):
            with pytest.raises(ValueError, match="must be"):
                run(bad)


@each
@pytest.mark.parametrize("eager", [False, True])
def test_values_are_refused_when_they_are_computed(kernel, eager):
    right, wrong = KERNELS[kernel]
    with testing.settings(eager=eager):
        for value in wrong:
            x = nb.tensor([*right, value])
            with pytest.raises(ValueError, match=rf"\w+: (p|std|var) must be .*, got {np.float32(value):g}"):
                DRAWN[kernel](x).numpy()
            fine, expected = FINE[kernel]                # and what comes after works
            np.testing.assert_allclose(DRAWN[kernel](nb.tensor(fine)).numpy(), expected, rtol=1e-6, atol=1e-20)


def test_variances_get_their_gradient_through_the_check():
    var = nb.tensor([0.5, 2.0, 4.0], requires_grad=True, dtype=nb.float64)
    ops.gaussian_nll_loss(nb.tensor(X, nb.float64), nb.tensor([0.0, 0.0, 1.0], nb.float64), var, reduction="sum"
                          ).backward()
    v, d = var.numpy(), np.array([1.0, 2.0, 2.0])
    np.testing.assert_allclose(var.grad.numpy(), 0.5 * (1 / v - d * d / v ** 2), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rsqrt_is_right_below_the_smallest_normal_number(dtype):
    info = np.finfo(dtype)
    x = np.array([info.smallest_subnormal, info.tiny / 3, info.tiny, 2.0**-60, 2.0**-61, 1.0, info.max], dtype)
    with np.errstate(all="ignore"):
        expected = 1 / np.sqrt(x.astype(np.longdouble))
    np.testing.assert_allclose(nb.rsqrt(nb.tensor(x)).numpy(), expected.astype(dtype), rtol=2 * info.eps)
    special = np.array([0.0, -0.0, np.inf, -info.tiny / 3, -1.0, -np.inf, np.nan], dtype)
    np.testing.assert_array_equal(nb.rsqrt(nb.tensor(special)).numpy(),
                                  np.array([np.inf, -np.inf, 0] + 4 * [np.nan], dtype))


GROWTH = {                                               # (a, b): the derivative of a^b by b
    (2.0, 3.0): 8 * np.log(2.0), (-2.0, 2.0): np.nan, (-2.0, 0.5): np.nan, (-2.0, -5000.0): np.nan, (0.0, 2.0): 0.0,
    (0.0, 0.0): 0.0, (-0.0, 3.0): 0.0, (0.0, -1.0): -np.inf, (0.5, 5000.0): 0.0, (np.inf, 2.0): np.inf,
    (np.inf, -1.0): np.nan, (-np.inf, 2.0): np.nan, (1.0, np.nan): 0.0, (np.nan, 0.0): np.nan, (0.0, np.nan): np.nan}


def growth(library, pair):
    b = library.tensor(pair[1], dtype=library.float64, requires_grad=True)
    library.pow(library.tensor(pair[0], dtype=library.float64), b).backward()
    return b.grad.item()


@pytest.mark.parametrize("pair", GROWTH, ids=str)
def test_gradients_of_exponents(pair):
    np.testing.assert_allclose(growth(nb, pair), GROWTH[pair], rtol=1e-12)


@pytest.mark.oracle
@pytest.mark.parametrize("pair", GROWTH, ids=str)
def test_gradients_of_exponents_are_those_of_pytorch(pair):
    torch = pytest.importorskip("torch")
    np.testing.assert_allclose(growth(nb, pair), growth(torch, pair), rtol=1e-12)
