"""Schedules against closed formulas, how they are resumed and saved, and what users are warned of."""
import math

import numpy as np
import pytest

from numbacnn import nn, ones, optim
from numbacnn.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiplicativeLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)


def optimiser(lr=0.1, **options):
    return optim.SGD([nn.Parameter(np.ones(2, "float32"))], lr=lr, **options)


def rates(optimizer, schedule, steps, key="lr"):
    """The learning rate of each epoch, step by step."""
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0][key])
        assert schedule.get_last_lr() == [optimizer.param_groups[0]["lr"]]
        optimizer.step()
        schedule.step()
    return found


def fall(share, least=0.0, first=0.1):
    return least + (first - least) * (1 + math.cos(math.pi * share)) / 2


CLOSED = {                                               # a schedule, and its learning rate at epoch e
    "step": (lambda o: StepLR(o, 7, 0.5), lambda e: 0.1 * 0.5 ** (e // 7)),
    "multi": (lambda o: MultiStepLR(o, [3, 10, 10]), lambda e: 0.1 * 0.1 ** ((e >= 3) + 2 * (e >= 10))),
    "exponential": (lambda o: ExponentialLR(o, 0.9), lambda e: 0.1 * 0.9 ** e),
    "constant": (lambda o: ConstantLR(o, 0.25, 9), lambda e: 0.1 * (0.25 if e < 9 else 1)),
    "linear": (lambda o: LinearLR(o, 0.1, 0.7, 12), lambda e: 0.1 * (0.1 + 0.6 * min(e, 12) / 12)),
    "polynomial": (lambda o: PolynomialLR(o, 30, 2), lambda e: 0.1 * (1 - min(e, 30) / 30) ** 2),
    "lambda": (lambda o: LambdaLR(o, lambda e: 1 / (e + 1)), lambda e: 0.1 / (e + 1)),
    "multiplicative": (lambda o: MultiplicativeLR(o, lambda e: e / (e + 1)), lambda e: 0.1 / (e + 1)),
    "cosine": (lambda o: CosineAnnealingLR(o, 20, 0.01), lambda e: fall(e / 20, 0.01)),
    "restarts": (lambda o: CosineAnnealingWarmRestarts(o, 6, eta_min=0.01), lambda e: fall(e % 6 / 6, 0.01)),
    "restarts-longer": (lambda o: CosineAnnealingWarmRestarts(o, 2, 3),
                        lambda e: fall(e / 2 if e < 2 else (e - 2) / 6 if e < 8 else (e - 8) / 18 if e < 26 else
                                       (e - 26) / 54)),
    "one": (lambda o: OneCycleLR(o, 0.1, 50, pct_start=0.2, cycle_momentum=False),
            lambda e: fall(e / 9, 0.1, 0.004) if e <= 9 else fall((e - 9) / 40, 4e-7)),
    "cyclic": (lambda o: CyclicLR(o, 0.1, 0.5, 4, 6, cycle_momentum=False),
               lambda e: 0.1 + 0.4 * (e % 10 / 4 if e % 10 <= 4 else (10 - e % 10) / 6)),
    "warm-up": (lambda o: SequentialLR(o, [LinearLR(o, 0.2, total_iters=4), CosineAnnealingLR(o, 40)], [5]),
                lambda e: 0.1 * (0.2 + 0.8 * min(e, 4) / 4) if e < 5 else fall((e - 5) / 40)),
    "chained": (lambda o: ChainedScheduler([ConstantLR(o, 0.5, 5), ExponentialLR(o, 0.9)]),
                lambda e: 0.1 * 0.9 ** e * (0.5 if e < 5 else 1)),
    "chained-in-turn": (lambda o: SequentialLR(o, [ConstantLR(o, 0.5, 100), ChainedScheduler(
        [ConstantLR(o, 0.5, 5), ExponentialLR(o, 0.9)])], [10]),
        lambda e: 0.05 if e < 10 else 0.1 * 0.9 ** (e - 10) * (0.5 if e < 15 else 1)),
    "turns-in-turn": (lambda o: SequentialLR(o, [ConstantLR(o, 0.5, 100), SequentialLR(
        o, [ConstantLR(o, 0.25, 100), ExponentialLR(o, 0.9)], [10])], [20]),
        lambda e: 0.05 if e < 20 else 0.025 if e < 30 else 0.1 * 0.9 ** (e - 30)),
}


@pytest.mark.parametrize(("make", "formula"), CLOSED.values(), ids=CLOSED)
def test_learning_rates_are_those_of_the_formula(make, formula):
    optimizer = optimiser()
    np.testing.assert_allclose(rates(optimizer, make(optimizer), 50), [formula(e) for e in range(50)], rtol=1e-10,
                               atol=1e-15)


@pytest.mark.parametrize("make", [make for make, _ in CLOSED.values()], ids=CLOSED)
def test_saved_schedules_go_on(make):
    """The optimiser's state and the schedule's, in new ones."""
    first = optimiser()
    schedule = make(first)
    rates(first, schedule, 12)
    saved = first.state_dict(), schedule.state_dict()
    second = optimiser(lr=3.0)
    again = make(second)
    second.load_state_dict(saved[0])
    again.load_state_dict(saved[1])
    assert rates(first, schedule, 30) == rates(second, again, 30)


@pytest.mark.parametrize("mult", [1, 2, 3])
@pytest.mark.parametrize("done", [0, 3, 17, 40])
def test_restarts_are_resumed_where_they_were(mult, done):
    first = optimiser()
    schedule = CosineAnnealingWarmRestarts(first, 4, mult)
    rates(first, schedule, done)
    second = optimiser()
    second.load_state_dict(first.state_dict())
    again = CosineAnnealingWarmRestarts(second, 4, mult, last_epoch=done - 1)
    assert rates(second, again, 30) == rates(first, schedule, 30)


def test_one_cycle_moves_the_momentum_the_other_way():
    optimizer = optimiser(momentum=0.5)
    schedule = OneCycleLR(optimizer, 1.0, 21, pct_start=0.5, anneal_strategy="linear", div_factor=10)
    momentum = rates(optimizer, schedule, 21, "momentum")
    assert (momentum[0], momentum[-1]) == (0.95, pytest.approx(0.95))
    assert min(momentum) == pytest.approx(0.85 + 0.1 * 0.5 / 10.5)      # the least would be at step 9.5; this is 10
    adam = optim.Adam([nn.Parameter(np.ones(2))], betas=(0.5, 0.7))
    schedule = OneCycleLR(adam, 1.0, 20)
    assert adam.param_groups[0]["betas"] == (0.95, 0.7)
    for _ in range(20):
        adam.step()
        schedule.step()
    with pytest.raises(ValueError, match="there are 20 steps, and this would be number 21; make the cycle longer"):
        schedule.step()


def test_a_first_learning_rate_is_kept():
    optimizer = optimiser()
    ExponentialLR(optimizer, 0.5)
    optimizer.param_groups[0]["lr"] = 0.7
    assert LambdaLR(optimizer, lambda e: 1.0).get_last_lr() == [0.1]     # from initial_lr, which was there
    assert optim.SGD([{"params": nn.Parameter(np.ones(2)), "initial_lr": 3.0}]).param_groups[0]["initial_lr"] == 3.0


def test_a_learning_rate_set_by_hand_is_gone_on_from():
    optimizer = optimiser()
    schedule = ExponentialLR(optimizer, 0.5)
    optimizer.step()
    optimizer.param_groups[0]["lr"] = 8.0
    schedule.step()
    assert schedule.get_last_lr() == [4.0]


def test_a_warning_that_the_first_rate_is_skipped():
    optimizer = optimiser()
    schedule = StepLR(optimizer, 3)
    with pytest.warns(UserWarning, match="StepLR: step\\(\\) came before the first optimizer.step\\(\\)"):
        schedule.step()
    schedule.step()                                      # once is enough


def test_groups_that_came_later():
    optimizer = optimiser()
    schedules = [ExponentialLR(optimizer, 0.5), ReduceLROnPlateau(optimizer, patience=0)]
    optimizer.add_param_group({"params": nn.Parameter(np.ones(2, "float32"))})
    optimizer.step()
    schedules[0].get_lr = lambda: [0.1]                  # of one that computes them from the first ones
    with pytest.raises(ValueError, match="ExponentialLR: the optimiser must have 1 groups as when the schedule was"):
        schedules[0].step()
    schedules[1].step(1.0)
    with pytest.raises(ValueError, match="ReduceLROnPlateau: the optimiser must have 1 groups"):
        schedules[1].step(1.0)


def test_a_plateau():
    optimizer = optimiser(lr=1.0)
    schedule = ReduceLROnPlateau(optimizer, factor=0.5, patience=2, cooldown=1, min_lr=0.2)
    figures = [5, 4, 4, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3, 3, 3]
    found = []
    for figure in figures:
        schedule.step(ones(()) * figure)
        found.append(optimizer.param_groups[0]["lr"])
    assert found == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2]
    at_once = ReduceLROnPlateau(optimiser(lr=1.0), factor=0.5, patience=1)
    for _ in range(7):
        at_once.step(4)
    assert at_once.get_last_lr() == [0.125]              # each time after two epochs


def test_a_schedule_of_ones_own():
    class Root(LRScheduler):
        def get_lr(self):
            return [lr / math.sqrt(self.last_epoch + 1) for lr in self.base_lrs]

    optimizer = optimiser()
    np.testing.assert_allclose(rates(optimizer, Root(optimizer), 9), 0.1 / np.sqrt(np.arange(1, 10)), rtol=1e-12)
    with pytest.raises(NotImplementedError, match=r"must define get_lr\(\)"):
        LRScheduler(optimizer)


def test_loading_is_all_or_nothing():
    optimizer = optimiser()
    schedule = SequentialLR(optimizer, [StepLR(optimizer, 3), ExponentialLR(optimizer, 0.9)], [5])
    rates(optimizer, schedule, 3)
    before, bad = schedule.state_dict(), schedule.state_dict()
    bad["_schedulers"][1] = {"gamma": 1.0}
    with pytest.raises(ValueError, match=r"ExponentialLR.load_state_dict: .* it has no base_lrs, last_epoch"):
        schedule.load_state_dict({**bad, "last_epoch": 99})
    assert schedule.state_dict() | {"_schedulers": 0} == before | {"_schedulers": 0}


def test_a_callable_object_is_saved():
    class Power:
        def __init__(self, base):
            self.base = base

        def __call__(self, epoch):
            return self.base ** epoch

    optimizer = optimiser()
    schedule = LambdaLR(optimizer, Power(0.5))
    again = LambdaLR(optimizer, Power(0.9))
    again.load_state_dict(schedule.state_dict())
    assert again.lr_lambdas[0].base == 0.5
    assert LambdaLR(optimizer, lambda e: 1).state_dict()["lr_lambdas"] == [None]
