"""Depthwise separable convolutions in inference: one pass computes what three ops mean."""
import numpy as np
import pytest
import ways
from numbacnn_cpu import separable
from poison import poisoned  # noqa: F401
from test_fusions import applied  # noqa: F401

import numbacnn as nb
from numbacnn.nn import functional as F

SHAPES = [               # images, size of the filter, channels behind it, options of the depthwise convolution
    ((2, 5, 9, 8), (3, 3), 7, {"padding": 1}),
    ((1, 16, 24, 24), (3, 3), 64, {"padding": 1, "stride": 2}),
    ((3, 33, 7, 7), (5, 5), 70, {"padding": 2}),                         # the last band of an image is shorter
    ((1, 21, 11, 7), (2, 3), 1, {"stride": (2, 3), "dilation": (3, 1)}),
    ((1, 3, 300, 2), (3, 1), 17, {"padding": (1, 3)}),
    ((1, 700, 9, 13), (3, 3), 33, {"padding": 1}),                       # of a slab there is room for few rows
    ((1, 2, 1, 1), (3, 3), 2, {"padding": 1}),
    ((0, 4, 6, 6), (3, 3), 5, {}),
]


def computed(shapes, relu, numbers, device=None, dtype="float64"):
    """What depthwise convolution, ReLU, 1 x 1 convolution, and maybe ReLU give."""
    x, filters, outputs, options = shapes
    rng = np.random.default_rng(0)

    def some(*shape):
        values = rng.standard_normal(shape) if numbers == "real" else rng.integers(-2, 3, shape)
        if numbers == "special" and shape == x:
            values = np.where(rng.random(shape) < 0.02, np.nan, np.where(rng.random(shape) < 0.02, -np.inf, values))
        return nb.tensor(values.astype(dtype), device=device)

    arrays = some(*x), some(x[1], 1, *filters), some(x[1]), some(outputs, x[1], 1, 1), some(outputs)
    with nb.no_grad():
        x, depthwise, first, pointwise, second = arrays
        z = F.conv2d(x, depthwise, first, groups=x.shape[1], **options)
        z = F.conv2d(F.relu(z), pointwise, second)       # nobody keeps what is between
        z = F.relu(z) if relu else z
        return [z.numpy()]


each = pytest.mark.parametrize("shapes", SHAPES, ids=str)
endings = pytest.mark.parametrize("relu", [True, False], ids=["relu", "no relu"])


@each
@endings
@pytest.mark.parametrize("numbers", ["real", "whole", "special"])
def test_a_pass_computes_what_the_ops_mean(shapes, relu, numbers):
    ways.compare(computed, shapes, relu, numbers, tolerance=1e-12 if numbers == "real" else 0.0)


@pytest.mark.parametrize(("shape", "channels", "rows", "band"), [          # of y (N, H, W, C); of a tile
    ((1, 48, 48, 64), 32, 6, 6), ((1, 12, 12, 256), 256, 6, 2), ((1, 6, 6, 512), 256, 6, 1),       # an eighth
    ((1, 7, 7, 64), 64, 6, 2),                           # of 7 pixels 5 would be wasted, of 14 four, and once 5
    ((64, 48, 48, 64), 32, 6, 42), ((1, 2, 4000, 8), 64, 6, 1), ((8, 3, 5, 8), 4, 6, 3),
    ((0, 7, 7, 64), 64, 6, 2),
], ids=str)
def test_how_many_rows_are_taken_at_a_time(shape, channels, rows, band):
    assert separable.band_for(shape, channels, rows) == band


@each
@endings
def test_float32(shapes, relu):
    """Against float64, in float32's rounding times the length of the sums."""
    got, wanted = (computed(shapes, relu, "real", dtype=dtype)[0] for dtype in ("float32", "float64"))
    assert got.dtype == np.float32
    size = np.abs(wanted).max(initial=0) + 10
    assert np.abs(got - wanted).max(initial=0) <= (shapes[0][1] + np.prod(shapes[1])) * 2.0 ** -24 * size


@each
@endings
def test_it_is_one_pass(shapes, relu, applied):  # noqa: F811
    lines = nb.explain(computed, shapes, relu, "real").plans[-1]
    name = "conv2d_separable_relu" if relu else "conv2d_separable"
    assert name in {line.op for line in lines}
    assert name in {rule.name for rule in applied}


@pytest.mark.parametrize("weight", [(8, 6, 3, 3), (8, 3, 1, 1), (400, 400, 1, 1)], ids=str)
def test_others_are_not(weight, applied):  # noqa: F811
    """Filters of more pixels, of some channels, or too many to be read anew for each band."""
    channels = max(6, weight[1])
    with nb.no_grad():
        z = F.relu(F.conv2d(nb.zeros((1, channels, 8, 8)), nb.zeros((channels, 1, 3, 3)), groups=channels))
        F.conv2d(z, nb.zeros(weight), groups=channels // weight[1]).numpy()
    assert not any("separable" in rule.name for rule in applied)


def test_what_a_gradient_needs_is_kept(applied):  # noqa: F811
    x, weight = nb.zeros((1, 4, 5, 5), requires_grad=True), nb.zeros((6, 4, 1, 1), requires_grad=True)
    y = F.conv2d(F.relu(F.conv2d(x, nb.zeros((4, 1, 3, 3)), groups=4)), weight)
    y.sum().backward()
    nb.evaluate(y, weight.grad)
    assert not any("separable" in rule.name for rule in applied)


def test_a_network_in_evaluation_mode(applied):  # noqa: F811
    """With batch norms: these are folded into the convolutions before."""
    layers = [nb.nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False), nb.nn.BatchNorm2d(8), nb.nn.ReLU(),
              nb.nn.Conv2d(8, 12, 1, bias=False), nb.nn.BatchNorm2d(12), nb.nn.ReLU()]
    network, x = nb.nn.Sequential(*layers), nb.randn(2, 8, 10, 9)
    network(x).numpy()                                   # one step, so that statistics are not what they begin with
    network.eval()
    with nb.no_grad():
        got = network(x).numpy()
        with nb.testing.settings(fuse=False):
            np.testing.assert_allclose(got, network(x).numpy(), rtol=1e-4, atol=1e-5)
    assert "conv2d_separable_relu" in {rule.name for rule in applied}
