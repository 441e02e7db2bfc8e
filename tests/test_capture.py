"""capture: what is replayed equals what is recorded, and what cannot be replayed is refused."""
import threading

import numpy as np
import pytest
from models import SimpleCNN, SmallResNet, batch, descending, randomise

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
    with pytest.raises(EvaluationError, match="not in its state"):
        nb.capture(step)(x, y)
    np.testing.assert_array_equal(model.weight.numpy(), before)      # nobody named it, and it is whole
    assert optimizer.param_groups[0].state["steps"].tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    step(x, y)


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
    with pytest.raises(DTypeError, match="must return a tensor, or a tuple of tensors, got None"):
        nb.capture(lambda x: None)(nb.ones(3))
    with pytest.raises(DTypeError, match="state must be modules, optimisers or tensors, got int"):
        nb.capture(lambda x: x, 3)
    with pytest.raises(DTypeError, match="inputs and outputs must be tensors, got ndarray"):
        nb.capture(lambda x: x)(np.ones(3))


@pytest.mark.parametrize("change", [lambda x: x.add_(1), lambda x: x[0].zero_(), lambda x: x.view(-1).mul_(2),
                                    lambda x: x.__setitem__(1, 5.0), lambda x: x.detach().fill_(3)])
def test_an_input_that_is_changed_is_refused(change):
    def step(scale, x):
        change(x)
        return x * scale

    two, x = nb.ones(1) * 2, nb.ones(3)
    step = nb.capture(step)
    with pytest.raises(EvaluationError, match=r"capture: the function changes its input number 1 in place, a tensor of "
                                              r"shape \(3,\), .*; return it, or name the tensor in the state"):
        step(two, x)
    assert x.tolist() == [1.0, 1.0, 1.0]

    def add(y):
        x.add_(y)
        return x * 2

    step = nb.capture(add, x)
    assert step(nb.ones(3)).tolist() == [4.0] * 3
    assert x.tolist() == [2.0] * 3


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


def test_inputs_that_share_memory_at_first_may_differ_later():
    step = nb.capture(lambda a, b: a * 2 + b)
    x, y = nb.tensor([10.0]), nb.tensor([-8.0])
    assert step(x, x).tolist() == [30.0]
    assert step(x, y).tolist() == [12.0]
    assert step(y, x).tolist() == [-6.0]


def test_an_input_may_be_a_constant_or_state_too():
    w = nb.tensor([1.0])
    step = nb.capture(lambda x: x + w * 10)
    assert step(w).tolist() == [11.0]
    assert step(nb.tensor([5.0])).tolist() == [15.0]

    def move(x):
        w.data = w + x
        return w * 1

    step = nb.capture(move, w)
    assert step(w).tolist() == [2.0]
    assert step(nb.tensor([5.0])).tolist() == [7.0]


def test_a_copy_of_the_weights_that_follows_slowly():
    p, slow = nb.tensor([1.0]), None
    slow = p.detach()

    def move(x):
        p.data = p - x
        slow.data = (slow + p) / 2
        return slow * 1

    step = nb.capture(move, p, slow)
    assert [step(nb.tensor([1.0])).item() for _ in range(2)] == [0.5, -0.25]


def test_the_learning_rate_may_change():
    p = nn.Parameter(np.ones(1, "float32"))
    optimizer = optim.SGD([p], lr=0.25)
    step = descending(p, optimizer)

    step, x = nb.capture(step, [p], optimizer), nb.ones(1)
    step(x)
    optimizer.param_groups[0]["lr"] = 0.0
    step(x)
    assert p.tolist() == [0.75]
    optimizer.param_groups[0]["lr"] = 0.5
    step(x)
    assert p.tolist() == [0.25]


def test_gradients_that_a_replay_would_lose_are_refused():
    p = nn.Parameter(np.ones(1, "float32"))
    with pytest.raises(EvaluationError, match=r"a gradient, of a tensor of shape \(1,\), .* requires_grad_\(False\)"):
        def only_backward(x):
            loss = (p * x).sum()
            loss.backward()
            return loss

        nb.capture(only_backward, p)(nb.ones(1))
    optimizer = optim.SGD([p], lr=0.1)
    (p * 1).sum().backward()

    def late(x):
        loss = (p * x).sum()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    with pytest.raises(EvaluationError, match="adds to gradients that were there before"):
        nb.capture(late, p, optimizer)(nb.ones(1))
    assert p.tolist() == [1.0]
    assert p.grad.tolist() == [1.0]


def test_pending_inputs_and_state_are_computed():
    p = nb.tensor([1.0])

    def add(x):
        p.data = p + x
        return p * 1

    step = nb.capture(add, p)
    assert step(nb.ones(1) * 2).tolist() == [3.0]
    assert step(nb.ones(1) * 3).tolist() == [6.0]
    p.data = p * 10
    assert step(nb.ones(1)).tolist() == [61.0]


def test_a_captured_function_inside_another_is_part_of_it():
    inner = nb.capture(lambda x: x * 2)
    outer = nb.capture(lambda x: inner(x) + 1)
    assert outer(nb.ones(1)).tolist() == [3.0]
    assert outer(nb.zeros(1)).tolist() == [1.0]


def test_a_constant_made_in_a_thread_that_ended_is_not_overwritten():
    made = []
    other = threading.Thread(target=lambda: made.append(nn.Parameter(np.ones(2, "float32"))))
    other.start()
    other.join()
    [p] = made
    optimizer = optim.SGD([p], lr=1.0)
    scale = nb.capture(lambda x: x * p)
    assert scale(nb.ones(2)).tolist() == [1.0, 1.0]
    p.sum().backward()
    optimizer.step()
    assert p.tolist() == [0.0, 0.0]
    assert scale(nb.ones(2)).tolist() == [1.0, 1.0]


def test_dropout_can_be_captured_at_once():
    nb.manual_seed(5)
    step = nb.capture(lambda x: nn.functional.dropout(x, 0.5))
    x = nb.ones(64)
    replayed = [step(x).tolist() for _ in range(3)]
    nb.manual_seed(5)
    assert replayed == [nn.functional.dropout(x, 0.5).tolist() for _ in range(3)]


@pytest.mark.parametrize("make", [
    lambda o: optim.lr_scheduler.StepLR(o, 1), lambda o: optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 3),
    lambda o: optim.lr_scheduler.ChainedScheduler([optim.lr_scheduler.ConstantLR(o)])],
    ids=["steps", "restarts", "chained"])
def test_schedules_step_outside(make):
    p = nn.Parameter(np.ones(1, "float32"))
    optimizer = optim.SGD([p], lr=0.25)
    schedule = make(optimizer)

    def step(x):
        optimizer.zero_grad()
        (p * x).sum().backward()
        optimizer.step()
        schedule.step()

    with pytest.raises(EvaluationError, match=r"\.step: must be called outside of the captured function"):
        nb.capture(step, [p], optimizer)(nb.ones(1))
