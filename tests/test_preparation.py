"""What is made of parameters alone is kept while they do not change, and only then."""
import numpy as np
import pytest

import numbacnn
from numbacnn import nn, optim


@pytest.fixture
def model():
    numbacnn.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU(), nn.Conv2d(5, 2, 1)).to("float64").eval()


@pytest.fixture
def x():
    return numbacnn.tensor(np.random.default_rng(0).standard_normal((2, 3, 6, 6)))


def forward(model, x):
    with numbacnn.no_grad():
        return model(x).numpy()


def by_definition(model, x):
    """Return the output of a model of which nothing was kept."""
    copy = nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU(), nn.Conv2d(5, 2, 1)).to("float64").eval()
    copy.load_state_dict(model.state_dict())
    with numbacnn.testing.settings(eager=True):
        return forward(copy, x)


def kept(model):
    """Return how many things are kept with the parameters of a model."""
    return sum(len(p.array.storage.prepared) for p in model.parameters())


def test_the_second_run_makes_nothing_anew(model, x):
    first = forward(model, x)
    before = [storage for p in model.parameters() for storage, _ in p.array.storage.prepared.values()]
    np.testing.assert_array_equal(forward(model, x), first)
    after = [storage for p in model.parameters() for storage, _ in p.array.storage.prepared.values()]
    assert before
    assert all(a is b for a, b in zip(before, after, strict=True))


def test_training_forgets_what_was_kept(model, x):
    forward(model, x)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        loss = model(x).sum()
        loss.backward()
        loss.item()                                      # two plans: the parameter is updated by the second
        optimizer.step()
        np.testing.assert_allclose(forward(model, x), by_definition(model, x), rtol=1e-12)


@pytest.mark.parametrize("name", ["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var",
                                  "3.weight", "3.bias"])
def test_each_parameter_counts(model, x, name):
    before = forward(model, x)
    state = model.state_dict()
    model.load_state_dict(state | {name: state[name] + 0.5})
    after = forward(model, x)
    assert np.abs(after - before).max() > 1e-3
    np.testing.assert_allclose(after, by_definition(model, x), rtol=1e-12)


def test_a_captured_model_follows_its_parameters(model, x):
    with numbacnn.no_grad():
        captured = numbacnn.capture(model, model)
        captured(x)
        state = model.state_dict()
        model.load_state_dict({name: value * 2 for name, value in state.items()})
        np.testing.assert_allclose(captured(x).numpy(), by_definition(model, x), rtol=1e-12)


def test_memory_that_is_used_again_keeps_nothing(model, x):
    """A block that is given to another array must not bring along what was made of its former numbers."""
    for seed in range(4):
        weight = numbacnn.tensor(np.random.default_rng(seed).standard_normal((4, 3, 3, 3)))
        y = nn.functional.conv2d(x, weight).numpy()
        with numbacnn.testing.settings(eager=True):
            np.testing.assert_allclose(y, nn.functional.conv2d(x, weight).numpy(), rtol=1e-12)
        del weight


def test_training_keeps_nothing(model, x):
    model.train()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        model(x).sum().backward()
        optimizer.step()
    numbacnn.evaluate()
    assert kept(model) == 0
