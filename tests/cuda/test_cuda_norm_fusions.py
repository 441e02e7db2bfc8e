"""Rules for batch normalisation, ReLU and sums: what a rule puts in computes, to the bit, what its pattern does.

Networks in which they apply are those of the tests of the CPU backend, whose rules are the same; on shapes that
threads can be simulated for, and of more axes.
"""
import numpy as np
import pytest
import simulated
import ways
from models import SmallResNet, batch, randomise
from numbacnn_cuda import columns, norm_rules
from simulated import run
from test_fusions import applied  # noqa: F401
from test_norm_fusions import NETWORKS, Network, arrays, computed, with_residual

import numbacnn as nb
from numbacnn import nn, optim, testing
from numbacnn.fusion import parse
from numbacnn.nn import functional as F

pytestmark = simulated.only
CHANNELS = {f"{name}{end}" for name in ("mean", "rstd", "weight", "bias", "dweight", "dbias") for end in ("", "2")}
# Channels in one and several tiles, that fill a block and do not; runs; one number.
SHAPES = [(60, 17), (2, 65, 5, 3), (1, 130, 3, 2), (300, 1), (2, 3, 50), (2, 2, 3, 2, 3), (1, 2), (0, 3, 2, 2)]
each_rule = pytest.mark.parametrize("rule", norm_rules.FUSIONS, ids=lambda rule: rule.name)


# --- kernels ----------------------------------------------------------------------------------------------------------

def given(lines, shape, dtype):
    """Numbers for what a pattern reads; some of y are zero, some NaN or infinite."""
    made = {name for line in lines for name in line.outputs}
    rng = np.random.default_rng(0)
    values = {}
    for name in sorted({name for line in lines for name in line.inputs} - made):
        values[name] = rng.standard_normal(shape[1:2] if name in CHANNELS else shape).astype(dtype)
        if name == "y":
            values[name] = np.maximum(values[name], 0)
        elif name not in CHANNELS and values[name].size > 100:
            values[name].flat[3:6] = [np.nan, np.inf, -np.inf]
    return values


def evaluated(lines, values, shape, dtype, training):
    """What all names of lines stand for; lines in any order."""
    found, waiting = dict(values), list(lines)
    while waiting:
        line = next(line for line in waiting if found.keys() >= set(line.inputs))
        waiting.remove(line)
        outputs = [(shape[1:2] if name in CHANNELS else shape, dtype) for name in line.outputs]
        results = run(line.op, [found[name] for name in line.inputs], outputs, (training,) * len(line.numbers))
        found.update(zip(line.outputs, results, strict=True))
    return found


def check_kernels(rule, shape, dtype, training=1):
    replacement, values = parse(rule.replacement), given(rule.lines, shape, dtype)
    with np.errstate(all="ignore"):
        wanted = evaluated(rule.lines, values, shape, dtype, training)
        found = evaluated(replacement, values, shape, dtype, training)
    for name in {name for line in replacement for name in line.outputs}:
        np.testing.assert_array_equal(found[name], wanted[name], err_msg=name)


@each_rule
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "x".join(map(str, shape)))
def test_kernels_compute_the_same_bits(rule, shape):
    check_kernels(rule, shape, "float32")


@each_rule
def test_kernels_of_constant_statistics(rule):
    check_kernels(rule, (3, 5, 4, 3), "float64", training=0)


@each_rule
@pytest.mark.parametrize("shape", [(2, 20, 13, 11), (2, 2, 900)], ids=lambda shape: "x".join(map(str, shape)))
def test_kernels_go_round(rule, shape, monkeypatch):
    """Parts are so large that threads take more numbers than fit at a time."""
    monkeypatch.setattr(columns.cut_of, "__defaults__", (False, 3))
    monkeypatch.setattr("numbacnn_cuda.norm_forward.WRITES", 3)
    check_kernels(rule, shape, "float32")


# --- networks ---------------------------------------------------------------------------------------------------------

FEW = [(4, 3, 5, 2), (7, 17), (2, 3, 7), (2, 2, 3, 2, 3)]


def networks(name):
    """Networks in which a rule applies, of small shapes."""
    kinds = {network._replace(shape=None) for network in NETWORKS[name]}
    return [network._replace(shape=shape) for network in sorted(kinds, key=str)
            for shape in (FEW[:1] if name == "conv2d" else FEW)]


def on_gpu(network, device=None, dtype="float64"):
    with np.errstate(all="ignore"):
        return computed(network, device or "cuda", dtype)


each_network = pytest.mark.parametrize(("rule", "network"), [
    pytest.param(rule, network, id=f"{rule.name}-{number}") for rule in (*norm_rules.FOLDS, *norm_rules.FUSIONS)
    for number, network in enumerate(networks(rule.name))])


