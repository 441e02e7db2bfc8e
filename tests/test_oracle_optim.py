"""Optimisers and averages of weights against PyTorch: 50 steps in float64, agreeing to 1e-10."""
import numpy as np
import pytest
from optim_cases import each_optimiser, first_values, give, gradients, parameters

import numbacnn as nb
from numbacnn import nn, optim
from numbacnn.optim import swa_utils

torch = pytest.importorskip("torch", reason="needs the extra `oracle`")
pytestmark = pytest.mark.oracle


@pytest.fixture(autouse=True)
def double():
    """PyTorch keeps step counts and NAdam's products in its default dtype."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def pairs_of_parameters():
    return parameters(), [torch.nn.Parameter(torch.tensor(x)) for x in first_values()]


def made(name, options, mine, yours, groups):
    """The same optimiser twice; in groups, the last parameters have options of their own, and one comes later."""
    def arranged(parameters):
        return [{"params": parameters[:3]}, {"params": parameters[3:5], "lr": 0.03, "weight_decay": 0.2}]
    return (getattr(optim, name)(arranged(mine) if groups else mine, **options),
            getattr(torch.optim, name)(arranged(yours) if groups else yours, **options))


def give_gradients(step, mine, yours):
    give(mine, step)
    for q, g in zip(yours, gradients(step), strict=True):
        q.grad = None if g is None else torch.tensor(g)


def assert_equal(mine, yours, tolerance=1e-10):
    for p, q in zip(mine, yours, strict=True):
        np.testing.assert_allclose(p.numpy(), q.detach().numpy(), rtol=tolerance, atol=tolerance)


@each_optimiser
@pytest.mark.parametrize("groups", [False, True], ids=["one group", "groups"])
@pytest.mark.parametrize("maximize", [False, True], ids=["down", "up"])
def test_optimisers_take_the_same_steps(name, options, groups, maximize):
    mine, yours = pairs_of_parameters()
    ours, theirs = made(name, {**options, "maximize": maximize}, mine, yours, groups)
    schedules = [module.OneCycleLR(each, max_lr=0.1, total_steps=50, cycle_momentum=False)
                 for module, each in ((optim.lr_scheduler, ours), (torch.optim.lr_scheduler, theirs))]
    for step in range(50):
        give_gradients(step, mine, yours)
        if step == 10 and groups:
            ours.add_param_group({"params": mine[5:], "lr": 0.02})
            theirs.add_param_group({"params": yours[5:], "lr": 0.02})
        ours.step()
        theirs.step()
        if not groups:
            for schedule in schedules:
                schedule.step()
        elif step == 20:
            ours.param_groups[0]["lr"] *= 0.5
            theirs.param_groups[0]["lr"] *= 0.5
        assert_equal(mine, yours)


@each_optimiser
def test_eager_steps_are_the_same(name, options):
    with nb.testing.settings(eager=True):
        mine, yours = pairs_of_parameters()
        ours, theirs = made(name, options, mine, yours, groups=True)
        for step in range(10):
            give_gradients(step, mine, yours)
            ours.step()
            theirs.step()
        assert_equal(mine, yours)


@each_optimiser
@pytest.mark.parametrize("direction", ["from PyTorch", "to PyTorch"])
def test_optimiser_state_moves_between_the_two(name, options, direction):
    mine, yours = pairs_of_parameters()
    ours, theirs = made(name, options, mine, yours, groups=True)
    for step in range(8):
        give_gradients(step, mine, yours)
        ours.step()
        theirs.step()
    if direction == "from PyTorch":
        ours, _ = made(name, {}, mine, yours, groups=True)
        ours.load_state_dict(theirs.state_dict())
    else:
        _, theirs = made(name, {}, mine, yours, groups=True)
        state = ours.state_dict()
        theirs.load_state_dict({"param_groups": state["param_groups"], "state": {
            i: {key: torch.as_tensor(value) for key, value in each.items()} for i, each in state["state"].items()}})
    for step in range(8, 16):
        give_gradients(step, mine, yours)
        ours.step()
        theirs.step()
        assert_equal(mine, yours)


@each_optimiser
def test_saved_state_has_the_same_keys(name, options):
    mine, yours = pairs_of_parameters()
    ours, theirs = made(name, options, mine, yours, groups=False)
    for step in range(2):
        give_gradients(step, mine, yours)
        ours.step()
        theirs.step()
    found, wanted = ours.state_dict(), theirs.state_dict()
    with_state = {i: set(each) for i, each in wanted["state"].items() if any(v is not None for v in each.values())}
    assert {i: set(each) for i, each in found["state"].items()} == with_state
    assert set(found["param_groups"][0]) <= set(wanted["param_groups"][0])
    assert found["param_groups"][0]["params"] == wanted["param_groups"][0]["params"]


def networks():
    """Ours and PyTorch's, alike."""
    mine = nn.Sequential(nn.Conv2d(2, 3, 2), nn.BatchNorm2d(3)).to(nb.float64)
    yours = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 2), torch.nn.BatchNorm2d(3))
    yours.load_state_dict({key: torch.tensor(value.numpy()) for key, value in mine.state_dict().items()})
    return mine, yours


def average(module, kind):
    return module.get_ema_multi_avg_fn(0.9) if kind == "ema" else module.get_swa_multi_avg_fn()


@pytest.mark.parametrize("kind", ["ema", "swa", "default", "own"])
@pytest.mark.parametrize("use_buffers", [False, True])
def test_averages_of_weights(kind, use_buffers):
    mine, yours = networks()
    if use_buffers:                                      # PyTorch cannot average counts
        yours[1].num_batches_tracked = yours[1].num_batches_tracked.double()
    options = {} if kind == "default" else {"avg_fn": lambda a, x, n: a + (x - a) / (n + 2)} if kind == "own" else None
    ours = swa_utils.AveragedModel(mine, use_buffers=use_buffers, **(
        {"multi_avg_fn": average(swa_utils, kind)} if options is None else options))
    theirs = torch.optim.swa_utils.AveragedModel(yours, use_buffers=use_buffers, **(
        {"multi_avg_fn": average(torch.optim.swa_utils, kind)} if options is None else options))
    for step in range(50):
        for p, q in zip(mine.parameters(), yours.parameters(), strict=True):
            values = np.random.default_rng(step).standard_normal(p.shape)
            p.data, q.data = nb.tensor(values), torch.tensor(values)
        x = np.random.default_rng(step).standard_normal((3, 2, 4, 4))
        mine(nb.tensor(x)), yours(torch.tensor(x))       # running statistics move
        ours.update_parameters(mine)
        theirs.update_parameters(yours)
    found, wanted = ours.state_dict(), theirs.state_dict()
    assert list(found) == list(wanted) or set(found) == set(wanted)
    for key, value in wanted.items():
        if key.endswith("num_batches_tracked") and use_buffers:
            continue                                     # ours: counts are copied, never averaged
        np.testing.assert_allclose(found[key].numpy(), value.numpy(), rtol=1e-10, atol=1e-12, err_msg=key)
    x = np.random.default_rng(0).standard_normal((3, 2, 4, 4))
    np.testing.assert_allclose(ours.eval()(nb.tensor(x)).numpy(), theirs.eval()(torch.tensor(x)).detach().numpy(),
                               rtol=1e-9)
