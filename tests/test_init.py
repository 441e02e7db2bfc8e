"""Initialisers: distributions, orthogonality, identities, gains."""
import math

import numpy as np
import pytest

import numbacnn as nb
from numbacnn import nn
from numbacnn.nn import init
from numbacnn.nn.truncated import truncated_normal


def weight(*shape, dtype="float32"):
    return nn.Parameter(np.full(shape, 7, dtype))


def drawn(function, *options, shape=(400, 250), **more):
    return function(weight(*shape), *options, **more).numpy().astype("float64")


def assert_moments(x, mean, std):
    """Within five standard errors of the mean and of the standard deviation (if normal, or less wide)."""
    assert abs(x.mean() - mean) < 5 * std / math.sqrt(x.size)
    assert abs(x.std() - std) < 5 * std / math.sqrt(2 * x.size)


def test_uniform_and_normal():
    x = drawn(init.uniform_, -1.0, 3.0)
    assert_moments(x, 1.0, 4 / math.sqrt(12))
    assert -1 <= x.min() < -0.99 < 2.99 < x.max() <= 3
    assert_moments(drawn(init.normal_, 2.0, 0.5), 2.0, 0.5)


def truncated_moments(mean, std, a, b):
    """Mean, standard deviation and fourth moment of the truncated normal distribution, by summing its density."""
    places = np.linspace(max(a, mean - 12 * std), min(b, mean + 12 * std), 400001)
    density = np.exp(-(places - mean) ** 2 / (2 * std ** 2))
    expected = (places * density).sum() / density.sum()
    second, fourth = (((places - expected) ** power * density).sum() / density.sum() for power in (2, 4))
    return expected, math.sqrt(second), fourth


@pytest.mark.parametrize("options", [(0.0, 1.0, -2.0, 2.0), (1.0, 2.0, 0.0, 5.0), (0.0, 1.0, 3.0, 4.0),
                                     (0.0, 1.0, -4.0, -3.0), (0.0, 1.0, -0.1, 0.2), (0.0, 0.02, -2.0, 2.0),
                                     (0.0, 1.0, 0.1, 0.3), (0.0, 1.0, 8.0, math.inf), (3.0, 2.0, -math.inf, 4.0)])
def test_truncated_normal(options):
    x = drawn(init.trunc_normal_, *options)
    mean, std, fourth = truncated_moments(*options)
    assert np.float32(options[2]) <= x.min()
    assert x.max() <= np.float32(options[3])
    assert abs(x.mean() - mean) < 5 * std / math.sqrt(x.size)
    assert abs(x.var() - std ** 2) < 5 * math.sqrt((fourth - std ** 4) / x.size)


def test_truncated_normal_numbers_far_out_come_soon():
    rng = np.random.default_rng(0)
    for low, high in ((30.0, 31.0), (1e6, math.inf), (-40.0, -39.999), (0.0, 1e-9), (2.0, 2.0), (-1.0, math.inf)):
        x = truncated_normal(rng, low, high, 1000)
        assert low <= x.min() and x.max() <= high


def test_constants():
    p = weight(2, 3)
    assert init.zeros_(p) is p
    assert p.tolist() == [[0.0] * 3] * 2
    assert init.ones_(p).tolist() == [[1.0] * 3] * 2
    assert init.constant_(p, -2.5).tolist() == [[-2.5] * 3] * 2
    assert init.constant_(nb.tensor([1, 2]), 5).tolist() == [5, 5]
    assert init.eye_(p).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert p.dtype == np.float32


@pytest.mark.parametrize("shape", [(5, 5), (3, 7), (7, 3), (4, 2, 3, 3), (40, 2, 3), (1, 1)])
@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_orthogonal(shape, gain):
    x = init.orthogonal_(weight(*shape, dtype="float64"), gain).numpy().reshape(shape[0], -1)
    products = x @ x.T if x.shape[0] <= x.shape[1] else x.T @ x
    np.testing.assert_allclose(products, gain ** 2 * np.eye(len(products)), atol=1e-12)


def test_orthogonal_matrices_are_spread_evenly():
    """The trace of such matrices has mean 0 and variance 1; a QR decomposition alone has neither."""
    rng = np.random.default_rng(0)
    traces = [np.trace(init.orthogonal_(weight(4, 4), generator=rng).numpy()) for _ in range(4000)]
    assert_moments(np.array(traces), 0.0, 1.0)


def test_sparse():
    x = drawn(init.sparse_, 0.3, 0.5, shape=(401, 200))
    assert ((x == 0).sum(axis=0) == math.ceil(0.3 * 401)).all()
    assert_moments(x[x != 0], 0.0, 0.5)
    assert len({tuple(np.flatnonzero(column == 0)) for column in x.T}) == 200


