"""explain: what ran, what was fused, what was not and who kept the array."""
import re

import numba
import numpy as np
import pytest
from models import SimpleCNN, batch, randomise

import numbacnn as nb
from numbacnn import nn, optim, testing


def training(model):
    optimizer, criterion = optim.Adam(model.parameters()), nn.CrossEntropyLoss()

    def step(x, y):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def test_a_training_step_is_one_fused_plan():
    model = randomise(SimpleCNN())
    step = training(model)
    before = model.fc1.weight.numpy()
    explanation = nb.explain(step, *(nb.tensor(a) for a in batch()))
    assert not np.array_equal(model.fc1.weight.numpy(), before)      # it ran, once
    [lines] = explanation.plans
    stands_for = [line.sources for line in lines]
    assert ("conv2d", "relu", "max_pool2d") in stands_for
    assert not explanation.missed
    text = str(explanation)
    assert "plan 1 of 1" in text
    assert "conv2d + relu + max_pool2d" in text
    assert "adam" in text
    assert all(line.seconds > 0 for line in lines)
    linear = next(line for line in lines if line.op == "linear")
    assert linear.flops == 2 * 8 * 10 * 5408
    assert linear.nbytes == 4 * (8 * 5408 + 10 * 5408 + 10 + 80)


def test_it_tells_the_algorithm_and_the_share_of_the_peak():
    """No timing is checked, but what is printed about a convolution by tiles and one by Winograd's algorithm."""
    x = nb.tensor(np.ones((4, 64, 28, 28), np.float32))
    model = nn.Sequential(nn.Conv2d(64, 64, 3, padding=1), nn.Conv2d(64, 64, 3, stride=2))
    with nb.no_grad():
        explanation = nb.explain(model, x)
    first, second = explanation.plans[0]
    assert (first.op, second.op) == ("conv2d_winograd", "conv2d_packed")
    assert "F(4, 3)" in first.algorithm
    assert "tile" in second.algorithm
    assert explanation.peak > 1e9 or numba.config.DISABLE_JIT
    text = str(explanation)
    assert "of peak" in text
    assert f"{first.flops / 1e6:.2f}" in text


def test_an_algorithm_of_several_kernels_is_named_once():
    """A large weight: windows are transformed by a kernel of their own, which has no tile."""
    with nb.no_grad():
        explanation = nb.explain(nn.Conv2d(160, 160, 3, padding=1), nb.tensor(np.ones((4, 160, 8, 8), np.float32)))
    assert re.fullmatch(r"F\(4, 3\) tile \d+ x \d+", explanation.plans[0][0].algorithm)


def test_the_highest_precision_rules_winograd_out():
    x = nb.tensor(np.random.default_rng(0).standard_normal((4, 64, 28, 28)).astype(np.float32))
    model = nn.Conv2d(64, 64, 3, padding=1)
    outputs, ops = [], []
    try:
        for precision in "default", "highest":
            nb.set_precision(precision)
            assert nb.get_precision() == precision
            with nb.no_grad():
                outputs.append(model(x).numpy())
                ops.append(nb.explain(model, x).plans[0][0].op)
    finally:
        nb.set_precision("default")
    assert ops == ["conv2d_winograd", "conv2d_packed"]
    with testing.settings(eager=True), nb.no_grad():
        exact = model.to("float64")(nb.tensor(x.numpy().astype(np.float64))).numpy()
    loose, tight = (np.abs(output - exact).max() for output in outputs)
    assert tight < loose < 1e-4


def test_a_precision_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="set_precision: precision must be one of 'default', 'highest', "
                                         "'high', 'medium', got 'low'"):
        nb.set_precision("low")


def test_a_variable_that_prevents_a_fusion_is_named():
    model = randomise(SimpleCNN())
    kept = {}

    def look(x):
        features = nn.functional.relu(model.conv1(x))
        pooled = model.pool(features)
        nb.evaluate(pooled)
        kept["it"] = features
        return pooled

    with nb.no_grad():
        explanation = nb.explain(look, nb.tensor(batch()[0]))
    assert any("relu" in missed and "'features' in look" in missed and "test_explain.py" in missed
               for missed in explanation.missed), explanation.missed
    assert "not fused: conv2d_relu_max_pool2d" in str(explanation)


def test_a_look_before_backward_is_explained():
    model = randomise(SimpleCNN())

    def look(x, y):
        loss = nn.functional.cross_entropy(model(x), y)
        loss.item()
        loss.backward()
        nb.evaluate()

    explanation = nb.explain(look, *(nb.tensor(a) for a in batch()))
    assert len(explanation.plans) == 2
    assert any("looked at before backward()" in missed for missed in explanation.missed)


def test_errors_come_through_and_eager_is_refused():
    with pytest.raises(IndexError, match="targets must be from 0 to 2, got 7"):
        nb.explain(nn.functional.cross_entropy, nb.ones(1, 3), nb.tensor([7]))
    assert (nb.ones(2) + 1).tolist() == [2.0, 2.0]
    with testing.settings(eager=True), pytest.raises(RuntimeError, match="no plans with NUMBACNN_EAGER=1"):
        nb.explain(lambda: None)
