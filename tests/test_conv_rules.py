"""Convolutions and what follows them: each rule applies where it should, and there computes what it replaces."""
import numbacnn_cpu
import numpy as np
import pytest
import reference_backend
import ways
from numbacnn_cpu import conv_rules, winograd_rules
from poison import poisoned  # noqa: F401
from test_fusions import applied  # noqa: F401

import numbacnn as nb
from numbacnn.nn import functional as F

CHAINS = {               # of the output c of a convolution, and another array of its shape
    "conv2d": lambda c, other: c,
    "conv2d_relu": lambda c, other: F.relu(c),
    "conv2d_add": lambda c, other: c + other,
    "conv2d_add, turned": lambda c, other: other + c,
    "conv2d_add_relu": lambda c, other: F.relu(c + other),
    "conv2d_add_relu, turned": lambda c, other: F.relu(other + c),
}
SHAPES = [               # x, weight, options of conv2d
    ((2, 3, 9, 8), (5, 3, 3, 3), {"padding": 1}),
    ((2, 3, 17, 5), (7, 3, 2, 4), {"stride": (3, 1), "padding": 2}),
    ((1, 19, 6, 7), (70, 19, 3, 3), {"padding": (0, 2)}),
    ((2, 9, 9, 8), (5, 9, 3, 3), {"dilation": 2}),
    ((2, 6, 8, 7), (4, 3, 3, 3), {"groups": 2, "padding": 1}),
    ((1, 40, 5, 4), (33, 40, 1, 1), {"stride": 2}),
    ((3, 130, 3, 3), (3, 130, 3, 3), {"padding": 2}),           # sums that go to memory on the way
    ((0, 3, 6, 6), (5, 3, 3, 3), {}),
]
DEPTHWISE = [
    ((2, 5, 9, 8), (5, 1, 3, 3), {"groups": 5, "padding": 1}),
    ((1, 21, 11, 7), (21, 1, 2, 3), {"groups": 21, "stride": (2, 3), "dilation": (3, 1)}),
    ((0, 3, 6, 6), (3, 1, 3, 3), {"groups": 3}),
]
WINDOWS = [shapes for shapes in SHAPES if shapes[1][2:] == (3, 3) and set(shapes[2]) <= {"padding"} and shapes[0][0]]


def computed(chain, shapes, numbers, device=None, grad=True):
    """What a chain gives, and the gradients of its inputs."""
    x, weight, options = shapes
    rng = np.random.default_rng(0)

    def some(*shape):
        values = rng.standard_normal(shape) if numbers == "real" else rng.integers(-2, 3, shape).astype("float64")
        return nb.tensor(values, device=device, requires_grad=grad)

    inputs = some(*x), some(*weight), some(weight[0])
    shape = F.conv2d(*inputs, **options).shape
    other = some(*shape)
    if numbers == "special" and x[0]:
        inputs[0].array = nb.tensor(np.where(rng.random(x) < 0.02, np.nan, inputs[0].numpy()), device=device).array
    y = CHAINS[chain](F.conv2d(*inputs, **options), other)
    results = [y]
    if grad:
        y.backward(nb.tensor(rng.integers(-2, 3, shape).astype("float64"), device=device))
        results += [t.grad for t in (*inputs, other) if t.grad is not None]
    nb.evaluate(*results)
    return [result.numpy() for result in results]


@pytest.fixture(params=[np.inf, 0], ids=["winograd", "winograd_deep"])
def winograd(monkeypatch, request):
    """Let Winograd's algorithm compute every convolution that it can, with all weights small or all large."""
    monkeypatch.setattr(winograd_rules, "LARGE", request.param)
    for name in "best_edge", "best_edge_weight":
        monkeypatch.setattr(winograd_rules, name, lambda *sizes, **known: 6)
    monkeypatch.setattr(winograd_rules, "PIXELS", 0)
    monkeypatch.setattr(winograd_rules, "DTYPES", ("float32", "float64"))
    nb.graph.thread.plans.clear()
    yield "winograd_deep" if request.param == 0 else "winograd"
    nb.graph.thread.plans.clear()


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("numbers", ["real", "whole", "special"])
def test_chains_by_tiles(chain, shapes, numbers):
    ways.compare(computed, chain, shapes, numbers, tolerance=1e-12 if numbers == "real" else 0.0)