@each_network
def test_a_rule_applies_and_changes_nothing(rule, network, applied):  # noqa: F811
    explanation = nb.explain(on_gpu, network)
    assert rule in applied
    ran = {line.op for lines in explanation.plans for line in lines}
    assert ran.issuperset(line.op for line in rule.new)
    assert not explanation.missed
    ways.compare(on_gpu, network, tolerance=1e-11)


@pytest.mark.parametrize("kept", ["n", "s"])
def test_what_the_user_keeps_is_there(kept, applied):  # noqa: F811
    network = Network(with_residual, FEW[0])
    tensors = {name: nb.tensor(values, device="cuda") for name, values in arrays(network).items()}
    held = {}

    def step():
        held["n"] = F.batch_norm(*(tensors[name] for name in ("x", "mean", "var", "weight", "bias")), True)
        held["s"] = held["n"] + tensors["r"]
        y = F.relu(held["s"])
        del held["s" if kept == "n" else "n"]
        return y

    explanation = nb.explain(step)
    assert any("batch_norm_add_relu" in missed for missed in explanation.missed)
    assert {rule.name for rule in applied} <= {"add_relu"}
    found = held[kept].numpy()
    tensors = {name: nb.tensor(values, device="cuda") for name, values in arrays(network).items()}
    with testing.settings(eager=True):
        step()
        np.testing.assert_array_equal(found, held[kept].numpy())


def test_a_normalised_value_with_two_readers_is_stored(applied):  # noqa: F811
    x = nb.tensor(np.random.default_rng(0).standard_normal((5, 4)), device="cuda")
    n = F.batch_norm(x, None, None, training=True)
    y, z = F.relu(n), n * 2
    nb.evaluate(y, z)
    assert not applied
    np.testing.assert_array_equal(y.numpy(), np.maximum(z.numpy() / 2, 0))


@pytest.mark.parametrize("shape", [(1, 16, 1, 1), (2, 1, 3, 2)])
def test_sums_that_broadcast_are_left_alone(shape, applied):  # noqa: F811
    x, r = np.random.default_rng(0).standard_normal((2, 2, 16, 3, 2))
    r = r[:shape[0], :shape[1], :shape[2], :shape[3]]
    tensors = [nb.tensor(values, device="cuda", requires_grad=True) for values in (x, r)]
    y = F.relu(tensors[0] + tensors[1])
    y.sum().backward()
    nb.evaluate(y, *[tensor.grad for tensor in tensors])
    assert not set(norm_rules.FUSIONS).intersection(applied)
    np.testing.assert_array_equal(y.numpy(), np.maximum(x + r, 0))


def learner():
    """A residual network and a step of its training."""
    nb.graph.thread.plans.clear()
    model = randomise(SmallResNet()).to("cuda")
    optimizer, criterion = optim.SGD(model.parameters(), lr=0.05), nn.CrossEntropyLoss()
    x, target = (nb.tensor(values, device="cuda") for values in batch(n=3, size=8))

    def step():
        optimizer.zero_grad()
        loss = criterion(model(x), target)
        loss.backward()
        optimizer.step()
        return loss

    return model, step


def test_which_ops_of_a_residual_network_are_fused():
    _, step = learner()
    ran = {line.op for lines in nb.explain(step).plans for line in lines}
    assert ran >= {"batch_norm_relu", "batch_norm_add_relu", "batch_norms_add_relu", "batch_norm_relu_backward_input",
                   "batch_norms_add_relu_backward_input", "batch_norms_add_relu_fork_backward_input",
                   "batch_norm_add_relu_fork_backward_weight"}
    assert not ran.intersection({"relu", "relu_backward", "batch_norm", "batch_norm_backward_weight", "add"})


def test_a_residual_network_learns_the_same_to_the_bit():
    found = []
    for settings in {}, {"fuse": False}, {"eager": True}:
        with testing.settings(**settings):
            model, step = learner()
            losses = [step().item() for _ in range(3)]
            found.append([losses, *[p.grad.numpy() for p in model.parameters()],
                          *[value.numpy() for value in model.state_dict().values()]])
    for other in found[1:]:
        for got, wanted in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(got, wanted)


def test_inference_has_no_batch_norm():
    model, _ = learner()
    x = nb.tensor(batch(n=2, size=8)[0], device="cuda")
    model.eval()
    with nb.no_grad():
        ran = {line.op for lines in nb.explain(model, x).plans for line in lines}
        found = model(x).numpy()
        with testing.settings(fuse=False):
            np.testing.assert_allclose(found, model(x).numpy(), rtol=1e-5, atol=1e-6)
    assert "add_relu" in ran
    assert not any(op.startswith("batch_norm") and op != "batch_norm_rstd" for op in ran)
