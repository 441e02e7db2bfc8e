"""Convolutions of z = relu(batch_norm(x)): z is never stored, which changes no bit, and its gradient is summed at once.

All is compared with the reference. Biases are positive, so padding that were normalised, too, would show.
"""
from typing import Any, NamedTuple

import numbacnn_cpu
import numpy as np
import pytest
import reference_backend
from numbacnn_cpu import conv_rules
from poison import poisoned  # noqa: F401
from test_fusions import applied  # noqa: F401

import numbacnn as nb
from numbacnn.nn import functional as F

RULES = [*conv_rules.NORMALISED, *conv_rules.SUMMED, *conv_rules.BETWEEN]
TOLERANCES = {"float32": 1e-4, "float64": 1e-11}         # of sums of some hundred products


class Network(NamedTuple):
    """A convolution between batch norms; `uses`: how often what it reads is used, `training`: of the first one.

    `rectified`: whether ReLU comes last.
    """

    x: tuple[int, ...]
    weight: tuple[int, ...]
    conv: Any
    training: bool = True
    uses: int = 1
    rectified: bool = True

    def run(self, x, weight, norm, norm2):
        z = F.relu(F.batch_norm(x, *norm, self.training))
        y = F.batch_norm(F.conv2d(z, weight, **self.conv), *norm2, self.x[0] > 0)
        y = F.relu(y) if self.rectified else y
        return y if self.uses == 1 else y.sum() + (z * z).sum()


DEPTHWISE = [
    Network((2, 5, 9, 8), (5, 1, 3, 3), {"groups": 5, "padding": 1}),
    Network((2, 17, 11, 7), (17, 1, 3, 3), {"groups": 17, "padding": 1, "stride": 2}),
    Network((1, 32, 12, 7), (32, 1, 2, 3), {"groups": 32, "stride": (2, 3), "dilation": (3, 1), "padding": (0, 2)}),
    Network((2, 5, 9, 8), (5, 1, 3, 3), {"groups": 5, "padding": 1}, training=False),
    Network((2, 1030, 4, 30), (1030, 1, 3, 3), {"groups": 1030, "padding": 1}),      # strips of one row
]
STRIPS = [               # both gradients are computed at once
    *[network for network in DEPTHWISE if "dilation" not in network.conv],
    Network((3, 70, 60, 50), (70, 1, 3, 3), {"groups": 70, "padding": 1}),
    Network((2, 66, 61, 40), (66, 1, 5, 4), {"groups": 66, "padding": (4, 3), "stride": (2, 3)}),
    Network((1, 70, 17, 90), (70, 1, 3, 3), {"groups": 70, "stride": 2}),
    Network((2, 33, 2, 3), (33, 1, 2, 3), {"groups": 33, "padding": 1}),
]
EMPTY = Network((0, 3, 4, 4), (3, 1, 3, 3), {"groups": 3, "padding": 1}, training=False)
DENSE = [
    Network((2, 17, 6, 7), (5, 17, 1, 1), {}),
    Network((3, 130, 5, 4), (70, 130, 1, 1), {}),                # items of some columns
    Network((20, 70, 6, 5), (3, 70, 1, 1), {}),
    Network((2, 17, 7, 7), (19, 17, 3, 3), {"padding": 2, "dilation": 2}, training=False),
]
TILES = [
    *DENSE,
    Network((2, 1, 9, 8), (3, 1, 5, 3), {"padding": (2, 1)}),
    Network((2, 9, 9, 8), (5, 9, 3, 3), {"stride": 2, "padding": 1}),
    Network((1, 40, 6, 4), (33, 40, 1, 1), {"stride": 2, "padding": 1}),
]
NETWORKS = {             # by the kernel that a rule is about
    "conv2d_depthwise_normalised": [*DEPTHWISE, EMPTY],
    "conv2d_depthwise_backward_weight_normalised": [
        *[network._replace(rectified=False) for network in DEPTHWISE], DEPTHWISE[2], EMPTY],
    "conv2d_moments_normalised_packed": TILES,
    "conv2d_backward_weight_normalised_tiles": TILES,
    "conv2d_depthwise_backward_input_sums": [
        *[network._replace(rectified=False) for network in DEPTHWISE], DEPTHWISE[2]],
    "conv2d_backward_input_sums_packed": DENSE,
    "conv2d_depthwise_backward_normalised": STRIPS,
}


