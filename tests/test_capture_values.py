"""What a captured function reads without being given it: weights that change between two replays, values looked at."""
import numpy as np
import pytest

import numbacnn as nb
from numbacnn import nn, optim
from numbacnn.errors import DTypeError, EvaluationError

X = np.random.default_rng(0).standard_normal((2, 16, 12, 12), np.float32)


def network():
    nb.manual_seed(0)
    return nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 8, 3),
                         nn.Flatten(), nn.Linear(800, 3)).eval()


def train(model, captured):
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def step(x):
        optimizer.zero_grad()
        loss = (model(x) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    step = nb.capture(step, model, optimizer) if captured else step
    for _ in range(3):
        step(nb.tensor(X))


@pytest.mark.parametrize("captured", [False, True], ids=["plain", "captured"])
@pytest.mark.parametrize("way", ["module", "closure"])
def test_weights_trained_meanwhile_are_seen(captured, way):
    model, x = network(), nb.tensor(X)
    predict = nb.capture(model if way == "module" else lambda x: model(x) * 1)
    with nb.no_grad():
        before = predict(x).numpy()
    train(model, captured)
    with nb.no_grad():
        np.testing.assert_array_equal(predict(x).numpy(), predict(x).numpy())
        np.testing.assert_allclose(predict(x).numpy(), model(x).numpy(), rtol=1e-5, atol=1e-5)
        assert np.abs(predict(x).numpy() - before).max() > 1e-3


@pytest.mark.parametrize("change", [
    lambda model: model.load_state_dict({name: value * 2 for name, value in model.state_dict().items()}),
    lambda model: model.weight.data.zero_(),
    lambda model: nn.init.ones_(model.weight),
    lambda model: setattr(model, "weight", nn.Parameter(nb.ones(2, 3)))], ids=["state", "data", "init", "another"])
def test_weights_changed_by_hand_are_seen(change):
    model, x = nn.Linear(3, 2), nb.ones(4, 3)
    predict = nb.capture(model)
    predict(x)
    change(model)
    np.testing.assert_array_equal(predict(x).numpy(), model(x).numpy())


@pytest.mark.parametrize("first", ["weight", "seen"])
def test_a_weight_and_what_was_detached_of_it_may_part(first):
    class Module(nn.Module):
        def __init__(self):
            weight = nn.Parameter(nb.ones(3))
            for name in (first, *{"weight", "seen"} - {first}):
                setattr(self, name, weight if name == "weight" else weight.detach())

        def forward(self, x):
            return x * self.weight

    model, x = Module(), nb.ones(3)
    predict = nb.capture(model)
    predict(x)
    for value in (5, 6):
        model.weight.data = nb.full((3,), value, dtype="float32")
        assert predict(x).tolist() == [value] * 3


def test_weights_of_losses_are_seen():
    logits, targets = nb.tensor(X[0, :4, 0, :5]), nb.tensor([0, 1, 2, 3])
    criterion = nn.CrossEntropyLoss(weight=nb.arange(5) * 1.0)
    loss = nb.capture(lambda x, y: criterion(x, y))
    loss(logits, targets)
    criterion.weight = nb.arange(5) * 2.0 + 1
    assert loss(logits, targets).item() == criterion(logits, targets).item()
    criterion.weight.fill_(3)
    assert loss(logits, targets).item() == criterion(logits, targets).item()


def test_tensors_that_are_plain_attributes_are_seen():
    class Scaled(nn.Module):
        def __init__(self):
            self.scale = nb.ones(2)

        def forward(self, x):
            return x * self.scale

    model, x = Scaled(), nb.ones(2)
    for state in ((), (model,)):
        scaled = nb.capture(model, *state)
        scaled(x)
        model.scale = model.scale * 3
        assert scaled(x).tolist() == model(x).tolist()
        model.scale.fill_(5)
        assert scaled(x).tolist() == [5, 5]


@pytest.mark.parametrize("state", [False, True])
def test_another_dtype_of_the_weights_is_another_recording(state):
    model = nn.Linear(3, 2)
    predict = nb.capture(model, *[model] * state)
    predict(nb.ones(4, 3))
    model.double()
    with pytest.raises(DTypeError, match="all arguments must have one dtype"):
        predict(nb.ones(4, 3))
    assert predict(nb.ones(4, 3, dtype="float64")).dtype == np.float64
    model.float()
    np.testing.assert_array_equal(predict(nb.ones(4, 3)).numpy(), model(nb.ones(4, 3)).numpy())


def test_hooks_of_tensors_are_settings():
    weight = nn.Parameter(nb.ones(2))
    optimizer = optim.SGD([weight], lr=1.0)

    def step(x):
        optimizer.zero_grad()
        loss = (weight * x).sum()
        loss.backward()
        optimizer.step()
        return loss

    step, x = nb.capture(step, weight, optimizer), nb.ones(2)
    step(x)
    handle = weight.register_hook(lambda gradient: gradient * 10)
    step(x)
    assert weight.tolist() == [-10, -10]
    handle.remove()
    step(x)
    assert weight.tolist() == [-11, -11]


LOOKS = {"numpy": lambda x: x.numpy(), "item": lambda x: x.sum().item(), "tolist": lambda x: x.tolist(),
         "array": lambda x: np.array(x), "in": lambda x: 1.0 in x, "repr": repr}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("what", ["input", "state"])
def test_looking_at_an_input_or_at_the_state_is_refused(look, what):
    state = nb.ones(2)

    def function(x):
        look(x if what == "input" else state)
        state.add_(x)
        return x * 2

    step = nb.capture(function, state)
    if look is LOOKS["repr"]:                            # has the sentence in place of the values
        step(nb.ones(2))
        return
    with pytest.raises(EvaluationError, match="the captured function looks at a value"):
        step(nb.ones(2))
    assert state.tolist() == [1, 1]


def test_constants_may_be_looked_at():
    weights = nb.tensor([1.0, 2.0])
    step = nb.capture(lambda x: x * float(weights.numpy().sum()) + nb.tensor([1.0]).item())
    assert step(nb.ones(2)).tolist() == [4, 4]
    assert step(nb.ones(2)).tolist() == [4, 4]
