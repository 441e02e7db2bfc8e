"""Schedules against PyTorch's, for 50 epochs and more: learning rates and momentum agree to 1e-10."""
import numpy as np
import pytest

from numbacnn import nn, optim

torch = pytest.importorskip("torch", reason="needs the extra `oracle`")
pytestmark = pytest.mark.oracle
S, T = optim.lr_scheduler, torch.optim.lr_scheduler


class Halving:
    """A function with a state."""

    def __init__(self):
        self.power = 0.5

    def __call__(self, epoch):
        return self.power ** epoch


SCHEDULES = {
    "step": lambda m, o, **k: m.StepLR(o, 7, 0.5, **k),
    "multi": lambda m, o, **k: m.MultiStepLR(o, [3, 10, 10, 31], 0.3, **k),
    "exponential": lambda m, o, **k: m.ExponentialLR(o, 0.93, **k),
    "constant": lambda m, o, **k: m.ConstantLR(o, 0.25, 9, **k),
    "linear": lambda m, o, **k: m.LinearLR(o, 0.1, 0.8, 12, **k),
    "polynomial": lambda m, o, **k: m.PolynomialLR(o, 40, 2.5, **k),
    "lambda": lambda m, o, **k: m.LambdaLR(o, [lambda e: 0.95 ** e, lambda e: 1 / (e + 1)], **k),
    "lambda-object": lambda m, o, **k: m.LambdaLR(o, Halving(), **k),
    "multiplicative": lambda m, o, **k: m.MultiplicativeLR(o, lambda e: 0.9 if e % 2 else 1.05, **k),
    "cosine": lambda m, o, **k: m.CosineAnnealingLR(o, 17, 1e-3, **k),
    "cosine-1": lambda m, o, **k: m.CosineAnnealingLR(o, 1, **k),
    "restarts": lambda m, o, **k: m.CosineAnnealingWarmRestarts(o, 5, 2, 1e-3, **k),
    "restarts-even": lambda m, o, **k: m.CosineAnnealingWarmRestarts(o, 9, **k),
    "one": lambda m, o, **k: m.OneCycleLR(o, 0.5, total_steps=51, **k),
    "one-linear": lambda m, o, **k: m.OneCycleLR(o, [0.5, 0.3], epochs=6, steps_per_epoch=10, anneal_strategy="linear",
                                                 pct_start=0.2, div_factor=10, final_div_factor=100, **k),
    "one-three": lambda m, o, **k: m.OneCycleLR(o, 0.5, total_steps=50, three_phase=True, base_momentum=[0.7, 0.8],
                                                **k),
    "one-still": lambda m, o, **k: m.OneCycleLR(o, 0.5, total_steps=50, cycle_momentum=False, **k),
    "cyclic": lambda m, o, **k: m.CyclicLR(o, 0.01, [0.1, 0.2], 6, **k),
    "cyclic-2": lambda m, o, **k: m.CyclicLR(o, 0.01, 0.1, 6, 11, mode="triangular2", **k),
    "cyclic-exp": lambda m, o, **k: m.CyclicLR(o, 0.01, 0.1, 6, mode="exp_range", gamma=0.97,
                                           cycle_momentum=False, **k),
    "cyclic-own": lambda m, o, **k: m.CyclicLR(o, 0.01, 0.1, 6, scale_fn=lambda x: 1 / x, scale_mode="cycle", **k),
}
TOGETHER = {
    "sequential": lambda m, o: m.SequentialLR(o, [m.LinearLR(o, 0.1, total_iters=5), m.CosineAnnealingLR(o, 20),
                                                  m.ExponentialLR(o, 0.9)], [6, 30]),
    "sequential-steps": lambda m, o: m.SequentialLR(o, [m.ConstantLR(o, 0.5, 3), m.StepLR(o, 4), m.PolynomialLR(o, 10),
                                                        m.CosineAnnealingWarmRestarts(o, 4, 2)], [4, 20, 30]),
    "sequential-at-once": lambda m, o: m.SequentialLR(o, [m.ConstantLR(o, 0.5, 3), m.MultiStepLR(o, [2, 4])], [1]),
    "chained": lambda m, o: m.ChainedScheduler([m.ConstantLR(o, 0.5, 4), m.ExponentialLR(o, 0.9), m.LinearLR(o, 0.2)]),
    "chained-with": lambda m, o: m.ChainedScheduler([m.StepLR(o, 3), m.MultiplicativeLR(o, lambda e: 1.02)], o),
    "two": lambda m, o: [m.ExponentialLR(o, 0.95), m.CosineAnnealingLR(o, 15)][-1],
}
KINDS = {"sgd": ("SGD", {"lr": 0.1, "momentum": 0.9}), "adam": ("Adam", {"lr": 0.02}),
         "rmsprop": ("RMSprop", {"lr": 0.02, "momentum": 0.5})}
each_kind = pytest.mark.parametrize(("name", "options"), KINDS.values(), ids=KINDS)


def pair(name, options):
    """The same optimiser twice, with two groups."""
    mine = [nn.Parameter(np.ones(2)), nn.Parameter(np.ones(3))]
    yours = [torch.nn.Parameter(torch.tensor(p.numpy())) for p in mine]
    return (getattr(optim, name)([{"params": mine[:1]}, {"params": mine[1:], "lr": 0.05}], **options),
            getattr(torch.optim, name)([{"params": yours[:1]}, {"params": yours[1:], "lr": 0.05}], **options))


def figures(optimizer):
    return [value for group in optimizer.param_groups
            for value in (group["lr"], group.get("initial_lr"), group.get("momentum"), *group.get("betas", ()))
            if value is not None]


