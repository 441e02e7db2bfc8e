"""Every rule about batch normalisation and sums: a network in which it applies, and there what it computes is the same.

Compared are: fused, without optimisations, eager, and by the reference. In evaluation mode some numbers are NaN or
infinite, and some outputs exactly zero, where ReLU must not let the gradient through.
"""
from typing import Any, NamedTuple

import numpy as np
import pytest
import ways
from numbacnn_cpu import norm_rules, program
from numbacnn_cpu.compile import INTERPRETED
from poison import poisoned  # noqa: F401
from test_fusions import applied  # noqa: F401

import numbacnn as nb
from numbacnn import testing
from numbacnn.nn import functional as F

RULES = [*norm_rules.FOLDS, *norm_rules.FUSIONS]


class Network(NamedTuple):
    """What makes y of x, r (both of one shape) and, for each of two batch norms, four arrays of channels."""

    run: Any
    shape: tuple[int, ...]
    training: bool = True
    wanted: str = "x r weight bias weight2 bias2"
    uses: int = 1                                        # how often y is used, so how many gradients it gets


def one(relu, x, r, norm, norm2):
    return relu(norm(x))


def with_residual(relu, x, r, norm, norm2):
    return relu(norm(x) + r)


def residual_first(relu, x, r, norm, norm2):
    return relu(r + norm(x))


def both(relu, x, r, norm, norm2):
    return relu(norm(x) + norm2(r))


def shortcut(relu, x, r, norm, norm2):
    """Between the gradients of the two batch norms, that of x * r is computed."""
    return relu(norm(x) + norm2(x * r))


def plain_sum(relu, x, r, norm, norm2):
    return relu(x + r)


def convolved(relu, x, r, norm, norm2):
    channels, rng = x.shape[1], np.random.default_rng(2)
    weight, bias = (nb.tensor(rng.standard_normal(shape), dtype=x.dtype, device=x.device)
                    for shape in ((channels, channels, 2, 1), (channels,)))
    return norm(F.conv2d(x, weight, bias, stride=(1, 2), padding=1))


SHAPES = [(4, 3, 5, 2), (7, 17), (2, 16, 9, 8), (9, 1, 3, 3), (40, 40), (3, 65, 21, 7)]


def networks(run, uses=1):
    return [Network(run, shape, training, uses=uses) for shape in SHAPES for training in (True, False)]


# By the last kernel that a rule puts in.
NETWORKS = {
    "conv2d": [Network(convolved, shape, False, "") for shape in SHAPES if len(shape) == 4],
    "batch_norms_add_relu": networks(both),
    "batch_norm_add_relu": networks(with_residual),
    "add_batch_norm_relu": networks(residual_first),
    "batch_norm_relu": [*networks(one), Network(one, (0, 3, 2, 2), False)],
    "add_relu": networks(plain_sum),
    "batch_norms_add_relu_fork_backward_input": networks(both, 2) + networks(shortcut, 2),
    "batch_norms_add_relu_backward_input": networks(both) + networks(shortcut),
    "batch_norm_relu_fork_backward_input": networks(one, 2),
    "batch_norm_relu_backward_input": [*networks(one), Network(one, (0, 3, 2, 2), False)],
    "batch_norm_add_relu_fork_backward_weight": networks(with_residual, 2) + networks(residual_first, 2),
    "batch_norm_add_relu_backward_weight": [*networks(with_residual), Network(one, SHAPES[0], True, "weight bias")],
    "relu_fork_backward": networks(plain_sum, 2),
}


def arrays(network, dtype="float64"):
    """Random inputs. In evaluation mode the first channel is shifted by nothing and holds its mean, 1, often."""
    rng = np.random.default_rng(0)
    shape, channels = network.shape, network.shape[1]
    values = {"x": 3 + rng.standard_normal(shape), "r": rng.standard_normal(shape)}
    for end in "", "2":
        values |= {f"weight{end}": rng.standard_normal(channels), f"bias{end}": rng.standard_normal(channels),
                   f"mean{end}": 3 + rng.standard_normal(channels), f"var{end}": rng.uniform(0.5, 2, channels)}
    if not network.training and values["x"].size:
        values["x"][:, 0] = rng.integers(0, 3, values["x"][:, 0].shape)
        values["mean"][0], values["bias"][0], values["bias2"][0], values["mean2"][0] = 1, 0, 0, 0
        values["r"][:, 0] = 0
        values["x"][:3, -1].flat[:3] = [np.nan, np.inf, -np.inf]
    return {name: value.astype(dtype) for name, value in values.items()}


def computed(network, device=None, dtype="float64"):
    """The output, running statistics, and the gradients that are wanted."""
    tensors = {name: nb.tensor(values, device=device, requires_grad=name in network.wanted.split())
               for name, values in arrays(network, dtype).items()}

    def norm(end):
        weight, bias, mean, var = (tensors[name + end] for name in ("weight", "bias", "mean", "var"))
        return lambda x: F.batch_norm(x, mean, var, weight, bias, network.training)

    y = network.run(F.relu, tensors["x"], tensors["r"], norm(""), norm("2"))
    z = y
    if network.wanted:
        rng = np.random.default_rng(1)
        factors = [nb.tensor(rng.standard_normal(y.shape).astype(dtype), device=device) for _ in range(network.uses)]
        z = y * factors[0] if network.uses == 1 else y * factors[0] + y * factors[1]
        z.backward(nb.tensor(rng.standard_normal(y.shape).astype(dtype), device=device))
    results = [z, *[tensors[name] for name in ("mean", "var", "mean2", "var2")],
               *[tensor.grad for tensor in tensors.values() if tensor.grad is not None]]
    del y
    nb.evaluate(*results)                                # as a training loop does: all at once
    return [result.numpy() for result in results]


