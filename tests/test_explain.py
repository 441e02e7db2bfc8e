"""explain: what ran, what was fused, what was not and who kept the array."""
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