def assert_equal(ours, theirs):
    np.testing.assert_allclose(figures(ours), figures(theirs), rtol=1e-10, atol=1e-17)


def follow(ours, theirs, schedule, other, epochs):
    for _ in range(epochs):
        assert_equal(ours, theirs)
        np.testing.assert_allclose(schedule.get_last_lr(), other.get_last_lr(), rtol=1e-10, atol=1e-17)
        for each in (ours, theirs, schedule, other):
            each.step()
    assert_equal(ours, theirs)


@each_kind
@pytest.mark.parametrize("make", [*SCHEDULES.values(), *TOGETHER.values()], ids=[*SCHEDULES, *TOGETHER])
def test_schedules_set_the_same(make, name, options):
    ours, theirs = pair(name, options)
    follow(ours, theirs, make(S, ours), make(T, theirs), 50)


@pytest.mark.parametrize("make", SCHEDULES.values(), ids=SCHEDULES)
@pytest.mark.parametrize("direction", ["from PyTorch", "to PyTorch", "ours"])
def test_the_state_of_a_schedule_is_loaded(make, direction):
    ours, theirs = pair("SGD", {"lr": 0.1, "momentum": 0.9})
    schedule, other = make(S, ours), make(T, theirs)
    follow(ours, theirs, schedule, other, 13)
    if direction == "to PyTorch":
        fresh = pair("SGD", {"lr": 0.1, "momentum": 0.9})[1]
        other = make(T, fresh)
        state = {key: value for key, value in other.state_dict().items() if key.startswith("_")}
        other.load_state_dict(state | schedule.state_dict())
        theirs = fresh
    else:
        fresh = pair("SGD", {"lr": 0.1, "momentum": 0.9})[0]
        saved, schedule = (other if direction == "from PyTorch" else schedule).state_dict(), make(S, fresh)
        schedule.load_state_dict(saved)
        ours = fresh
    source, target = (ours, theirs) if direction == "to PyTorch" else (theirs, ours)
    for group, into in zip(source.param_groups, target.param_groups, strict=True):
        into.update({key: value for key, value in group.items() if key in ("lr", "initial_lr", "momentum", "max_lr",
                                                                           "min_lr", "max_momentum", "base_momentum")})
    theirs._opt_called = ours.stepped = True
    follow(ours, theirs, schedule, other, 30)


@pytest.mark.parametrize("make", [SCHEDULES[key] for key in SCHEDULES if key != "restarts"],
                         ids=[key for key in SCHEDULES if key != "restarts"])
def test_schedules_go_on_after_an_epoch(make):
    """From what the groups hold: PyTorch resumes restarts that lengthen in the wrong place (test_schedules.py)."""
    ours, theirs = pair("SGD", {"lr": 0.1, "momentum": 0.9})
    follow(ours, theirs, make(S, ours), make(T, theirs), 8)
    follow(ours, theirs, make(S, ours, last_epoch=8), make(T, theirs, last_epoch=8), 30)


@pytest.mark.parametrize("make", TOGETHER.values(), ids=TOGETHER)
def test_the_state_of_schedules_together(make):
    ours, theirs = pair("SGD", {"lr": 0.1})
    schedule, other = make(S, ours), make(T, theirs)
    follow(ours, theirs, schedule, other, 8)
    again = make(S, ours)
    again.load_state_dict(schedule.state_dict())
    for group, into in zip(theirs.param_groups, ours.param_groups, strict=True):
        into["lr"] = group["lr"]
    follow(ours, theirs, again, other, 30)


@pytest.mark.parametrize("epochs", [np.arange(0, 60, 0.7).tolist(), [3, 12, 40, 1.5]])
@pytest.mark.parametrize("mult", [1, 2, 3])
def test_restarts_at_fractions_of_epochs(epochs, mult):
    ours, theirs = pair("SGD", {"lr": 0.1})
    schedule = S.CosineAnnealingWarmRestarts(ours, 5, mult, 1e-3)
    other = T.CosineAnnealingWarmRestarts(theirs, 5, mult, 1e-3)
    for epoch in epochs:
        schedule.step(epoch)
        other.step(epoch)
        assert_equal(ours, theirs)


@pytest.mark.parametrize("options", [
    {}, {"mode": "max"}, {"patience": 2, "cooldown": 3}, {"threshold_mode": "abs", "threshold": 0.3, "patience": 1},
    {"mode": "max", "threshold_mode": "abs", "threshold": 0.2, "patience": 1}, {"mode": "max", "threshold": 0.1,
                                                                             "patience": 0},
    {"min_lr": [0.01, 0.02], "patience": 0, "factor": 0.5}, {"patience": 0, "factor": 0.9, "eps": 1e-3}])
def test_plateaus(options):
    ours, theirs = pair("SGD", {"lr": 0.1})
    options = {"patience": 3, "factor": 0.5} | options
    schedule, other = S.ReduceLROnPlateau(ours, **options), T.ReduceLROnPlateau(theirs, **options)
    rng = np.random.default_rng(0)
    for step in range(80):
        figure = float("nan") if step % 13 == 5 else rng.standard_normal() + 0.02 * step * (-1) ** (step // 30)
        schedule.step(figure)
        other.step(figure)
        assert_equal(ours, theirs)
        assert (schedule.num_bad_epochs, schedule.cooldown_counter) == (other.num_bad_epochs, other.cooldown_counter)
        if step == 40:
            fresh = S.ReduceLROnPlateau(ours, **options)
            fresh.load_state_dict(other.state_dict())
            schedule = fresh