def test_every_rule_has_networks():
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names), "NETWORKS tells rules apart by their last kernel"
    assert set(NETWORKS) == set(names)


each_rule = pytest.mark.parametrize(("rule", "network"), [
    pytest.param(rule, network, id=f"{rule.name}-{number}") for rule in RULES
    for number, network in enumerate(NETWORKS.get(rule.name, []))])


@each_rule
def test_a_rule_applies(rule, network, applied):  # noqa: F811
    explanation = nb.explain(computed, network)
    assert rule in applied
    ran = {line.op for lines in explanation.plans for line in lines}
    assert ran.issuperset(line.op for line in rule.new if line.op != "conv2d")       # of which there are variants
    assert not explanation.missed


@each_rule
def test_a_rule_changes_nothing(rule, network):
    ways.compare(computed, network, tolerance=1e-11)


@pytest.mark.oracle
@pytest.mark.parametrize("uses", [1, 2])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("run", [one, with_residual, residual_first, both, shortcut, plain_sum])
def test_pytorch_computes_the_same(run, training, uses):
    torch = pytest.importorskip("torch")
    network = Network(run, SHAPES[2], training, uses=uses)
    tensors = {name: torch.tensor(values) for name, values in arrays(network).items()}
    for name in network.wanted.split():
        tensors[name].requires_grad_()

    def norm(end):
        weight, bias, mean, var = (tensors[name + end] for name in ("weight", "bias", "mean", "var"))
        return lambda x: torch.nn.functional.batch_norm(x, mean, var, weight, bias, training)

    y = run(torch.relu, tensors["x"], tensors["r"], norm(""), norm("2"))
    rng = np.random.default_rng(1)
    factors = [torch.tensor(rng.standard_normal(y.shape)) for _ in range(uses)]
    z = sum(y * factor for factor in factors)
    z.backward(torch.tensor(rng.standard_normal(y.shape)))
    expected = [z, *[tensors[name] for name in ("mean", "var", "mean2", "var2")],
                *[tensor.grad for tensor in tensors.values() if tensor.grad is not None]]
    for got, wanted in zip(computed(network), expected, strict=True):
        np.testing.assert_allclose(got, wanted.detach().numpy(), rtol=1e-11, atol=1e-11)


@pytest.mark.skipif(INTERPRETED, reason="one thread")
@pytest.mark.parametrize("run", [one, both, with_residual])
def test_the_bits_do_not_depend_on_the_number_of_threads(run, monkeypatch):
    found = []
    for workers in 1, 2, 3:
        monkeypatch.setenv("NUMBACNN_NUM_THREADS", str(workers))
        monkeypatch.setattr(program, "TILE_BYTES", 64)
        nb.graph.thread.plans.clear()
        found.append(b"".join(result.tobytes() for result in computed(Network(run, (6, 24, 50, 11), uses=2), None,
                                                                      "float32")))
    assert len(set(found)) == 1


@pytest.mark.parametrize("kept", ["n", "s"])
def test_what_the_user_keeps_is_there(kept, applied):  # noqa: F811
    network = Network(with_residual, SHAPES[2])
    tensors = {name: nb.tensor(values) for name, values in arrays(network).items()}
    held = {}

    def run():
        held["n"] = F.batch_norm(*(tensors[name] for name in ("x", "mean", "var", "weight", "bias")), True)
        held["s"] = held["n"] + tensors["r"]
        y = F.relu(held["s"])
        del held["s" if kept == "n" else "n"]
        return y

    explanation = nb.explain(run)
    assert any("batch_norm_add_relu" in missed for missed in explanation.missed)
    assert {rule.name for rule in applied} <= {"add_relu"}
    found = held[kept].numpy()
    with testing.settings(eager=True):
        tensors = {name: nb.tensor(values) for name, values in arrays(network).items()}
        run()
        np.testing.assert_array_equal(found, held[kept].numpy())


@pytest.mark.parametrize("shape", [(1, 16, 1, 1), (2, 1, 9, 8)])
def test_sums_that_broadcast_are_left_alone(shape, applied):  # noqa: F811
    x, r = np.random.default_rng(0).standard_normal((2, *SHAPES[2]))
    r = r[:shape[0], :shape[1], :shape[2], :shape[3]]
    tensors = [nb.tensor(values, requires_grad=True) for values in (x, r)]
    y = F.relu(tensors[0] + tensors[1])
    y.sum().backward()
    nb.evaluate(y, *[tensor.grad for tensor in tensors])
    assert not any(rule in RULES for rule in applied)
    np.testing.assert_array_equal(y.numpy(), np.maximum(x + r, 0))
