"""Optimisers: groups, state, what is refused; test_oracle.py compares their formulas with PyTorch."""
import numpy as np
import pytest

import numbacnn as nb
from numbacnn import nn, optim
from numbacnn.errors import DTypeError, ShapeError


def network():
    return nn.Sequential(nn.Conv2d(2, 3, 2), nn.Flatten(), nn.Linear(12, 4))


def step(model, optimizer, seed=0):
    x = nb.tensor(np.random.default_rng(seed).standard_normal((5, 2, 3, 3)).astype("float32"))
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), nb.tensor([0, 1, 2, 3, 0])).backward()
    optimizer.step()


@pytest.mark.parametrize("make", [
    lambda p: optim.SGD(p, lr=0.1), lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    lambda p: optim.Adam(p, lr=0.01), lambda p: optim.AdamW(p, lr=0.01)])
def test_training_goes_on_exactly_after_saving(make):
    model = network()
    optimizer = make(model.parameters())
    for seed in range(3):
        step(model, optimizer, seed)
    weights, state = model.state_dict(), optimizer.state_dict()
    other = network()
    again = make(other.parameters())
    other.load_state_dict(weights)
    again.load_state_dict(state)
    for seed in range(3, 6):
        step(model, optimizer, seed)
        step(other, again, seed)
    for p, q in zip(model.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(p.numpy(), q.numpy())


def test_state_has_the_shape_and_order_of_its_parameter():
    """After one step of SGD with momentum the buffer is the gradient, number by number, whatever the memory order."""
    model = network()
    optimizer = optim.SGD(model.parameters(), momentum=0.5)
    step(model, optimizer)
    state = optimizer.state_dict()["state"]
    for i, p in enumerate(model.parameters()):
        np.testing.assert_array_equal(state[i]["momentum_buffer"], p.grad.numpy())


def test_groups_have_their_own_options():
    a, b = nn.Parameter(np.zeros(2, "float32")), nn.Parameter(np.zeros(3, "float32"))
    optimizer = optim.SGD([{"params": [a], "lr": 1.0}, {"params": b}], lr=0.1)
    (a.sum() + b.sum()).backward()
    optimizer.step()
    np.testing.assert_allclose(a.numpy(), -1.0)
    np.testing.assert_allclose(b.numpy(), -0.1)
    plans = len(nb.graph.thread.plans)
    optimizer.param_groups[0]["lr"] = 2.0
    optimizer.zero_grad()
    (a.sum() + b.sum()).backward()
    optimizer.step()
    np.testing.assert_allclose(a.numpy(), -3.0)
    assert len(nb.graph.thread.plans) == plans           # another learning rate is the same plan


def test_a_parameter_without_a_gradient_stays_as_it_is():
    a, b = nn.Parameter(np.ones(2, "float32")), nn.Parameter(np.ones(3, "float32"))
    optimizer = optim.Adam([a, b], lr=0.1)
    for only in (a, b, a):
        optimizer.zero_grad()
        (only * only).sum().backward()
        optimizer.step()
    assert [optimizer.state_dict()["state"][i]["step"] for i in (0, 1)] == [2.0, 1.0]
    np.testing.assert_allclose(b.numpy(), 0.9, rtol=1e-6)
    optimizer.zero_grad()
    optimizer.step()                                     # nothing to do
    np.testing.assert_allclose(b.numpy(), 0.9, rtol=1e-6)


@pytest.mark.parametrize("make, message", [
    (lambda p: optim.SGD([]), "SGD: there must be parameters to train, got none"),
    (lambda p: optim.SGD(p), r"SGD: params must be an iterable of tensors, such as .*, got Parameter"),
    (lambda p: optim.SGD([p], lr="a"), "SGD: lr must be a number, got 'a'"),
    (lambda p: optim.SGD([p], dampening=float("nan")), "SGD: dampening must be"),
    (lambda p: optim.Adam([p], betas=0.9), r"Adam: betas must be two numbers in \[0, 1\), got 0.9"),
    (lambda p: optim.Adam([{"lr": 1}]), "Adam: a group must be a dict with 'params'"),
    (lambda p: optim.SGD([p], lr=-1), "SGD: lr must be at least 0, got -1"),
    (lambda p: optim.SGD([p], nesterov=True), "SGD: nesterov needs momentum > 0 and dampening = 0"),
    (lambda p: optim.Adam([p], betas=(1.0, 0.9)), r"Adam: betas\[0\] must be in \[0, 1\), got 1"),
    (lambda p: optim.Adam([p, p]), r"Adam: a parameter of shape \(2,\) was given twice"),
    (lambda p: optim.Adam([{"params": [p], "speed": 1}]), "Adam: options must be among lr, betas.*, got speed"),
    (lambda p: optim.Adam([np.ones(2)]), "Adam: parameters must be tensors, got ndarray"),
    (lambda p: optim.Adam([p * 2]), "can only train floating point tensors that were not computed from others"),
    (lambda p: optim.Adam([p, nn.Parameter(np.ones(2))]), "parameters of a group must have one dtype and device"),
])
def test_what_is_refused(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make(nn.Parameter(np.ones(2, "float32")))


def test_loading_is_all_or_nothing():
    model = network()
    optimizer = optim.Adam(model.parameters())
    step(model, optimizer)
    state = optimizer.state_dict()
    state["state"][1]["exp_avg"] = np.zeros(7)
    other = optim.Adam(model.parameters())
    with pytest.raises(ShapeError, match=r"exp_avg of parameter 1 must be \(3,\), got \(7,\)"):
        other.load_state_dict(state)
    assert not other.state_dict()["state"]
    with pytest.raises(ShapeError, match=r"groups must have \[4\] parameters, got \[1\]"):
        other.load_state_dict({"state": {}, "param_groups": [{"params": [0]}]})
    assert issubclass(DTypeError, TypeError)


def test_a_gradient_that_does_not_fit_is_refused():
    p, q = nn.Parameter(np.ones(3, "float32")), nn.Parameter(np.ones(2, "float32"))
    optimizer = optim.SGD([{"params": [q]}, {"params": [p]}], lr=1.0)
    q.grad = nb.ones(2)
    with pytest.raises(ShapeError, match=r"grad: must be float32\(3,\) as its tensor, got float32\(2,\)"):
        p.grad = nb.ones(2)
    p.grad, p.array = nb.ones(3), nb.ones(2).array       # nobody but the engine can do this
    with pytest.raises(ShapeError, match="the parameters of a group must stay as they are"):
        optimizer.step()
    assert q.tolist() == [1.0, 1.0]                      # no group moved


def test_momentum_is_loaded_into_an_optimiser_that_had_none():
    p = nn.Parameter(np.ones(2, "float32"))
    first = optim.SGD([p], lr=0.1, momentum=0.9)
    p.sum().backward()
    first.step()
    second = optim.SGD([p], lr=0.1)
    second.load_state_dict(first.state_dict())
    assert second.state_dict()["state"][0]["momentum_buffer"].tolist() == [1.0, 1.0]
    bad = first.state_dict()
    bad["param_groups"][0]["lr"] = -5
    with pytest.raises(ValueError, match="lr must be at least 0, got -5"):
        second.load_state_dict(bad)


def test_options_that_change_are_seen_and_checked():
    """Even in a list that is the same one."""
    p, other = (nn.Parameter(np.ones(1)) for _ in range(2))
    betas = [0.5, 0.5]
    optimizers = optim.Adam([p], betas=betas), optim.Adam([other], betas=(0.5, 0.5))
    for gradient in 1.0, -3.0:
        p.grad = other.grad = nb.tensor(np.array([gradient]))
        for optimizer in optimizers:
            optimizer.step()
        betas[0] = 0.9                                   # from the second step on
        optimizers[1].param_groups[0]["betas"] = (0.9, 0.5)
    assert p.item() == other.item()
    betas[1] = 5
    with pytest.raises(ValueError, match=r"betas\[1\] must be in \[0, 1\), got 5"):
        optimizers[0].step()


def test_a_closure_computes_the_loss():
    p = nn.Parameter(np.ones(2, "float32"))
    optimizer = optim.SGD([p], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with nb.no_grad():                                   # the closure needs gradients all the same
        assert optimizer.step(closure).item() == 2.0
    assert p.tolist() == [0.0, 0.0]
    assert optimizer.step() is None


def test_gradients_of_zero_are_not_none():
    p, q = nn.Parameter(np.ones(2, "float32")), nn.Parameter(np.ones(2, "float32"))
    optimizer = optim.SGD([p, q], lr=1.0, momentum=0.5)
    p.sum().backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=False)
    assert (p.grad.tolist(), q.grad) == ([0.0, 0.0], None)
    optimizer.step()                                     # momentum goes on
    assert p.tolist() == [-0.5, -0.5]
    optimizer.zero_grad()
    assert p.grad is None


def test_parameters_that_changed_are_refused():
    p = nn.Parameter(np.zeros(4, "float32"))
    optimizer = optim.Adam([p])
    optimizer.param_groups[0]["params"].append(nn.Parameter(np.zeros(10, "float32")))
    with pytest.raises(ShapeError, match="use add_param_group to train more"):
        optimizer.step()
    model = nn.Linear(2, 2)
    optimizer = optim.Adam(model.parameters())
    model.to(nb.float64)
    model(nb.ones(1, 2, dtype="float64")).sum().backward()
    with pytest.raises(DTypeError, match="convert the model first, then make the optimiser"):
        optimizer.step()
    with pytest.raises(DTypeError, match="grad: must be a Tensor, got int"):
        model.weight.grad = 0
