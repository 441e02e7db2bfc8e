"""Kernels that look at values, while the program goes on: nobody waits, and an error leaves everything as it was."""
import threading

import numpy as np
import pytest
import simulated
from numbacnn_cuda import record

import numbacnn as nb
from numbacnn import nn, optim
from numbacnn.errors import EvaluationError

pytestmark = simulated.only
WAITS = "cuStreamSynchronize", "cuCtxSynchronize", "cuEventSynchronize"


def network():
    """Return a network with all that is updated in place: parameters, moments, running statistics, random counters."""
    nb.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 6), nn.BatchNorm1d(6), nn.Dropout(0.3), nn.Linear(6, 4)).cuda()
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    rng = np.random.default_rng(0)
    x = nb.tensor(rng.standard_normal((8, 5)).astype("float32"), device="cuda")
    y = [nb.tensor(rng.integers(0, 4, 8), device="cuda") for _ in range(2)]
    return model, optimizer, x, y


def state_of(model, optimizer):
    """Return the numbers of all that a step changes."""
    return [t.numpy() for t in (*model.state_tensors(), *optimizer.state_tensors(),
                                nb.random.state(nb.device("cuda")))]


def stepping(model, optimizer):
    """Return a training step."""
    def step(x, y):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss
    return step


def wrong(place=3, value=4):
    """Return targets one of which is none."""
    targets = np.arange(8) % 4
    targets[place], targets[7] = value, 99               # the first is told
    return nb.tensor(targets, device="cuda")


def waiting(fake, monkeypatch):
    """Return a list that gets the names of functions that wait, as they are called."""
    found = []
    for name in WAITS:
        def wait(*arguments, name=name):
            found.append((name, *arguments))
            return (0,)
        monkeypatch.setattr(fake.runtime.driver, name, wait, raising=False)
        setattr(fake.runtime.driver, name, lambda *arguments, name=name: found.append((name, *arguments)))
    return found


@pytest.mark.parametrize("captured", [False, True])
def test_a_training_step_is_one_launch_and_no_wait(gpus, monkeypatch, captured):
    fake = gpus()
    model, optimizer, x, y = network()
    step = stepping(model, optimizer)
    if captured:
        step = nb.capture(step, model, optimizer)
    for n in range(24):                                  # memory of results goes round, and each way is a graph
        loss = step(x, y[n % 2])
    device = fake.runtime.device(0)
    before, waits, launched = len(fake.started), waiting(fake, monkeypatch), []
    launch = fake.cuGraphLaunch
    monkeypatch.setattr(fake, "cuGraphLaunch", lambda *given: launched.append(given) or launch(*given))
    monkeypatch.delattr(fake.runtime.driver, "cuGraphLaunch", raising=False)
    monkeypatch.delattr(fake.runtime.driver, "cuLaunchKernel", raising=False)
    monkeypatch.setattr(fake, "cuLaunchKernel", None)    # all is in the graph
    for n in range(3):
        begun = device.runs
        loss = step(x, y[n % 2])
        assert len(launched) == n + 1
        late = {device.event_of(run) for run in range(begun - 1, device.runs + 1)}
        assert all(name == "cuEventSynchronize" and event not in late for name, event in waits)
    assert len(fake.started) > before
    assert np.isfinite(loss.item())


@pytest.fixture(params=["at once", "late"])
def noticed(request, monkeypatch):
    """Let the host see a notice at once, or only where it waits for the run: then it has begun three more."""
    if request.param == "late":
        monkeypatch.setattr(record.Started, "failed", lambda started: False)
    return request.param


@pytest.mark.parametrize("captured", [False, True])
@pytest.mark.parametrize("when", [0, 1, 4])
def test_a_wrong_target_leaves_everything_as_it_was(gpus, noticed, captured, when):
    """The steps behind it, which the host began before it knew, change nothing either."""
    gpus()
    model, optimizer, x, y = network()
    step = stepping(model, optimizer)
    if captured:
        step = nb.capture(step, model, optimizer)
    for n in range(when):
        step(x, y[n % 2])
    before = state_of(model, optimizer)
    with pytest.raises(IndexError, match=r"^cross_entropy: targets must be from 0 to 3, got 4 \(") as caught:
        bad = step(x, wrong())
        for n in range(9):
            step(x, wrong(2, 77) if n == 1 else y[n % 2])        # what is wrong later is not told
    assert n == (3 if noticed == "late" else 0)
    assert any("while computing cross_entropy_targets" in note for note in caught.value.__notes__)
    for found, expected in zip(state_of(model, optimizer), before, strict=True):
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(EvaluationError, match="no value"):
        bad.item()
    assert np.isfinite(step(x, y[0]).item())
    assert not np.array_equal(state_of(model, optimizer)[0], before[0])


