"""Dense layers behind images, and with ReLU: where a rule applies, what it computes is what it replaces."""
from typing import NamedTuple

import numpy as np
import pytest
import ways
from numbacnn_cpu import linear_rules, program
from numbacnn_cpu.compile import INTERPRETED
from poison import poisoned  # noqa: F401
from test_fusions import applied  # noqa: F401

import numbacnn as nb
from numbacnn.nn import functional as F


class Network(NamedTuple):
    """Images made rows, a dense layer, maybe ReLU; who wants a gradient."""

    images: tuple[int, ...]
    outputs: int
    relu: bool = False
    wanted: str = "images weight bias"


BEHIND_IMAGES = [Network((3, 2, 5, 4), 7), Network((1, 17, 3, 3), 3), Network((2, 3, 4, 5), 1, True),
                 Network((5, 33, 1, 19), 12), Network((0, 2, 3, 2), 4), Network((9, 20, 7, 3), 50)]
# By the last kernel that a rule puts in.
NETWORKS = {"linear_backward_weight": BEHIND_IMAGES, "linear": BEHIND_IMAGES, "linear_backward_input": BEHIND_IMAGES,
            "linear_relu": [network._replace(relu=True) for network in BEHIND_IMAGES]}


def computed(network, dtype="float64", device=None):
    """The output, and the gradients that are wanted."""
    rng = np.random.default_rng(0)
    shapes = {"images": network.images, "weight": (network.outputs, int(np.prod(network.images[1:]))),
              "bias": (network.outputs,)}
    tensors = {name: nb.tensor(rng.standard_normal(shape).astype(dtype), device=device,
                               requires_grad=name in network.wanted.split()) for name, shape in shapes.items()}
    y = F.linear((tensors["images"] * 2).reshape(network.images[0], shapes["weight"][1]), tensors["weight"],
                 tensors["bias"])
    y = F.relu(y) if network.relu else y
    if network.wanted:
        y.backward(nb.tensor(rng.standard_normal(y.shape).astype(dtype), device=device))
    gradients = [tensor.grad for tensor in tensors.values() if tensor.grad is not None]
    nb.evaluate(y, *gradients)
    return [y.numpy(), *[gradient.numpy() for gradient in gradients]]


def test_every_rule_has_networks():
    assert set(NETWORKS) == {rule.name for rule in linear_rules.FUSIONS}


each_rule = pytest.mark.parametrize(("rule", "network"), [
    pytest.param(rule, network, id=f"{rule.name}-{number}") for rule in linear_rules.FUSIONS
    for number, network in enumerate(NETWORKS.get(rule.name, []))])


@each_rule
def test_a_rule_applies(rule, network, applied):  # noqa: F811
    explanation = nb.explain(computed, network)
    assert rule in applied
    ran = {line.op for lines in explanation.plans for line in lines}
    assert not ran.isdisjoint({rule.main.op, f"{rule.main.op}_relu"})
    assert "reshape" not in ran                          # nothing is turned but the weight
    assert not explanation.missed


@each_rule
@pytest.mark.parametrize("wanted", ["", "weight bias", "images", "images weight bias"])
def test_a_rule_changes_nothing(rule, network, wanted):
    ways.compare(computed, network._replace(wanted=wanted), tolerance=1e-12)


@pytest.mark.skipif(INTERPRETED, reason="one thread")
def test_the_bits_do_not_depend_on_the_number_of_threads(monkeypatch):
    found = []
    for workers in 1, 2, 3:
        monkeypatch.setenv("NUMBACNN_NUM_THREADS", str(workers))
        monkeypatch.setattr(program, "TILE_BYTES", 64)
        nb.graph.thread.plans.clear()
        results = computed(Network((70, 9, 13, 11), 40), "float32")
        found.append(b"".join(result.tobytes() for result in results))
    assert len(set(found)) == 1


@pytest.mark.parametrize("shape", [(0, 3, 1, 38), (0, 2, 2, 5), (2, 0, 3, 5), (3, 0, 5), (0, 5)])
def test_rows_of_an_empty_array_are_no_images(shape, applied):  # noqa: F811
    """Where there are no rows, (0, C) is a reshaped array of many shapes: only one of them is flattened images."""
    rng = np.random.default_rng(0)
    x, weight, bias = (nb.tensor(rng.standard_normal(each), requires_grad=True)
                       for each in (shape, (11, shape[-1]), (11,)))
    y = F.linear(x, weight, bias)
    y.backward(nb.ones(*y.shape).to("float64"))
    nb.evaluate(y, x.grad, weight.grad, bias.grad)
    assert "linear_turn" not in {line.op for rule in applied for line in rule.new}
    assert y.shape == (*shape[:-1], 11)
    assert x.grad.shape == shape
    assert not weight.grad.numpy().any()
    assert not bias.grad.numpy().any()