@pytest.mark.parametrize(("channels", "outputs", "groups"), [(4, 4, 1), (4, 4, 2), (6, 6, 3), (3, 3, 3)])
@pytest.mark.parametrize("window", [1, 3, (5, 3)])
def test_a_convolution_of_diracs_is_the_identity(channels, outputs, groups, window):
    sides = window if isinstance(window, tuple) else (window, window)
    w = init.dirac_(weight(outputs, channels // groups, *sides), groups)
    x = nb.randn(2, channels, 6, 7)
    y = nn.functional.conv2d(x, w, None, 1, (sides[0] // 2, sides[1] // 2), 1, groups)
    np.testing.assert_array_equal(y.numpy(), x.numpy())


def test_diracs_of_more_or_fewer_outputs():
    few, many = init.dirac_(weight(2, 3, 3)).numpy(), init.dirac_(weight(5, 3, 3, 3, 3)).numpy()
    assert (few.sum(), few[0, 0, 1], few[1, 1, 1]) == (2, 1, 1)
    groups = init.dirac_(weight(4, 3, 1), 2).numpy()     # each hands on two of its three channels
    assert groups[:, :, 0].tolist() == [[1, 0, 0], [0, 1, 0]] * 2
    assert (many.sum(), many[2, 2, 1, 1, 1], many[3:].sum()) == (3, 1, 0)


SHAPE = (64, 48, 3, 3)
FAN_IN, FAN_OUT = 48 * 9, 64 * 9


@pytest.mark.parametrize(("function", "options", "std"), [
    (init.xavier_uniform_, {}, math.sqrt(2 / (FAN_IN + FAN_OUT))),
    (init.xavier_normal_, {"gain": 3.0}, 3 * math.sqrt(2 / (FAN_IN + FAN_OUT))),
    (init.kaiming_uniform_, {}, math.sqrt(2 / FAN_IN)),
    (init.kaiming_uniform_, {"a": math.sqrt(5)}, math.sqrt(1 / 3 / FAN_IN)),
    (init.kaiming_normal_, {"mode": "fan_out", "nonlinearity": "relu"}, math.sqrt(2 / FAN_OUT)),
    (init.kaiming_normal_, {"nonlinearity": "tanh"}, 5 / 3 / math.sqrt(FAN_IN)),
    (init.kaiming_normal_, {"nonlinearity": "selu"}, 0.75 / math.sqrt(FAN_IN)),
    (init.kaiming_uniform_, {"nonlinearity": "conv3d"}, 1 / math.sqrt(FAN_IN))])
def test_variance_by_fans(function, options, std):
    assert_moments(drawn(function, shape=SHAPE, **options), 0.0, std)


def test_gains():
    gains = {"linear": 1, "conv1d": 1, "conv2d": 1, "conv3d": 1, "conv_transpose1d": 1, "conv_transpose2d": 1,
             "conv_transpose3d": 1, "sigmoid": 1, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75,
             "leaky_relu": math.sqrt(2 / 1.0001)}
    for name, gain in gains.items():
        assert init.calculate_gain(name) == pytest.approx(gain, rel=1e-15)
    assert init.calculate_gain("leaky_relu", 2) == pytest.approx(math.sqrt(0.4))


RANDOM = [init.uniform_, init.normal_, init.trunc_normal_, init.orthogonal_, init.xavier_uniform_, init.xavier_normal_,
          init.kaiming_uniform_, init.kaiming_normal_, lambda t, **k: init.sparse_(t, 0.2, **k)]


@pytest.mark.parametrize("function", RANDOM)
def test_where_numbers_come_from(function):
    nb.manual_seed(3)
    first, second = (drawn(function, shape=(6, 5)) for _ in range(2))
    nb.manual_seed(3)
    np.testing.assert_array_equal(drawn(function, shape=(6, 5)), first)
    assert not np.array_equal(first, second)
    third = drawn(function, shape=(6, 5), generator=4)
    np.testing.assert_array_equal(drawn(function, shape=(6, 5), generator=np.random.default_rng(4)), third)
    np.testing.assert_array_equal(drawn(function, shape=(6, 5)), second)      # nothing was drawn from the common one
    assert drawn(function, shape=(0, 5)).shape == (0, 5)


def test_what_was_recorded_with_old_values_keeps_them():
    p = weight(2, 2)
    doubled = p * 2
    init.zeros_(p)
    assert doubled.tolist() == [[14.0, 14.0], [14.0, 14.0]]
    assert (p * 2).tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.oracle
def test_against_pytorch():
    torch = pytest.importorskip("torch", reason="needs the extra `oracle`")
    for name in (*init.LINEAR, "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
        assert init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert init.calculate_gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain("leaky_relu", 0.3)
    for shape, groups in (((4, 2, 3), 1), ((6, 2, 3, 4), 3), ((4, 3, 1, 2, 5), 2)):
        np.testing.assert_array_equal(init.dirac_(weight(*shape), groups).numpy(),
                                      torch.nn.init.dirac_(torch.zeros(shape), groups).numpy())
    for shape in ((3, 5), (5, 3)):
        np.testing.assert_array_equal(init.eye_(weight(*shape)).numpy(), torch.nn.init.eye_(torch.zeros(shape)).numpy())