def test_training_goes_on_as_if_nothing_had_been(gpus):
    found = []
    for error in False, True:
        gpus()
        model, optimizer, x, y = network()
        step = stepping(model, optimizer)
        for n in range(5):
            if error and n == 3:
                with pytest.raises(IndexError):
                    step(x, wrong()).item()
            step(x, y[n % 2])
        found.append(state_of(model, optimizer))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("look", [
    lambda model, loss: loss.item(), lambda model, loss: model[0].weight.numpy(), lambda model, loss: repr(loss),
    lambda model, loss: nb.cuda.synchronize(), lambda model, loss: model.state_dict()["0.weight"].numpy(),
    lambda model, loss: loss.to("cpu"), lambda model, loss: model.cpu()])
def test_whoever_looks_is_told(gpus, look):
    gpus()
    model, optimizer, x, _ = network()
    loss = stepping(model, optimizer)(x, wrong())
    with pytest.raises(IndexError, match="got 4"):
        look(model, loss)


@pytest.mark.parametrize("value", [-1, 4, 2**31, -2**31, 2**40 + 5, -2**62])
def test_the_value_is_told_as_it_is(gpus, value):
    gpus()
    loss = nn.functional.cross_entropy(nb.zeros(8, 4, device="cuda"), wrong(value=value))
    with pytest.raises(IndexError, match=rf"got {value} \("):
        loss.item()


def test_what_is_replaced_elsewhere_is_given_back(gpus, noticed):
    """A sum of losses has other memory after each step, and the old one is not overwritten."""
    gpus()
    model, optimizer, x, y = network()
    step, total, sums = stepping(model, optimizer), nb.zeros((), device="cuda"), []
    for n in range(3):
        total += step(x, y[n % 2]).detach()
        sums.append(total.item())
    with pytest.raises(IndexError):
        for targets in wrong(), y[1], y[0], y[1], y[0], y[1], y[0]:
            total += step(x, targets).detach()
    assert total.item() == sums[-1]
    total += step(x, y[0]).detach()
    assert total.item() > sums[-1]


def test_numbers_that_a_later_kernel_refuses(gpus):
    """What is updated before a check that depends on it is not updated in place, and is given back."""
    gpus()
    nb.manual_seed(0)
    x = nb.tensor(np.ones((3, 4), np.float32), device="cuda")
    y = nn.functional.dropout(x, 0.5)
    y.numpy()
    counter = nb.random.state(nb.device("cuda")).numpy()
    probabilities = nn.functional.dropout(x, 0.5) * 3
    drawn = nb.bernoulli(probabilities)
    with pytest.raises(ValueError, match=r"bernoulli: p must be in \[0, 1\], got 6"):
        drawn.numpy()
    np.testing.assert_array_equal(nb.random.state(nb.device("cuda")).numpy(), counter)
    with pytest.raises(EvaluationError, match="no value"):
        probabilities.numpy()


def test_a_thread_is_not_disturbed_by_another(gpus):
    gpus()
    begun, done, found = threading.Event(), threading.Event(), []

    def train():
        model, optimizer, x, y = network()
        step = stepping(model, optimizer)
        step(x, y[0]).item()
        before = model[0].weight.numpy()
        begun.set()
        done.wait(60)
        step(x, y[1]).item()
        found.append(not np.array_equal(before, model[0].weight.numpy()))

    worker = threading.Thread(target=train)
    model, optimizer, x, _ = network()
    loss = stepping(model, optimizer)(x, wrong())
    worker.start()
    assert begun.wait(60)
    done.set()
    worker.join()
    assert found == [True]
    with pytest.raises(IndexError):
        loss.item()


def test_indices_that_are_wrong_are_read_nowhere(gpus):
    """Kernels behind the check run on: what they get in place of the index lies inside."""
    gpus()
    table = nb.zeros(5, 3, device="cuda", requires_grad=True)
    index = nb.tensor([1, 2**40, 4], device="cuda")
    rows = nn.functional.embedding(index, table)
    rows.sum().backward()
    with pytest.raises(IndexError, match="index: must be from 0 to 4, got 1099511627776"):
        table.grad.numpy()
