"""capture: what is replayed equals what is recorded, and what cannot be replayed is refused."""
import numpy as np
import pytest
from models import SimpleCNN, SmallResNet, batch, randomise

import numbacnn as nb
from numbacnn import nn, optim
from numbacnn.errors import DTypeError, EvaluationError


def run(model, captured, steps=5, dtype="float64"):
    """Train, and look at everything."""
    optimizer, criterion = optim.Adam(model.parameters(), lr=1e-2), nn.CrossEntropyLoss()

    def step(x, y):
        optimizer.zero_grad()
        output = model(x)
        loss = criterion(output, y)
        loss.backward()
        optimizer.step()
        return loss, output

    function = nb.capture(step, model, optimizer) if captured else step
    losses, held = [], []
    for i in range(steps):
        x, y = (nb.tensor(a) for a in batch(8 if i < steps - 1 else 3, dtype=dtype, seed=i))
        if i == 2:
            held = [(t, t.numpy()) for t in [p.detach() for p in model.parameters()]]
        loss, output = function(x, y)
        losses.append((loss.item(), output.numpy()))
    for tensor, value in held:
        np.testing.assert_array_equal(tensor.numpy(), value)
    return losses, [t.numpy() for t in [*model.state_tensors(), *optimizer.state_tensors()]]


@pytest.mark.parametrize("make", [SimpleCNN, SmallResNet])
def test_replays_equal_the_loop(make):
    nb.manual_seed(1)
    plain = run(randomise(make("float64")), captured=False)
    nb.manual_seed(1)
    replayed = run(randomise(make("float64")), captured=True)
    for (a, x), (b, y) in zip(plain[0], replayed[0], strict=True):
        assert a == b
        np.testing.assert_array_equal(x, y)
    for a, b in zip(plain[1], replayed[1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_dropout_draws_new_numbers_at_each_replay():
    nn.functional.dropout(nb.ones(2))
    step = nb.capture(lambda x: nn.functional.dropout(x, 0.5))
    x = nb.ones(100)
    first, second = step(x).numpy(), step(x).numpy()
    assert not np.array_equal(first, second)


def test_memory_is_updated_in_place_unless_somebody_looks():
    total = nb.zeros(4)

    def add(x):
        total.data = total + x
        return total * 1

    step = nb.capture(add, total)
    one = nb.ones(4)
    assert step(one).tolist() == [1.0] * 4
    held = total.detach()
    assert step(one).tolist() == [2.0] * 4
    assert held.tolist() == [1.0] * 4
    assert total.tolist() == [2.0] * 4


def test_the_state_itself_can_be_returned():
    total = nb.zeros(2)

    def add(x):
        total.data = total + x
        return total, total

    step = nb.capture(add, total)
    first = step(nb.ones(2))
    second = step(nb.ones(2))
    assert [t.tolist() for t in (*first, *second, total)] == [[1.0] * 2] * 2 + [[2.0] * 2] * 3


def test_a_forgotten_state_is_an_error():
    model, criterion = nn.Linear(4, 3), nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters())
    before = model.weight.numpy()

    def step(x, y):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    x, y = nb.ones(2, 4), nb.tensor([0, 1])
    with pytest.raises(EvaluationError, match=r"not in its state.*capture\(function, model, optimizer\)"):
        nb.capture(step, model)(x, y)
    np.testing.assert_array_equal(model.weight.numpy(), before)


def test_looking_at_a_value_is_an_error():
    def step(x):
        y = x * 2
        if y.sum().item() > 0:
            return y
        return x * 3

    with pytest.raises(EvaluationError, match="looks at a value"):
        nb.capture(step)(nb.ones(3))
    assert (nb.ones(2) + 1).tolist() == [2.0, 2.0]       # recording goes on


def test_what_is_refused():
    with pytest.raises(EvaluationError, match="must return tensors that it computes"):
        nb.capture(lambda x: x)(nb.ones(3))
    with pytest.raises(DTypeError, match="state must be modules, optimisers or tensors, got int"):
        nb.capture(lambda x: x, 3)
    with pytest.raises(DTypeError, match="inputs and outputs must be tensors, got ndarray"):
        nb.capture(lambda x: x)(np.ones(3))


def test_an_input_that_is_not_read():
    step = nb.capture(lambda x, y: y * 2)
    assert step(nb.ones(2), nb.ones(3)).tolist() == [2.0] * 3
    assert step(nb.zeros(2), nb.zeros(3)).tolist() == [0.0] * 3


def test_a_failing_replay_changes_nothing():
    model, criterion = nn.Linear(4, 3), nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters())

    def step(x, y):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    step = nb.capture(step, model, optimizer)
    step(nb.ones(2, 4), nb.tensor([0, 1]))
    before = [t.numpy() for t in [*model.state_tensors(), *optimizer.state_tensors()]]
    with pytest.raises(IndexError):
        step(nb.ones(2, 4), nb.tensor([0, 7]))
    for tensor, value in zip([*model.state_tensors(), *optimizer.state_tensors()], before, strict=True):
        np.testing.assert_array_equal(tensor.numpy(), value)
    assert np.isfinite(step(nb.ones(2, 4), nb.tensor([0, 2])).item())