@pytest.mark.parametrize("shapes", DEPTHWISE, ids=str)
@pytest.mark.parametrize("numbers", ["real", "whole", "special"])
def test_depthwise_with_relu(shapes, numbers, applied):  # noqa: F811
    ways.compare(computed, "conv2d_relu", shapes, numbers, tolerance=1e-12 if numbers == "real" else 0.0)
    assert "conv2d_depthwise_relu" in {rule.name for rule in applied}


@pytest.mark.parametrize("shapes", WINDOWS, ids=str)
@pytest.mark.parametrize("chain", CHAINS)
def test_chains_by_winograd(chain, shapes, winograd):
    ways.compare(computed, chain, shapes, "real", tolerance=1e-11)


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("chain", CHAINS)
def test_a_chain_is_one_call(chain, shapes, applied):  # noqa: F811
    op = chain.split(",")[0]
    lines = nb.explain(computed, chain, shapes, "real", None, False).plans[-1]
    assert f"{op}_packed" in {line.op for line in lines}
    assert {rule.name for rule in applied} >= ({op} if op != "conv2d" else set())


@pytest.mark.parametrize("chain", CHAINS)
def test_a_chain_is_one_call_by_winograd(chain, winograd, applied):  # noqa: F811
    lines = nb.explain(computed, chain, WINDOWS[0], "real", None, False).plans[-1]
    assert f"{chain.split(',')[0]}_{winograd}" in {line.op for line in lines}


WAYS = "packed", "winograd", "winograd_deep"


def test_every_forward_rule_has_a_chain():
    rules = [*conv_rules.FUSIONS, *winograd_rules.WINOGRAD, *conv_rules.DIRECT]
    ops = {line.op for rule in rules for line in rule.new if "other" in line.inputs or "bias" in line.inputs}
    ops -= {"conv2d_moments_packed", "conv2d_depthwise_relu"}        # below, above
    chains = {chain.split(",")[0] for chain in CHAINS}
    assert ops == (chains - {"conv2d"}) | {f"{op}_{way}" for op in chains for way in WAYS}
    assert {*conv_rules.FUSIONS} <= {*numbacnn_cpu.FUSIONS}


@pytest.mark.parametrize("shapes", [shapes for shapes in SHAPES if shapes[0][0] and "groups" not in shapes[2]], ids=str)
def test_moments_are_measured_on_the_way(shapes, applied):  # noqa: F811
    """Batch norm's statistics of a convolution: joined from parts that its items measured."""
    x, weight, options = shapes
    rng = np.random.default_rng(0)
    values = [10 + rng.standard_normal(shape) for shape in (x, weight, weight[:1])]
    got = []
    for device in None, reference_backend.DEVICE:
        mean, var = (nb.tensor(np.full(weight[0], value), device=device) for value in (0.5, 2.0))
        ones = nb.tensor(np.ones(weight[0]), device=device)
        y = F.batch_norm(F.conv2d(*[nb.tensor(value, device=device) for value in values], **options), mean, var, ones,
                         ones, True)
        nb.evaluate(y)
        got.append([array.numpy() for array in (y, mean, var)])
    assert "batch_norm_join" in {rule.name for rule in applied}
    for ours, expected in zip(*got, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("run", [
    lambda c, small: F.relu(c + c), lambda c, small: c + small, lambda c, small: F.relu(c + small),
    lambda c, small: F.relu(c) + c, lambda c, small: c + F.relu(c),
], ids=["the sum with itself", "a bias", "a bias and ReLU", "two readers", "two readers, turned"])
def test_what_only_looks_like_a_chain(run):
    rng = np.random.default_rng(0)
    values = [rng.standard_normal(shape) for shape in ((2, 3, 9, 8), (5, 3, 3, 3), (5,), (5, 1, 1))]
    got = []
    for device in None, reference_backend.DEVICE:
        x, weight, bias, small = (nb.tensor(value, device=device) for value in values)
        got.append(run(F.conv2d(x, weight, bias), small).numpy())
    np.testing.assert_allclose(*got, rtol=1e-12, atol=1e-12)