def arrays(network, dtype):
    rng = np.random.default_rng(0)
    values = {"x": 2 + rng.standard_normal(network.x), "weight": rng.standard_normal(network.weight)}
    for end, channels in ("", network.x[1]), ("2", network.weight[0]):
        values |= {f"mean{end}": 2 + rng.standard_normal(channels), f"var{end}": rng.uniform(0.5, 2, channels),
                   f"scale{end}": rng.standard_normal(channels), f"shift{end}": rng.uniform(0.5, 1, channels)}
    if not network.training and values["x"].size:
        values["x"][0, -1].flat[:3] = [np.nan, np.inf, -np.inf]
    return {name: value.astype(dtype) for name, value in values.items()}


def computed(network, dtype="float64", device=None):
    """The output and all gradients."""
    tensors = {name: nb.tensor(values, device=device, requires_grad="mean" not in name and "var" not in name)
               for name, values in arrays(network, dtype).items()}
    norm, norm2 = ([tensors[name + end] for name in ("mean", "var", "scale", "shift")] for end in ("", "2"))
    y = network.run(tensors["x"], tensors["weight"], norm, norm2)
    y.backward(nb.tensor(np.random.default_rng(1).standard_normal(y.shape).astype(dtype), device=device))
    results = [y, *[tensor.grad for tensor in tensors.values() if tensor.grad is not None]]
    nb.evaluate(*results)
    return [result.numpy() for result in results]


def test_every_rule_has_networks():
    ops = [rule.main.op for rule in RULES]
    assert len(set(ops)) == len(ops), "NETWORKS tells rules apart by them"
    assert set(NETWORKS) == set(ops)


each_rule = pytest.mark.parametrize(("rule", "network"), [
    pytest.param(rule, network, id=f"{rule.main.op}-{number}") for rule in RULES
    for number, network in enumerate(NETWORKS.get(rule.main.op, []))])
each_network = pytest.mark.parametrize("network", [*STRIPS, DEPTHWISE[2], EMPTY, *TILES], ids=str)


@each_rule
def test_a_rule_applies(rule, network, applied):  # noqa: F811
    ran = [line.op for plan in nb.explain(computed, network).plans for line in plan]
    assert rule in applied
    assert rule.main.op in ran
    assert ran.count("batch_norm_relu") == int(network.rectified)       # the last one's, which is the result


@each_network
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_reference_agrees(network, dtype):
    expected = computed(network, "float64", reference_backend.DEVICE)
    for got, wanted in zip(computed(network, dtype), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=TOLERANCES[dtype], atol=TOLERANCES[dtype] * 10)


@each_network
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_not_storing_changes_no_bit(network, dtype, monkeypatch):
    rules = [rule for rule in numbacnn_cpu.FUSIONS if rule not in conv_rules.BETWEEN]       # which adds up other parts
    monkeypatch.setattr(numbacnn_cpu, "FUSIONS", rules)
    nb.graph.thread.plans.clear()
    fused = computed(network, dtype)
    monkeypatch.setattr(numbacnn_cpu, "FUSIONS", [rule for rule in rules if rule not in conv_rules.NORMALISED])
    nb.graph.thread.plans.clear()
    for got, wanted in zip(fused, computed(network, dtype), strict=True):
        np.testing.assert_array_equal(got, wanted)
    nb.graph.thread.plans.clear()


@pytest.mark.parametrize("network", [DEPTHWISE[0], TILES[0]], ids=str)
def test_what_others_read_is_stored(network):
    network = network._replace(uses=2)
    ran = {line.op for plan in nb.explain(computed, network).plans for line in plan}
    assert "batch_norm_relu" in ran
    for got, wanted in zip(computed(network), computed(network, device=reference_backend.DEVICE), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-11, atol=1e-10)
