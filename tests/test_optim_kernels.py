"""Optimisers against the reference, without PyTorch: every option, planned, eager and captured, on any threads."""
import numpy as np
import pytest
import reference_backend
from numbacnn_cpu import program
from numbacnn_cpu.compile import INTERPRETED
from optim_cases import each_of_ours, give, parameters

import numbacnn as nb
from numbacnn import nn, optim


def trained(name, options, steps, dtype="float64", device=None):
    """The parameters after some steps; the learning rate changes, and a parameter comes later."""
    given = parameters(dtype, device)
    optimizer = getattr(optim, name)([{"params": given[:3]}, {"params": given[3:5], "lr": 0.03}], **options)
    for step in range(steps):
        give(given, step)
        if step == 4:
            optimizer.add_param_group({"params": given[5]})
        if step == 6:
            optimizer.param_groups[0]["lr"] *= 0.5
        optimizer.step()
    return [p.numpy() for p in given]


@each_of_ours
@pytest.mark.parametrize("maximize", [False, True], ids=["down", "up"])
@pytest.mark.parametrize("eager", [False, True], ids=["planned", "eager"])
def test_steps_are_those_of_the_formulas(name, options, maximize, eager):
    options = {**options, "maximize": maximize}
    with nb.testing.settings(eager=eager):
        found = trained(name, options, 12)
    expected = trained(name, options, 12, device=reference_backend.DEVICE)
    for got, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-11, atol=1e-11)


@each_of_ours
def test_float32_stays_close(name, options):
    """Steps of Lion have one size, but its sign is that of the gradient, far from zero here."""
    for got, wanted in zip(trained(name, options, 8, "float32"), trained(name, options, 8), strict=True):
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, wanted, rtol=2e-4, atol=2e-4)


def large(name, options):
    rng = np.random.default_rng(0)
    given = [nn.Parameter(rng.standard_normal(shape).astype("float32")) for shape in ((50, 7, 3, 3), (4001,), (1,))]
    optimizer = getattr(optim, name)(given, **options)
    for _ in range(3):
        for p in given:
            p.grad = nb.tensor(rng.standard_normal(p.shape).astype("float32"))
        optimizer.step()
    return b"".join(p.numpy().tobytes() for p in given)


@pytest.mark.skipif(INTERPRETED, reason="one thread")
@each_of_ours
def test_any_number_of_threads_gives_the_same_bits(name, options, monkeypatch):
    monkeypatch.setattr(program, "TILE_BYTES", 64)
    found = set()
    for workers in 1, 2, 3:
        monkeypatch.setenv("NUMBACNN_NUM_THREADS", str(workers))
        nb.graph.thread.plans.clear()
        found.add(large(name, options))
    nb.graph.thread.plans.clear()
    assert len(found) == 1


def regression(name, options, captured):
    """Losses and parameters of a small training, with a learning rate that changes."""
    nb.manual_seed(0)
    model = nn.Linear(3, 2)
    optimizer = getattr(optim, name)(model.parameters(), **options)
    schedule = optim.lr_scheduler.ExponentialLR(optimizer, 0.9)

    def step(x, y):
        optimizer.zero_grad()
        difference = model(x) - y
        loss = (difference * difference).mean()
        loss.backward()
        optimizer.step()
        return loss

    run, losses = nb.capture(step, model, optimizer) if captured else step, []
    for i in range(8):
        rng = np.random.default_rng(i)
        losses.append(run(nb.tensor(rng.standard_normal((4, 3))).to("float32"), nb.ones(4, 2)).item())
        schedule.step()
    return losses, [p.numpy() for p in model.parameters()], optimizer.state_dict()


@each_of_ours
def test_captured_steps_are_the_same(name, options):
    losses, values, state = regression(name, options, captured=False)
    again, same, kept = regression(name, options, captured=True)
    assert losses == again
    for p, q in zip(values, same, strict=True):
        np.testing.assert_array_equal(p, q)
    for i, each in state["state"].items():
        for key, value in each.items():
            np.testing.assert_array_equal(value, kept["state"][i][key])


@pytest.mark.parametrize(("name", "first", "then"), [
    ("SGD", {}, {"momentum": 0.9}), ("SGD", {"momentum": 0.9}, {"momentum": 0.0}), ("Adam", {}, {"amsgrad": True}),
    ("RMSprop", {}, {"centered": True}), ("RMSprop", {"momentum": 0.5}, {"momentum": 0.0})])
def test_a_captured_step_may_get_other_state(name, first, then):
    found = []
    for captured in False, True:
        p = nn.Parameter(np.ones(2, "float32"))
        optimizer = getattr(optim, name)([p], **first)

        def step(x, p=p, optimizer=optimizer):
            optimizer.zero_grad()
            loss = (p * x).sum()
            loss.backward()
            optimizer.step()
            return loss

        step = nb.capture(step, p, optimizer) if captured else step
        for options in {}, then, {}, first, then:
            optimizer.param_groups[0].update(options)
            step(nb.ones(2))
        found.append(p.tolist())
    assert found[0] == found[1]


@each_of_ours
def test_to_maximise_is_to_minimise_the_negative(name, options):
    """Bit for bit, where no decay is added."""
    options = {**options, "weight_decay": 0.0}
    found = []
    for sign in 1, -1:
        given = parameters()
        optimizer = getattr(optim, name)(given, **options, maximize=sign < 0)
        for step in range(5):
            give(given, step)
            for p in given:
                p.grad = None if p.grad is None else p.grad * sign
            optimizer.step()
        found.append([p.numpy() for p in given])
    for p, q in zip(*found, strict=True):
        np.testing.assert_array_equal(p, q)


@each_of_ours
def test_nan_and_infinity_stay_where_they_are(name, options):
    p = nn.Parameter(np.ones(20))
    optimizer = getattr(optim, name)([p], **options)
    for bad in (np.nan, np.inf, 1.0):                    # they stay in the state, too
        values = np.linspace(1, 2, 20)
        values[[3, 11]] = bad
        p.grad = nb.tensor(values)
        optimizer.step()
    found = p.numpy()
    assert np.isnan(found[[3, 11]]).all()
    assert np.isfinite(np.delete(found, [3, 11])).all()


def test_a_step_of_no_size():
    """Parameters without numbers, and a group in which nothing has a gradient."""
    empty, p = nn.Parameter(np.zeros((0, 3), "float32")), nn.Parameter(np.ones(2, "float32"))
    optimizer = optim.AdamW([{"params": [empty, p]}, {"params": [nn.Parameter(np.ones(2, "float32"))]}])
    (p.sum() + empty.sum()).backward()
    optimizer.step()
    assert empty.shape == (0, 3)
    assert optimizer.param_groups[0].state["steps"].tolist() == [1.0, 1.0]
