"""A schedule that looks at how training goes."""
from collections.abc import Sequence
from math import inf
from typing import Any

from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.optim.lr_scheduler.scheduler import LRScheduler, optimiser, per_group
from numbacnn.optim.optimizer import Optimizer
from numbacnn.options import choice, number, whole


class ReduceLROnPlateau(LRScheduler):
    """Multiply the learning rate by a factor when a figure, such as the loss, has not become better for some time.

    Parameters
    ----------
    optimizer : Optimizer
        Whose groups to set.
    mode : "min" or "max"
        Whether less or more is better.
    factor : float in [0, 1)
        The factor.
    patience : int >= 0
        How many epochs without a better figure are let pass.
    threshold : float >= 0
        By how much a figure must be better than the best,
    threshold_mode : "rel" or "abs"
        as a share of it, or as it is.
    cooldown : int >= 0
        How many epochs after a change are not counted.
    min_lr : float >= 0, or list of float
        The least learning rate; one, or one for each group.
    eps : float >= 0
        Smaller changes are not made.
    """

    def __init__(self, optimizer: Optimizer, mode: str = "min", factor: float = 0.1, patience: int = 10,
                 threshold: float = 1e-4, threshold_mode: str = "rel", cooldown: int = 0,
                 min_lr: float | Sequence[float] = 0.0, eps: float = 1e-8) -> None:
        name = "ReduceLROnPlateau"
        self.optimizer = optimiser(name, optimizer)
        self.factor = number(name, "factor", factor, 0.0, below=1.0)
        self.min_lrs = [number(name, "min_lr", lr, 0.0) for lr in per_group(name, "min_lr", min_lr, optimizer)]
        self.patience = whole(name, "patience", patience)
        self.cooldown = whole(name, "cooldown", cooldown)
        self.eps, self.threshold = number(name, "eps", eps, 0.0), number(name, "threshold", threshold, 0.0)
        self.mode = choice(name, "mode", mode, "min", "max")
        self.threshold_mode = choice(name, "threshold_mode", threshold_mode, "rel", "abs")
        self.best = inf if mode == "min" else -inf
        self.last_epoch = self.num_bad_epochs = self.cooldown_counter = 0
        self._last_lr = self._current()

    def step(self, metrics: Any) -> None:  # type: ignore[override]
        """Look at the figure of an epoch, and set the learning rates of the next.

        Parameters
        ----------
        metrics : float, or Tensor of one number
            The figure. NaN is not better than anything.
        """
        self._check_not_captured()
        if isinstance(metrics, Tensor):
            metrics = metrics.item()
        try:
            current = float(metrics)
        except (TypeError, ValueError):
            raise DTypeError(f"ReduceLROnPlateau: metrics must be a number, got {metrics!r}") from None
        self.last_epoch += 1
        if self._is_better(current):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = self._current()

    def _is_better(self, current: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "abs":
            return sign * current > sign * (self.best + sign * self.threshold)
        return sign * current > sign * self.best * (1 + sign * self.threshold)

    def _reduce(self) -> None:
        if len(self.min_lrs) != len(self.optimizer.param_groups):
            raise ShapeError(f"ReduceLROnPlateau: the optimiser must have {len(self.min_lrs)} groups as when the "
                             f"schedule was made, got {len(self.optimizer.param_groups)}; make it after "
                             "add_param_group")
        for group, least in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            lr = max(group["lr"] * self.factor, least)
            if group["lr"] - lr > self.eps:
                group["lr"] = lr
