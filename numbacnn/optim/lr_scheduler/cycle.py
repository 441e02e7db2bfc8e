"""Schedules that raise the learning rate and lower it again, and the momentum the other way."""
from collections.abc import Callable, Sequence
from math import cos, floor, pi
from typing import Any

from numbacnn.errors import DTypeError, ShapeError
from numbacnn.optim.lr_scheduler.scheduler import LRScheduler, optimiser, per_group
from numbacnn.optim.optimizer import Optimizer
from numbacnn.optim.option import switches
from numbacnn.options import choice, flag, number, whole

PerGroup = float | Sequence[float]


class OneCycleLR(LRScheduler):
    """Rise from a small learning rate to the largest, and fall to nearly nothing: one cycle for the whole training.

    Call `step` after each batch.

    Parameters
    ----------
    optimizer : Optimizer
        Whose groups to set.
    max_lr : float > 0, or list of float
        The largest; one, or one for each group.
    total_steps : int >= 1, optional
        How many steps there are; or give the next two.
    epochs : int >= 1, optional
        How many epochs.
    steps_per_epoch : int >= 1, optional
        How many steps in each.
    pct_start : float in [0, 1]
        The share of the steps that rise.
    anneal_strategy : "cos" or "linear"
        How to go from one to the next.
    cycle_momentum : bool
        Whether momentum, or the first of betas, falls and rises the other way.
    base_momentum : float in [0, 1), or list of float
        The least momentum.
    max_momentum : float in [0, 1), or list of float
        The largest momentum.
    div_factor : float > 0
        The first learning rate is max_lr / div_factor,
    final_div_factor : float > 0
        and the last is the first / final_div_factor.
    three_phase : bool
        Fall to the first one as fast as it rose, and only then to the last.
    last_epoch : int
        The step that was done last; -1 begins anew.

    References
    ----------
    L. Smith and N. Topin, Super-convergence: very fast training of neural networks using large learning rates (2018).
    """

    def __init__(self, optimizer: Optimizer, max_lr: PerGroup, total_steps: int | None = None,
                 epochs: int | None = None, steps_per_epoch: int | None = None, pct_start: float = 0.3,
                 anneal_strategy: str = "cos", cycle_momentum: bool = True, base_momentum: PerGroup = 0.85,
                 max_momentum: PerGroup = 0.95, div_factor: float = 25.0, final_div_factor: float = 1e4,
                 three_phase: bool = False, last_epoch: int = -1) -> None:
        name = "OneCycleLR"
        optimiser(name, optimizer)
        if total_steps is None and (epochs is None or steps_per_epoch is None):
            raise ValueError(f"{name}: total_steps must be given, or epochs and steps_per_epoch, got epochs={epochs}, "
                             f"steps_per_epoch={steps_per_epoch}")
        self.total_steps = whole(name, "total_steps", total_steps, 1) if total_steps is not None else (
            whole(name, "epochs", epochs, 1) * whole(name, "steps_per_epoch", steps_per_epoch, 1))
        rise = number(name, "pct_start", pct_start, 0.0, 1.0) * self.total_steps
        self._anneal_func_type = choice(name, "anneal_strategy", anneal_strategy, "cos", "linear")
        switches(name, {"cycle_momentum": cycle_momentum, "three_phase": three_phase}, "cycle_momentum",
                 "three_phase")
        largest = [_positive(name, "max_lr", lr) for lr in per_group(name, "max_lr", max_lr, optimizer)]
        first, last = _positive(name, "div_factor", div_factor), _positive(name, "final_div_factor", final_div_factor)
        self._schedule_phases = _phases(rise, self.total_steps, three_phase)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, largest, strict=True):
                group.update(initial_lr=lr / first, max_lr=lr, min_lr=lr / first / last)
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            _cycle_momentum(name, optimizer, base_momentum, max_momentum, last_epoch == -1)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates of this step, and set its momentum."""
        if self.last_epoch > self.total_steps:
            raise ValueError(f"OneCycleLR: there are {self.total_steps} steps, and this would be number "
                             f"{self.last_epoch}; make the cycle longer, with total_steps")
        begin = 0.0
        for phase in self._schedule_phases:
            end = phase["end_step"]
            if self.last_epoch <= end or phase is self._schedule_phases[-1]:
                break
            begin = end
        way = (self.last_epoch - begin) / (end - begin) if end > begin else 1.0
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                _set_momentum(group, self._between(group, phase["start_momentum"], phase["end_momentum"], way))
        return [self._between(group, phase["start_lr"], phase["end_lr"], way) for group in self.optimizer.param_groups]

    def _between(self, group: dict[str, Any], start: str, end: str, way: float) -> float:
        share = (1 - cos(pi * way)) / 2 if self._anneal_func_type == "cos" else way
        return float(group[start] + (group[end] - group[start]) * share)


class CyclicLR(LRScheduler):
    """Rise from the least learning rate to the largest and fall again, many times. Call `step` after each batch.

    Parameters
    ----------
    optimizer : Optimizer
        Whose groups to set.
    base_lr : float >= 0, or list of float
        The least; one, or one for each group.
    max_lr : float >= 0, or list of float
        The largest.
    step_size_up : int >= 1
        Steps of a rise.
    step_size_down : int >= 1, optional
        Steps of a fall; by default as many.
    mode : "triangular", "triangular2" or "exp_range"
        Whether rises stay as high, become half as high with each cycle, or gamma times as high with each step.
    gamma : float >= 0
        For "exp_range".
    scale_fn : callable, optional
        From the number of the cycle, or of the step, to how high a rise is, in place of `mode`.
    scale_mode : "cycle" or "iterations"
        What `scale_fn` is given.
    cycle_momentum : bool
        Whether momentum, or the first of betas, falls and rises the other way.
    base_momentum : float in [0, 1), or list of float
        The least momentum.
    max_momentum : float in [0, 1), or list of float
        The largest momentum.
    last_epoch : int
        The step that was done last; -1 begins anew.

    References
    ----------
    L. Smith, Cyclical learning rates for training neural networks (WACV 2017), section 3.
    """

    def __init__(self, optimizer: Optimizer, base_lr: PerGroup, max_lr: PerGroup, step_size_up: int = 2000,
                 step_size_down: int | None = None, mode: str = "triangular", gamma: float = 1.0,
                 scale_fn: Callable[[float], float] | None = None, scale_mode: str = "cycle",
                 cycle_momentum: bool = True, base_momentum: PerGroup = 0.8, max_momentum: PerGroup = 0.9,
                 last_epoch: int = -1) -> None:
        name = "CyclicLR"
        optimiser(name, optimizer)
        least, self.max_lrs = ([number(name, key, lr, 0.0) for lr in per_group(name, key, given, optimizer)]
                               for key, given in (("base_lr", base_lr), ("max_lr", max_lr)))
        up = whole(name, "step_size_up", step_size_up, 1)
        down = up if step_size_down is None else whole(name, "step_size_down", step_size_down, 1)
        self.total_size = up + down
        self.step_ratio = up / self.total_size
        self.mode = choice(name, "mode", mode, "triangular", "triangular2", "exp_range")
        self.gamma = number(name, "gamma", gamma, 0.0)
        if scale_fn is not None and not callable(scale_fn):
            raise DTypeError(f"{name}: scale_fn must be a function, got {scale_fn!r}")
        self._scale_fn_custom = scale_fn
        self.scale_mode = choice(name, "scale_mode", scale_mode, "cycle", "iterations")
        if scale_fn is None:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        flag(name, "cycle_momentum", cycle_momentum)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, least, strict=True):
                group["lr"] = lr
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            _cycle_momentum(name, optimizer, base_momentum, max_momentum, last_epoch == -1)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = least

    def get_lr(self) -> list[float]:
        """Return the learning rates of this step, and set its momentum."""
        cycle = floor(1 + self.last_epoch / self.total_size)
        way = 1 + self.last_epoch / self.total_size - cycle
        height = way / self.step_ratio if way <= self.step_ratio else (way - 1) / (self.step_ratio - 1)
        height *= self._scale(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                _set_momentum(group, group["max_momentum"] - (group["max_momentum"] - group["base_momentum"]) * height)
        return [least + (most - least) * height for least, most in zip(self.base_lrs, self.max_lrs, strict=True)]

    def _scale(self, x: int) -> float:
        if self._scale_fn_custom is not None:
            return float(self._scale_fn_custom(x))
        return 1.0 if self.mode == "triangular" else 0.5 ** (x - 1) if self.mode == "triangular2" else self.gamma ** x

    def state_dict(self) -> dict[str, Any]:
        """Return all but the optimiser and the function, as a dict."""
        return super().state_dict() | {"_scale_fn_custom": None}

    def _known(self, state_dict: Any) -> dict[str, Any]:
        return super()._known(state_dict) | {"_scale_fn_custom": self._scale_fn_custom}


def _phases(rise: float, steps: int, three: bool) -> list[dict[str, Any]]:
    """From which options of a group to which, until which step."""
    up = {"end_step": rise - 1, "start_lr": "initial_lr", "end_lr": "max_lr",
          "start_momentum": "max_momentum", "end_momentum": "base_momentum"}
    down = {"end_step": 2 * rise - 2 if three else steps - 1, "start_lr": "max_lr",
            "end_lr": "initial_lr" if three else "min_lr",
            "start_momentum": "base_momentum", "end_momentum": "max_momentum"}
    out = {"end_step": steps - 1, "start_lr": "initial_lr", "end_lr": "min_lr",
           "start_momentum": "max_momentum", "end_momentum": "max_momentum"}
    return [up, down, out] if three else [up, down]


def _cycle_momentum(name: str, optimizer: Optimizer, base: PerGroup, most: PerGroup, begin: bool) -> None:
    """Note in each group between what its momentum moves."""
    if not {"momentum", "betas"} & optimizer.defaults.keys():
        raise ValueError(f"{name}: the optimiser must have momentum or betas, {type(optimizer).__name__} has not; "
                         "use cycle_momentum=False")
    limits = [[number(name, key, value, 0.0, below=1.0) for value in per_group(name, key, given, optimizer)]
              for key, given in (("base_momentum", base), ("max_momentum", most))]
    if begin:
        for group, least, largest in zip(optimizer.param_groups, *limits, strict=True):
            group.update(base_momentum=least, max_momentum=largest)
            _set_momentum(group, largest)


def _set_momentum(group: dict[str, Any], value: float) -> None:
    if "betas" in group:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = value


def _positive(name: str, option_name: str, value: Any) -> float:
    if number(name, option_name, value, 0.0) == 0:
        raise ShapeError(f"{name}: {option_name} must be above 0, got 0")
    return float(value)
